"""Answer, read, edit, translate and take back messages."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, follow, idempotency, limits, paging, people, subjects, visibility
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import now
from ckanext.participation.common.schema import cleaned, flag
from ckanext.participation.threads import counting, gates, history, mentions, rules, schema, showing, writing
from ckanext.participation.threads.model import Comment, Thread

__all__ = ["participation_comment_create", "participation_comment_delete", "participation_comment_edit",
           "participation_comment_history", "participation_comment_list", "participation_comment_show", "participation_comment_translate"]

Data = dict[str, Any]


def participation_comment_create(context: Context, data_dict: Data) -> dict[str, Any]:
    """Answer in a conversation.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param body: the message, Markdown, at most `participation.text.max_bytes` bytes
    :type body: string
    :param parent_seq: number of the message that this one answers (default: the thread's first)
    :type parent_seq: integer
    :param lang: language of the text, `fr` or `en` (default: that of the page)
    :type lang: string
    :param as_organization: answer for the organisation that publishes the data (its editors and administrators only)
    :type as_organization: boolean
    :param signed: with `as_organization`, show the own name as well (default: true)
    :type signed: boolean
    :param translation_expected: with `as_organization`, count the answer as waiting for its translation
        (default: `participation.threads.translation_expected`)
    :type translation_expected: boolean
    :param attachments: ids of pictures that `participation_attachment_create` gave, at most four
    :type attachments: list of strings
    :param idempotency_key: any text of at most 100 characters; the same key again gives the first message again
    :type idempotency_key: string
    :returns: the message, as `participation_comment_list` gives it
    :raises ValidationError: named fields, among them `thread_id` for a thread that is closed or locked; `read_only`, `removed` or
        `organization` when nobody, or not this person, may write here
    :raises NotAuthorized: nobody is signed in, the thread may not be seen, or the person does not speak for the organisation
    :raises LimitExceeded: too many texts in a short time (429, with Retry-After)
    """
    asked = schema.new_comment(data_dict)
    tk.check_access("participation_comment_create", context, data_dict)
    actor = people.actor(context)
    thread, subject = gates.load(asked["thread_id"], context)
    gates.reading_person(context, thread)
    found = subjects.read(context, subject.type, subject.ref, removed=True)
    gates.refuse_when_removed(found)
    organization = gates.organization_for(actor, found["organization_id"], asked["as_organization"])
    repeated = idempotency.claim(actor.person_id, "participation_comment_create", asked["key"])
    if repeated:
        model.Session.commit()
        return participation_comment_show(context, dict(zip(("thread_id", "seq"), repeated.split("#"), strict=True)))
    policy = gates.policy_of(found["organization_id"])
    gates.refuse_when_read_only()
    gates.refuse_when_switched_off(actor, found["organization_id"], policy)
    limits.check(actor.person_id, writing.POSTS)
    html, mentioned = mentions.render(asked["body"])
    decision = gates.decide("comment", html, actor, found, policy)
    thread, subject = gates.load(thread.id, lock=True)
    if not rules.takes_messages(thread.state):
        raise field_error("thread_id", tk._("This conversation is closed: it takes no more messages."))
    parent = _parent(thread, asked["parent_seq"], actor)
    comment = writing.store(thread, actor, asked, html, decision, organization, parent=parent)
    held = decision.state != visibility.VISIBLE
    if not held:
        _answered(thread, actor, official=organization is not None)
    events.write("comment.created", actor_id=actor.person_id, subject_id=subject.id,
                 target=("comment", f"{thread.id}#{comment.seq}"), announce=not held,
                 data={"official": organization is not None} | ({"held": decision.reason} if held else {})
                 | ({"mentions": mentioned} if mentioned else {}))
    follow.by_writing(actor.person_id, "thread", str(thread.id))
    idempotency.settle(actor.person_id, "participation_comment_create", asked["key"], f"{thread.id}#{comment.seq}")
    counting.mark(subject.id)
    model.Session.commit()
    return showing.fresh(thread, comment, actor, found)


@tk.side_effect_free
def participation_comment_list(context: Context, data_dict: Data) -> dict[str, Any]:
    """List the messages of a conversation, a page at a time.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param order: `oldest` (default), `newest` or `useful` first
    :type order: string
    :param flat: one after the other instead of each reply under what it answers
    :type flat: boolean
    :param limit: how many, 1 to 100 (default 50)
    :type limit: integer
    :param after: the `next` of the page before, in the same order
    :type after: string
    :param before: with the oldest first, the `previous` of the page after
    :type before: string
    :param at: with the oldest first, the number of a message that the page must show
    :type at: integer
    :param known_version: the thread's `version` that the caller has; while it is the same, the reply is `{"unchanged": true, "thread"}`
    :type known_version: integer
    :returns: `{"thread": {"id", "version", "kind", "state", "url", "answer_seq", "last_seq", "may"}, "results": [message], "opening": the
        thread's first message where the order does not begin with it, else null, "next": string or null, "previous": string or null}`; a
        hidden or removed message has its reason and no text; held ones come last, to their author and administrators only
    :raises ValidationError: named fields
    :raises NotAuthorized: there is no such thread, or the reader may not see what it is about
    """
    thread_id, limit, order, flat = schema.all_errors(
        lambda: paging.integer_of(data_dict, "thread_id"), lambda: paging.limit_of(data_dict, rules.PER_PAGE),
        lambda: schema.choice(data_dict, "order", rules.ORDERS, "oldest"), lambda: flag(data_dict, "flat"))
    key = rules.order_of(order, flat=flat)
    after, before, at, known = schema.all_errors(
        lambda: schema.mark(data_dict, "after", key), lambda: schema.mark(data_dict, "before", key if order == "oldest" else "oldest"),
        lambda: schema.number(data_dict, "at", required=False), lambda: paging.integer_of(data_dict, "known_version", required=False))
    tk.check_access("participation_comment_list", context, data_dict)
    thread, subject = gates.load(thread_id, context)
    found = subjects.read(context, subject.type, subject.ref, removed=True)
    person = gates.reading_person(context, thread)
    head = {"thread": showing.head(thread, found, person)}
    if known is not None and known == thread.version:
        return head | {"unchanged": True}
    return head | showing.page(thread, found, person, key=key, limit=limit, after=after, before=before if order == "oldest" else None,
                        at=at if order == "oldest" else None)


@tk.side_effect_free
def participation_comment_show(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show one message of a conversation, as this reader may see it.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param seq: number of the message
    :type seq: integer
    :returns: the message, as `participation_comment_list` gives it
    :raises ValidationError: a field is not a number
    :raises ObjectNotFound: there is no such message, or it is held and somebody else's
    :raises NotAuthorized: there is no such thread, or the reader may not see what it is about
    """
    thread_id, seq = schema.address(data_dict)
    tk.check_access("participation_comment_show", context, data_dict)
    thread, subject = gates.load(thread_id, context)
    found = subjects.read(context, subject.type, subject.ref, removed=True)
    person = gates.reading_person(context, thread)
    return showing.one(thread, showing.visible_comment(thread, seq, person), person, found)


def participation_comment_edit(context: Context, data_dict: Data) -> dict[str, Any]:
    """Change the text of one's own message (or of an answer in the name of the own organisation); what it said before stays readable.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param seq: number of the message
    :type seq: integer
    :param body: the new text, Markdown, at most `participation.text.max_bytes` bytes
    :type body: string
    :param title: with the first message, the thread's new title (default: unchanged)
    :type title: string
    :param base: how many versions the message had when the change was begun; when it has more by now, nothing is changed
    :type base: integer
    :returns: the message, as `participation_comment_list` gives it
    :raises ValidationError: named fields; `base` when somebody else changed it meanwhile
    :raises ObjectNotFound: there is no such message
    :raises NotAuthorized: it is not the caller's, or a moderator took it out of sight, or the conversation is locked
    :raises LimitExceeded: too many texts in a short time (429, with Retry-After)
    """
    (thread_id, seq), body, title, base = schema.all_errors(
        lambda: schema.address(data_dict), lambda: cleaned(data_dict, "body"),
        lambda: cleaned(data_dict, "title", most=rules.TITLE_BYTES, single_line=True, required=False),
        lambda: schema.number(data_dict, "base", required=False))
    tk.check_access("participation_comment_edit", context, data_dict)
    actor = people.actor(context)
    gates.refuse_when_read_only()
    limits.check(actor.person_id, writing.POSTS)
    thread, found, comment = _for_change(context, actor, thread_id, seq, "edit")
    if base is not None and base != comment.n_versions:
        raise field_error("base", tk._("Somebody changed this message while you wrote. Your text is still here: compare, then save again."))
    html, mentioned = mentions.render(body)
    policy = gates.policy_of(found["organization_id"])
    gates.refuse_when_switched_off(actor, found["organization_id"], policy)
    if comment.state == visibility.VISIBLE:
        # The look is for new texts: a text that is shown stays shown, so a change may not bring in what nobody has looked at.
        decision = gates.decide("comment", html, actor, found, policy)
        if decision.reason == "review":
            raise field_error("body", tk._("This organisation looks at texts before they are shown, so a text that is shown already can’t "
                                           "be changed. Post a new message instead."))
        if decision.state != visibility.VISIBLE:
            raise field_error("body", tk._("With this change a person would have to look at the text first, because it holds many links. "
                                           "Nothing was changed: post a new message instead."))
    new_title = seq == 1 and title and title != thread.title
    if body != comment.body:
        writing.keep_version(comment, actor)
        comment.body, comment.body_html, comment.edited = body, html, now()
        if comment.translation and not comment.translation_pending:
            comment.translation_pending = True
            thread.n_untranslated += comment.state == visibility.VISIBLE
    elif not new_title:
        model.Session.rollback()
        return participation_comment_show(context, {"thread_id": thread_id, "seq": seq})
    if new_title:
        writing.note(thread, actor, "title", thread.title, title, official=comment.on_behalf_of is not None)
        thread.title = title
    thread.version += 1
    events.write("comment.edited", actor_id=actor.person_id, subject_id=thread.subject_id, target=("comment", f"{thread.id}#{seq}"),
                 data={"version": comment.n_versions} | ({"mentions": mentioned} if mentioned else {}))
    model.Session.commit()
    return showing.one(thread, comment, actor, found)


def participation_comment_translate(context: Context, data_dict: Data) -> dict[str, Any]:
    """Pair an organisation's answer with its text in the other language; an empty `body` says that no translation comes.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param seq: number of the answer
    :type seq: integer
    :param body: the text in the other language, Markdown; empty to stop waiting for one
    :type body: string
    :returns: the message, as `participation_comment_list` gives it, with `translation` and `translation_pending`
    :raises ValidationError: named fields; `seq` for a message that is not in an organisation's name
    :raises ObjectNotFound: there is no such message
    :raises NotAuthorized: the caller does not speak for the organisation
    """
    (thread_id, seq), body = schema.all_errors(lambda: schema.address(data_dict), lambda: cleaned(data_dict, "body", required=False))
    tk.check_access("participation_comment_translate", context, data_dict)
    actor = people.actor(context)
    gates.refuse_when_read_only()
    limits.check(actor.person_id, writing.POSTS)
    thread, found, comment = _for_change(context, actor, thread_id, seq, "translate")
    if body:
        lang = "fr" if comment.lang == "en" else "en"
        comment.translation = {"lang": lang, "body": body, "body_html": mentions.render(body)[0], "author_id": actor.person_id,
                               "at": now().isoformat()}
    if comment.translation_pending:
        comment.translation_pending = False
        thread.n_untranslated -= 1
    thread.version += 1
    events.write("comment.translated", actor_id=actor.person_id, subject_id=thread.subject_id, target=("comment", f"{thread.id}#{seq}"),
                 data={"lang": comment.translation["lang"]} if comment.translation else {})
    model.Session.commit()
    return showing.one(thread, comment, actor, found)


def participation_comment_delete(context: Context, data_dict: Data) -> dict[str, Any]:
    """Take one's own message out of sight; its place, its number and the replies to it stay.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param seq: number of the message; the first one of a conversation without replies takes the conversation along
    :type seq: integer
    :returns: `{"thread_id", "seq", "state", "thread_visibility"}`
    :raises ObjectNotFound: there is no such message
    :raises NotAuthorized: it is not the caller's, or a moderator took it out of sight, or the conversation is locked
    """
    thread_id, seq = schema.address(data_dict)
    tk.check_access("participation_comment_delete", context, data_dict)
    actor = people.actor(context)
    gates.refuse_when_read_only()
    thread, _found, comment = _for_change(context, actor, thread_id, seq, "delete")
    shown = comment.state == visibility.VISIBLE
    comment.state, comment.state_reason = visibility.REMOVED, None
    thread.n_visible -= shown
    if comment.translation_pending:
        comment.translation_pending = False
        thread.n_untranslated -= shown
    if thread.answer_seq == seq:
        writing.note(thread, actor, "answer", seq, None, official=False)
        thread.answer_seq = None
    if seq == 1 and thread.n_visible == 0:
        thread.visibility = visibility.REMOVED
    thread.version += 1
    events.write("comment.deleted", actor_id=actor.person_id, subject_id=thread.subject_id, target=("comment", f"{thread.id}#{seq}"))
    counting.mark(thread.subject_id)
    model.Session.commit()
    return {"thread_id": thread.id, "seq": seq, "state": comment.state, "thread_visibility": thread.visibility}


@tk.side_effect_free
def participation_comment_history(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show what a message said before each edit, newest first, with the differences.

    :param thread_id: number of the thread
    :type thread_id: integer
    :param seq: number of the message
    :type seq: integer
    :returns: `{"message", "versions": [{"number", "body", "until", "by", "diff": [{"op": "same" | "added" | "removed", "text"}]}]}`; a
        version's `diff` leads from it to the next one; at most the last 20 versions
    :raises ValidationError: a field is not a number
    :raises ObjectNotFound: there is no such message, or its text is out of sight
    :raises NotAuthorized: there is no such thread, or the reader may not see what it is about
    """
    thread_id, seq = schema.address(data_dict)
    tk.check_access("participation_comment_history", context, data_dict)
    thread, subject = gates.load(thread_id, context)
    found = subjects.read(context, subject.type, subject.ref, removed=True)
    person = gates.reading_person(context, thread)
    comment = showing.visible_comment(thread, seq, person)
    shown = showing.one(thread, comment, person, found)
    if shown["body"] is None:
        raise tk.ObjectNotFound(tk._("The text of this message is out of sight, and so is what it said before."))
    # Who answered without the own name is not named by what was changed either.
    organization = shown["on_behalf_of"] if shown["author"] is None else None
    unsigned = {"name": organization["title"], "account": None} if organization else None
    return {"message": shown, "versions": history.versions(comment, unsigned)}


def _for_change(context: Context, actor: people.Actor, thread_id: int, seq: int, verb: str) -> tuple[Thread, Data, Comment]:
    """Return thread, subject and message, held for a change that the caller may make."""
    thread, subject = gates.load(thread_id, lock=True)
    gates.reading_person(context, thread)
    found = subjects.read(context, subject.type, subject.ref, removed=True)
    if verb != "delete":
        gates.refuse_when_removed(found)
    comment = writing.comment_of(thread, seq)
    reader = gates.reader_of(actor, found["organization_id"])
    verbs = rules.may_with_comment(reader, thread_state=thread.state, author_id=comment.author_id, state=comment.state,
                                   official=comment.on_behalf_of is not None and comment.on_behalf_of == found["organization_id"])
    if comment.state == visibility.HELD and comment.author_id != actor.person_id:
        raise tk.ObjectNotFound(tk._("There is no message with this number."))
    if verb not in verbs:
        raise tk.NotAuthorized(tk._("You may not change this message."))
    return thread, found, comment


def _parent(thread: Thread, parent_seq: int | None, actor: people.Actor) -> Any:
    """Return the place of the message that is answered; a held one can be answered by nobody but its author."""
    if parent_seq is None:
        parent_seq = 1
    parent = Comment.place(thread.id, parent_seq) if parent_seq < 2**31 else None
    if parent is None or (parent.state == visibility.HELD and parent.author_id != actor.person_id):
        raise field_error("parent_seq", tk._("There is no message with this number to answer."))
    return parent


def _answered(thread: Thread, actor: people.Actor, *, official: bool) -> None:
    state = rules.state_after_reply(thread.kind, thread.state, official=official, by_asker=actor.person_id == thread.author_id)
    if state != thread.state:
        thread.state, thread.state_at, thread.state_reason = state, now() if state == rules.ANSWERED else thread.state_at, None


