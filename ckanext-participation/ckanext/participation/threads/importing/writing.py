"""Stores a conversation of the peer as ours: one transaction each, with its events, counters right, nobody mailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation import config
from ckanext.participation.common import events, people, text
from ckanext.participation.common.model import Event, Subject, Support
from ckanext.participation.common.visibility import VISIBLE
from ckanext.participation.threads import counting, rules
from ckanext.participation.threads.importing import entries, texts
from ckanext.participation.threads.importing.about import About
from ckanext.participation.threads.importing.authors import Authors
from ckanext.participation.threads.importing.reading import Source
from ckanext.participation.threads.importing.report import Report
from ckanext.participation.threads.importing.shapes import Conversation, Loss, Message, Options, Step, in_order
from ckanext.participation.threads.model import Comment, Thread
from ckanext.participation.threads.records import Rating, ThreadChange

Place = tuple[int, int]


@dataclass
class Tally:
    """The counters of a thread while messages are added: stored once, not with every message."""

    next_seq: int
    n_visible: int
    last_seq: int
    last_at: datetime
    state: str

    @classmethod
    def of(cls, thread: Thread) -> Tally:
        """Return the counters as the thread has them."""
        return cls(**{name: getattr(thread, name) for name in cls.__dataclass_fields__})

    def add(self, comment: Comment) -> None:
        """Count a message."""
        self.next_seq += 1
        if comment.state == VISIBLE:
            self.n_visible += 1
            self.last_seq = comment.seq
            self.last_at = max(self.last_at, comment.created)

    def store(self, thread: Thread) -> None:
        """Give the thread its counters."""
        for name in self.__dataclass_fields__:
            setattr(thread, name, getattr(self, name))


class Writer:
    """Stores conversations and knows which of their rows are stored already: their events name them for ever."""

    def __init__(self, peer: str, source: Source, options: Options, report: Report) -> None:
        self._peer = peer
        self._options = options
        self._report = report
        self._words = texts.WORDS[options.lang]
        self._about = About(source)
        self._authors = Authors(source, options.lang)
        self._places = self._stored()

    def write(self, conversation: Conversation) -> None:
        """Add what of the conversation is not here yet to the transaction under way, without committing."""
        for loss in conversation.losses:
            self._report.loss(loss)
        subject_id, reason = self._about.subject(conversation.subject_type, conversation.subject_ref)
        if subject_id is None:
            for message in conversation.messages:
                self._report.loss(Loss(*_source(message), reason, f"{conversation.subject_type} {conversation.subject_ref}"))
            for table, identifier in conversation.also:
                self._report.loss(Loss(table, identifier, reason))
            return
        missing = [message for message in in_order(conversation.messages) if message.row not in self._places]
        self._count(conversation, missing)
        if not missing:
            return
        new = missing[0] is conversation.messages[0]
        thread = self._thread(conversation, subject_id) if new else self._existing(conversation.messages[0])
        tally = Tally.of(thread)
        touched = [subject_id]
        for message in missing:
            self._message(thread, tally, message, conversation)
        if new:
            for step in conversation.steps:
                self._step(thread, tally, step)
            touched += self._stars(thread, conversation)
            self._report.made["conversations"] += 1
        tally.store(thread)
        thread.version += not new
        model.Session.flush()
        for touched_id in sorted(set(touched)):
            counting.mark(touched_id)

    def rolled_back(self, conversation: Conversation) -> None:
        """Forget what the transaction that was rolled back had made."""
        self._about.forget()
        self._authors.forget()
        for message in conversation.messages:
            self._places.pop(message.row, None)

    def _stored(self) -> dict[str, Place]:
        rows = model.Session.execute(
            sa.select(Event.data["row"].astext, Event.target_id)
            .where(Event.type.in_((entries.THREAD, entries.COMMENT)), Event.data["from"].astext == self._peer,
                   Event.data["row"].astext.is_not(None)))
        places = {}
        for row, target in rows:
            thread_id, _, seq = target.partition("#")
            places[row] = (int(thread_id), int(seq or 1))
        return places

    def _count(self, conversation: Conversation, missing: list[Message]) -> None:
        for message in conversation.messages:
            counter = self._report.already if message.row in self._places else self._report.carried
            counter[_source(message)[0]] += 1
        begun = conversation.messages[0] in missing
        for table, _ in conversation.also:
            (self._report.carried if begun else self._report.already)[table] += 1

    def _thread(self, conversation: Conversation, subject_id: int) -> Thread:
        opening = conversation.messages[0]
        if conversation.title is None:
            title, whole = texts.title_of(opening.text, most=rules.TITLE_BYTES, without=self._words["no_text"]), None
        else:
            title, whole = texts.fitting_title(conversation.title, most=rules.TITLE_BYTES, without=self._words["no_text"])
        if whole:
            opening.text = f"{whole}\n\n{opening.text}"
            self._report.loss(Loss(*_source(opening), "title", whole, whole=False))
        thread = Thread(
            subject_id=subject_id, kind=conversation.kind, title=title, lang=self._options.lang, state=rules.OPEN,
            visibility=opening.state, author_id=self._author(opening, conversation), created=opening.at, next_seq=1, n_visible=0,
            last_seq=0, last_at=opening.at, version=1, n_changes=0, problem=conversation.problem,
            problem_state="open" if conversation.kind == "problem" else None,
            assignee_id=self._authors.person(conversation.assignee) if conversation.assignee else None)
        model.Session.add(thread)
        model.Session.flush()
        return thread

    def _existing(self, opening: Message) -> Thread:
        thread_id, _ = self._places[opening.row]
        return model.Session.get_one(Thread, thread_id, with_for_update=True)

    def _author(self, message: Message, conversation: Conversation) -> int:
        rated = conversation.stars is not None and message is conversation.messages[0]
        return self._authors.person(message.user_id, alone=f"{self._peer}:{message.row}" if rated else None)

    def _message(self, thread: Thread, tally: Tally, message: Message, conversation: Conversation) -> None:
        """Store one message, or several where it is longer than one may be: the others answer the first."""
        bodies = texts.bodies(message.text, marked=message.marked, most=config.text_bytes(), without=self._words["no_text"])
        if len(bodies) > 1:
            self._report.loss(Loss(*_source(message), "split", str(len(bodies)), whole=False))
        if not texts.cleaned(message.text):
            self._report.loss(Loss(*_source(message), "no_text", whole=False))
        author_id = self._author(message, conversation)
        organization = self._organization(thread, message)
        parent_seq = self._places.get(message.parent or "", (0, 1))[1]
        for number, body in enumerate(bodies, start=1):
            seq = tally.next_seq
            comment = self._comment(thread, message, body, seq=seq, parent_seq=parent_seq if seq > 1 else None,
                                    author_id=author_id, organization=organization)
            tally.add(comment)
            data = {"from": self._peer, "part": number} if number > 1 else {"from": self._peer, "row": message.row, **message.data}
            type_, target = (entries.THREAD, ("thread", str(thread.id))) if seq == 1 else (
                entries.COMMENT, ("comment", f"{thread.id}#{seq}"))
            events.write(type_, actor_id=author_id, subject_id=thread.subject_id, target=target, data=data, announce=False)
            if number == 1:
                self._places[message.row] = (thread.id, seq)
                self._likes(comment, message)
                parent_seq = seq
            self._report.made["messages"] += 1
        if message.state == VISIBLE:
            by_asker = message.user_id is not None and author_id == thread.author_id
            tally.state = rules.state_after_reply(thread.kind, tally.state, official=organization is not None, by_asker=by_asker)

    def _comment(self, thread: Thread, message: Message, body: str, *, seq: int, parent_seq: int | None, author_id: int,
                 organization: str | None) -> Comment:
        parent = model.Session.get_one(Comment, (thread.id, parent_seq)) if parent_seq not in (None, 1) else None
        path, depth = rules.path_of(seq, parent.path if parent else None)
        comment = Comment(
            thread_id=thread.id, seq=seq, parent_seq=parent_seq, path=path, depth=depth, author_id=author_id, on_behalf_of=organization,
            # Where the peer showed "the administrator" and no name, no name is shown here.
            signed=organization is None, lang=self._options.lang, state=message.state,
            state_reason=self._words[message.reason] if message.reason else None, created=message.at, edited=message.edited,
            body=body, body_html=text.render(body), text_version=text.TEXT_VERSION, n_support=0)
        model.Session.add(comment)
        return comment

    def _organization(self, thread: Thread, message: Message) -> str | None:
        if not message.as_staff:
            return None
        organization = model.Session.get_one(Subject, thread.subject_id).organization_id
        return organization if self._authors.administers(message.user_id, organization) else None

    def _likes(self, comment: Comment, message: Message) -> None:
        for like in message.likes:
            statement = insert(Support).values(target_type="comment", target_id=f"{comment.thread_id}#{comment.seq}",
                                               person_id=self._authors.person(like.user_id), value=1, at=like.at)
            if model.Session.execute(statement.on_conflict_do_nothing()).rowcount:
                comment.n_support += 1
                self._report.made["likes"] += 1

    def _step(self, thread: Thread, tally: Tally, step: Step) -> None:
        """Add a step of the history, unless it changes nothing."""
        before = thread.problem_state if step.what == "problem" else tally.state
        if before == step.after:
            return
        reason = self._words[step.reason] if step.reason else None
        thread.n_changes += 1
        organization = model.Session.get_one(Subject, thread.subject_id).organization_id
        official = step.user_id is not None and people.speaks_for(step.user_id, organization)
        model.Session.add(ThreadChange(
            thread_id=thread.id, number=thread.n_changes, at=step.at, actor_id=self._authors.person(step.user_id),
            official=official, what=step.what, before=before, after=step.after, reason=reason))
        if step.what == "problem":
            thread.problem_state = step.after
        else:
            tally.state, thread.state_at, thread.state_reason = step.after, step.at, reason

    def _stars(self, thread: Thread, conversation: Conversation) -> list[int]:
        """Store the stars that came with the opening message; return the subjects whose counters they change."""
        stars = conversation.stars
        if stars is None:
            return []
        dataset = self._about.dataset_of(conversation.subject_ref)
        subject_id = self._about.subject("dataset", dataset)[0] if dataset else None
        if subject_id is None:
            self._report.loss(Loss(*_source(conversation.messages[0]), "stars_subject", str(stars.value), whole=False))
            return []
        values = insert(Rating).values(subject_id=subject_id, person_id=thread.author_id, value=stars.value, at=stars.at)
        self._report.made["stars"] += model.Session.execute(values.on_conflict_do_nothing()).rowcount
        return [subject_id]


def _source(message: Message) -> tuple[str, str]:
    """Return the peer's table and the key of a message's row."""
    table, _, identifier = message.row.partition(":")
    return table, identifier
