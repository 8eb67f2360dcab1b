"""Start a conversation and find conversations."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, follow, idempotency, limits, paging, people, subjects, visibility
from ckanext.participation.common.schema import flag
from ckanext.participation.threads import counting, finding, gates, mentions, rules, schema, shapes, showing, writing
from ckanext.participation.threads.model import Thread

__all__ = ["participation_thread_create", "participation_thread_latest", "participation_thread_list", "participation_thread_overview",
           "participation_thread_show"]

Data = dict[str, Any]


def participation_thread_create(context: Context, data_dict: Data) -> dict[str, Any]:
    """Start a conversation about a dataset (or a resource, or an organisation) with its first message.

    :param subject_id: id or name of what it is about
    :type subject_id: string
    :param subject_type: `dataset` (default), `resource`, `organization`, or a type that an extension registered
    :type subject_type: string
    :param title: what it is about in a few words, at most 300 bytes
    :type title: string
    :param body: the first message, Markdown, at most `participation.text.max_bytes` bytes
    :type body: string
    :param kind: `question` (default), `problem`, `suggestion` or `thanks`
    :type kind: string
    :param problem: where a problem is and what is wrong, for the kind `problem`: `{"resource_id": a file of the dataset, "field":
        column, "row": row, "wrong": what stands there, "expected": what it should be}`, each optional; or fields `problem_…` of these names
    :type problem: object
    :param lang: language of the text, `fr` or `en` (default: that of the page)
    :type lang: string
    :param as_organization: speak for the organisation that publishes it (its editors and administrators only)
    :type as_organization: boolean
    :param signed: with `as_organization`, show the own name as well (default: true)
    :type signed: boolean
    :param translation_expected: with `as_organization`, count the text as waiting for its translation
        (default: `participation.threads.translation_expected`)
    :type translation_expected: boolean
    :param attachments: ids of pictures that `participation_attachment_create` gave, at most four
    :type attachments: list of strings
    :param idempotency_key: any text of at most 100 characters; the same key again gives the first thread again
    :type idempotency_key: string
    :returns: the thread, as `participation_thread_show` gives it, with `visibility` `held` when a person must look at it first
    :raises ValidationError: named fields; `read_only`, `removed` or `organization` when nobody, or not this person, may write here
    :raises NotAuthorized: nobody is signed in, the subject may not be seen, or the person does not speak for the organisation
    :raises LimitExceeded: too many texts in a short time (429, with Retry-After)
    """
    entry = subjects.type_of(data_dict.get("subject_type") or "dataset")
    asked = schema.new_thread(data_dict)
    tk.check_access("participation_thread_create", context, {**data_dict, "subject_type": entry.name})
    actor = people.actor(context)
    found = subjects.read(context, entry.name, asked["subject_id"], removed=True)
    gates.refuse_when_removed(found)
    organization = gates.organization_for(actor, found["organization_id"], asked["as_organization"])
    repeated = idempotency.claim(actor.person_id, "participation_thread_create", asked["key"])
    if repeated:
        model.Session.commit()
        return tk.get_action("participation_thread_show")(context, {"id": int(repeated)})
    policy = gates.policy_of(found["organization_id"])
    gates.refuse_when_read_only()
    gates.refuse_when_switched_off(actor, found["organization_id"], policy)
    writing.check_problem(asked["problem"], entry.name, found["ref"])
    limits.check(actor.person_id, writing.POSTS)
    subject = subjects.row_for(entry.name, found)
    html, mentioned = mentions.render(asked["body"])
    decision = gates.decide("thread", html, actor, found, policy)
    thread = Thread(subject_id=subject.id, kind=asked["kind"], title=asked["title"], lang=asked["lang"], author_id=actor.person_id,
                    visibility=decision.state, problem=asked["problem"] or None,
                    problem_state=rules.OPEN if asked["kind"] == "problem" else None)
    model.Session.add(thread)
    model.Session.flush()
    writing.store(thread, actor, asked, html, decision, organization, parent=None)
    held = decision.state != visibility.VISIBLE
    events.write("thread.created", actor_id=actor.person_id, subject_id=subject.id, target=("thread", thread.id), announce=not held,
                 data={"kind": thread.kind} | ({"held": decision.reason} if held else {}) | ({"mentions": mentioned} if mentioned else {}))
    follow.by_writing(actor.person_id, "thread", str(thread.id))
    idempotency.settle(actor.person_id, "participation_thread_create", asked["key"], thread.id)
    counting.mark(subject.id)
    model.Session.commit()
    return shapes.thread(thread, subjects.as_dict(subject, found), people.public_names({actor.person_id}))


@tk.side_effect_free
def participation_thread_list(context: Context, data_dict: Data) -> dict[str, Any]:
    """List the conversations about one subject, the latest spoken in first; those about a dataset's files count as the dataset's.

    Those about a dataset that a harvest removed, and that everybody could see, stay: their subject then has `removed`, since when.

    :param subject_id: id or name of what they are about
    :type subject_id: string
    :param subject_type: `dataset` (default), `resource`, `organization`, or a registered type
    :type subject_type: string
    :param state: only `open`, `answered`, `closed` or `locked` ones
    :type state: string
    :param kind: only `question`, `problem`, `suggestion` or `thanks`
    :type kind: string
    :param limit: how many, 1 to 100 (default 20)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"results": [thread with its opening message and the organisation's latest answer], "next": string or null}`
    :raises ValidationError: named fields
    :raises NotAuthorized: the reader may not see the subject
    """
    entry = subjects.type_of(data_dict.get("subject_type") or "dataset")
    limit, ref, after, wanted = schema.all_errors(
        lambda: paging.limit_of(data_dict, 20), lambda: paging.text_of(data_dict, "subject_id", required=True),
        lambda: shapes.read_mark(paging.text_of(data_dict, "after")), lambda: schema.filters(data_dict))
    tk.check_access("participation_thread_list", context, {**data_dict, "subject_type": entry.name})
    found = subjects.read(context, entry.name, ref, removed=True)
    return finding.of_subject(entry.name, found, limit=limit, after=after, wanted=wanted)


@tk.side_effect_free
def participation_thread_latest(context: Context, data_dict: Data) -> dict[str, Any]:
    """List the site's latest conversations that the reader may see, whatever they are about.

    :param state: only `open`, `answered`, `closed` or `locked` ones
    :type state: string
    :param kind: only `question`, `problem`, `suggestion` or `thanks`
    :type kind: string
    :param limit: how many, 1 to 100 (default 10)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"results": [thread], "next": string or null}`
    :raises ValidationError: named fields
    """
    limit, after, wanted = schema.all_errors(
        lambda: paging.limit_of(data_dict, 10), lambda: shapes.read_mark(paging.text_of(data_dict, "after")),
        lambda: schema.filters(data_dict))
    tk.check_access("participation_thread_latest", context, data_dict)
    return finding.latest(context, limit=limit, after=after, wanted=wanted)


@tk.side_effect_free
def participation_thread_overview(context: Context, data_dict: Data) -> dict[str, Any]:
    """List the conversations that an organisation answers for: about itself, its datasets and their files.

    :param id: id or name of the organisation
    :type id: string
    :param state: only `open`, `answered`, `closed` or `locked` ones (default: those that take messages, `open` and `answered`)
    :type state: string
    :param kind: only `question`, `problem`, `suggestion` or `thanks`
    :type kind: string
    :param mine: only those in the charge of the caller
    :type mine: boolean
    :param removed: those about datasets that a harvest removed, in any state, instead of the others
    :type removed: boolean
    :param limit: how many, 1 to 100 (default 20)
    :type limit: integer
    :param after: the `next` of the page before
    :type after: string
    :returns: `{"results": [thread; for the organisation's staff with "assignee"], "next": string or null, "counts": {"open", "questions",
        "problems", "untranslated"}, "removed": whether there are any about datasets that a harvest removed, "organization"}`; only
        conversations about what the reader may see are listed, and those about removed datasets are not counted
    :raises ValidationError: named fields
    :raises NotAuthorized: the reader may not see the organisation
    """
    ref, limit, after, wanted, mine, removed = schema.all_errors(
        lambda: paging.text_of(data_dict, "id", required=True), lambda: paging.limit_of(data_dict, 20),
        lambda: shapes.read_mark(paging.text_of(data_dict, "after")), lambda: schema.filters(data_dict),
        lambda: flag(data_dict, "mine"), lambda: flag(data_dict, "removed"))
    tk.check_access("participation_thread_overview", context, data_dict)
    found = subjects.read(context, "organization", ref)
    return finding.overview(context, found, limit=limit, after=after, wanted=wanted, mine=bool(mine), removed=bool(removed))


@tk.side_effect_free
def participation_thread_show(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show one conversation without its messages.

    :param id: number of the thread
    :type id: integer
    :returns: `{"id", "kind", "title", "lang", "state", "reopened", "state_reason", "state_at", "problem_state", "problem", "answer_seq",
        "visibility", "url", "created", "last_at", "n_visible", "last_seq", "n_untranslated", "version", "author", "subject", "may",
        "changes": [{"at", "what", "before", "after", "reason", "official", "link", "by"}], "note": what happened to the subject since, or
        null}`; `assignee` for the organisation's staff; `following` and `last_read` for who is signed in
    :raises ValidationError: `id` is not a number
    :raises NotAuthorized: there is no such thread, or the reader may not see what it is about
    """
    thread_id = paging.integer_of(data_dict, "id") or 0
    tk.check_access("participation_thread_show", context, data_dict)
    thread, subject = gates.load(thread_id, context)
    found = subjects.read(context, subject.type, subject.ref, removed=True)
    person = gates.reading_person(context, thread)
    return showing.thread(thread, subject, found, person)
