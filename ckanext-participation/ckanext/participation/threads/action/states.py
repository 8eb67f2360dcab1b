"""What becomes of a conversation: its state, a problem's state, the answer, who is in charge, and an organisation's switches."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, limits, paging, people, subjects, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import Person, now
from ckanext.participation.threads import counting, gates, rules, schema, showing, writing
from ckanext.participation.threads.model import Thread
from ckanext.participation.threads.records import OrganizationPolicy

__all__ = ["participation_organization_policy_set", "participation_organization_policy_show", "participation_thread_answer_set",
           "participation_thread_assign", "participation_thread_problem_set", "participation_thread_state_set"]

Data = dict[str, Any]


def participation_thread_state_set(context: Context, data_dict: Data) -> Data:
    """Close, reopen or lock a conversation; the change, its date and its reason stay readable.

    :param id: number of the thread
    :type id: integer
    :param state: `closed` (by who began it, or the organisation's staff), `locked` (staff; nobody writes any more) or `open` (reopen)
    :type state: string
    :param reason: why, in words that readers will see, at most 1,000 bytes; needed to lock
    :type reason: string
    :returns: the thread, as `participation_thread_show` gives it
    :raises ValidationError: named fields; `state` when it is in that state already
    :raises NotAuthorized: there is no such thread, or the caller may not do this
    :raises LimitExceeded: too many by somebody who is not of the staff (429, with Retry-After)
    """
    thread_id, state, reason = schema.all_errors(
        lambda: paging.integer_of(data_dict, "id"),
        lambda: schema.choice(data_dict, "state", (rules.OPEN, rules.CLOSED, rules.LOCKED)),
        lambda: schema.reason(data_dict, required=data_dict.get("state") == rules.LOCKED))
    tk.check_access("participation_thread_state_set", context, data_dict)
    actor, thread, found, reader = _for_change(context, thread_id)
    verb = {rules.CLOSED: "close", rules.LOCKED: "lock", rules.OPEN: "reopen"}[state]
    if not rules.may_change_state(thread.state, state) or (state == rules.OPEN and rules.takes_messages(thread.state)):
        raise field_error("state", tk._("The conversation is in this state already."))
    _refuse_unless(verb in rules.may_in_thread(reader, kind=thread.kind, state=thread.state, author_id=thread.author_id))
    before = thread.state
    writing.set_state(thread, actor, state, official=reader.staff, reason=reason)
    events.write("thread.state", actor_id=actor.person_id, subject_id=thread.subject_id, target=("thread", thread.id),
                 data={"from": before, "to": state, "reason": reason, "official": reader.staff})
    return _done(thread, found, actor)


def participation_thread_problem_set(context: Context, data_dict: Data) -> Data:
    """Say what becomes of a reported problem; each step has its date, and the mended file can be linked.

    :param id: number of the thread, of kind `problem`
    :type id: integer
    :param state: `open`, `confirmed`, `fixed` or `wont_fix`
    :type state: string
    :param reason: why, in words that readers will see, at most 1,000 bytes; needed for `wont_fix`
    :type reason: string
    :param link_resource_id: the dataset's file that is right now
    :type link_resource_id: string
    :param link_url: or an address (a version, a release note) that shows the correction
    :type link_url: string
    :returns: the thread, as `participation_thread_show` gives it
    :raises ValidationError: named fields; `id` for a thread that reports no problem; `state` when the problem is in that state already
    :raises NotAuthorized: there is no such thread, or the caller does not speak for the organisation
    """
    thread_id, state, reason, link = schema.all_errors(
        lambda: paging.integer_of(data_dict, "id"), lambda: schema.choice(data_dict, "state", rules.PROBLEM_STATES),
        lambda: schema.reason(data_dict, required=data_dict.get("state") == rules.WONT_FIX), lambda: schema.link(data_dict))
    tk.check_access("participation_thread_problem_set", context, data_dict)
    actor, thread, found, reader = _for_change(context, thread_id)
    if thread.kind != "problem":
        raise field_error("id", tk._("This conversation does not report a problem."))
    _refuse_unless("problem" in rules.may_in_thread(reader, kind=thread.kind, state=thread.state, author_id=thread.author_id))
    if thread.problem_state == state:
        raise field_error("state", tk._("The problem is in this state already."))
    if link and "resource_id" in link:
        link = writing.file_of(found["subject_type"], found["ref"], link["resource_id"], "link_resource_id")
    before = thread.problem_state
    writing.note(thread, actor, "problem", before, state, official=reader.staff, reason=reason, link=link)
    thread.problem_state = state
    follows = rules.thread_state_of_problem(state, thread.state)
    if follows != thread.state:
        thread.state, thread.state_at, thread.state_reason = follows, now() if follows == rules.ANSWERED else None, None
    events.write("thread.problem", actor_id=actor.person_id, subject_id=thread.subject_id, target=("thread", thread.id),
                 data={"from": before, "to": state, "reason": reason, "official": reader.staff} | ({"link": link} if link else {}))
    return _done(thread, found, actor)


def participation_thread_answer_set(context: Context, data_dict: Data) -> Data:
    """Mark one reply as the answer to a question, or take the mark away.

    :param id: number of the thread, of kind `question`
    :type id: integer
    :param seq: number of the reply; empty to take the mark away
    :type seq: integer
    :returns: the thread, as `participation_thread_show` gives it
    :raises ValidationError: named fields; `seq` for the question itself or a reply that is out of sight
    :raises NotAuthorized: there is no such thread, or the caller neither asked nor speaks for the organisation
    :raises LimitExceeded: too many by somebody who is not of the staff (429, with Retry-After)
    """
    thread_id, seq = schema.all_errors(
        lambda: paging.integer_of(data_dict, "id"), lambda: schema.number(data_dict, "seq", required=False))
    tk.check_access("participation_thread_answer_set", context, data_dict)
    actor, thread, found, reader = _for_change(context, thread_id)
    if thread.kind != "question":
        raise field_error("id", tk._("This conversation is not a question."))
    _refuse_unless("answer" in rules.may_in_thread(reader, kind=thread.kind, state=thread.state, author_id=thread.author_id))
    if seq is not None:
        if seq <= 1:
            raise field_error("seq", tk._("The question can’t be its own answer: choose a reply."))
        if writing.comment_of(thread, seq).state != visibility.VISIBLE:
            raise field_error("seq", tk._("This reply is out of sight: choose another one."))
    if thread.answer_seq == seq:
        model.Session.rollback()
        return tk.get_action("participation_thread_show")(context, {"id": thread_id})
    before = thread.answer_seq
    writing.note(thread, actor, "answer", before, seq, official=reader.staff)
    thread.answer_seq = seq
    thread.state, thread.state_reason = (rules.ANSWERED if seq else rules.OPEN), None
    thread.state_at = now() if seq else None
    events.write("thread.answer", actor_id=actor.person_id, subject_id=thread.subject_id, target=("thread", thread.id),
                 data={"from": before, "to": seq, "official": reader.staff})
    return _done(thread, found, actor)


def participation_thread_assign(context: Context, data_dict: Data) -> Data:
    """Put a colleague in charge of a conversation, or nobody; only the organisation's staff sees who it is.

    :param id: number of the thread
    :type id: integer
    :param user: id or name of an account that speaks for the organisation; empty for nobody
    :type user: string
    :returns: the thread, as `participation_thread_show` gives it, with `assignee`
    :raises ValidationError: named fields; `user` for an account that does not speak for the organisation
    :raises NotAuthorized: there is no such thread, or the caller does not speak for the organisation
    """
    thread_id, name = schema.all_errors(lambda: paging.integer_of(data_dict, "id"), lambda: paging.text_of(data_dict, "user"))
    tk.check_access("participation_thread_assign", context, data_dict)
    actor, thread, found, reader = _for_change(context, thread_id)
    _refuse_unless("assign" in rules.may_in_thread(reader, kind=thread.kind, state=thread.state, author_id=thread.author_id))
    chosen = model.User.get(name) if name else None
    if name and (chosen is None or not people.speaks_for(chosen.id, found["organization_id"])):
        raise field_error("user", tk._("Choose an editor or administrator of the organisation."))
    person_id = Person.for_user(chosen.id) if chosen else None
    if thread.assignee_id != person_id:
        writing.note(thread, actor, "assignee", thread.assignee_id, person_id, official=True)
        before, thread.assignee_id = thread.assignee_id, person_id
        events.write("thread.assigned", actor_id=actor.person_id, subject_id=thread.subject_id, target=("thread", thread.id),
                     data={"from": before, "to": person_id})
    return _done(thread, found, actor)


@tk.side_effect_free
def participation_organization_policy_show(context: Context, data_dict: Data) -> Data:
    """Show how an organisation takes conversations.

    :param id: id or name of the organisation
    :type id: string
    :returns: `{"organization_id", "threads": "on" | "members" | "off", "review": "after" | "before"}`
    :raises ValidationError: `id` is missing
    :raises NotAuthorized: the reader may not see the organisation
    """
    ref = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_organization_policy_show", context, data_dict)
    found = subjects.read(context, "organization", ref)
    return {"organization_id": found["ref"]} | gates.policy_of(found["ref"])


def participation_organization_policy_set(context: Context, data_dict: Data) -> Data:
    """Say who may write about an organisation's data, and whether its staff looks at texts before they are shown.

    What was said before stays readable either way.

    :param id: id or name of the organisation
    :type id: string
    :param threads: `on` (everyone signed in writes), `members` (only the organisation's members) or `off` (nobody but its staff)
    :type threads: string
    :param review: `after` (texts are shown at once) or `before` (its staff looks first)
    :type review: string
    :returns: `{"organization_id", "threads", "review"}`
    :raises ValidationError: named fields
    :raises NotAuthorized: the caller does not administer the organisation
    """
    ref, threads, review = schema.all_errors(
        lambda: paging.text_of(data_dict, "id", required=True),
        lambda: schema.choice(data_dict, "threads", (gates.ON, gates.MEMBERS, gates.OFF)),
        lambda: schema.choice(data_dict, "review", (gates.AFTER, gates.BEFORE)))
    tk.check_access("participation_organization_policy_set", context, data_dict)
    actor = people.actor(context)
    found = subjects.read(context, "organization", ref)
    before = gates.policy_of(found["ref"])
    row = model.Session.get(OrganizationPolicy, found["ref"], with_for_update=True) or OrganizationPolicy(organization_id=found["ref"])
    row.threads, row.review, row.at, row.actor_id = threads, review, now(), actor.person_id
    model.Session.add(row)
    events.write("organization.policy", actor_id=actor.person_id, target=("organization", found["ref"]),
                 data={"from": before, "to": {"threads": threads, "review": review}})
    model.Session.commit()
    return {"organization_id": found["ref"], "threads": threads, "review": review}


def _for_change(context: Context, thread_id: int) -> tuple[people.Actor, Thread, Data, rules.Reader]:
    """Return who acts, the thread held for the change, its subject, and the reader as the rules see it."""
    actor = people.actor(context)
    gates.refuse_when_read_only()
    thread, subject = gates.load(thread_id, context)
    gates.reading_person(context, thread)
    found = subjects.read(context, subject.type, subject.ref, removed=True) | {"subject_type": subject.type}
    gates.refuse_when_removed(found)
    reader = gates.reader_of(actor, found["organization_id"])
    if not (reader.staff or reader.admin):
        # Each step is mailed to everybody who follows: closing and reopening without end would be a way to bother them.
        limits.check(actor.person_id, writing.STEPS)
    thread, _subject = gates.load(thread_id, lock=True)
    return actor, thread, found, reader


def _refuse_unless(allowed: bool) -> None:
    if not allowed:
        raise tk.NotAuthorized(tk._("Only who began this conversation, or the organisation, may do this."))


def _done(thread: Thread, found: Data, actor: people.Actor) -> Data:
    counting.mark(thread.subject_id)
    model.Session.commit()
    _thread, subject = gates.load(thread.id)
    return showing.thread(thread, subject, found, actor)
