"""What leaves the house because of an event: drained by one process, at least once, the event's id as Message-ID.

A row is claimed with `FOR UPDATE SKIP LOCKED` and marked in the same transaction, so a second process or a kill can only
repeat a mail, never lose one. Its Message-ID is the same each time, by which mail programmes drop the repetition.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import mailer
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation import config
from ckanext.participation.common import events, people
from ckanext.participation.common.model import Event, Outbox, now
from ckanext.participation.common.registry import registry

log = logging.getLogger(__name__)

LONGEST_PAUSE = 3600
# Events that one gathered mail tells of at most; the next mail tells of the rest.
MOST_GATHERED = 5000


def drain(stop: Callable[[], bool] = lambda: False) -> int:
    """Handle every row that is due, oldest first; return how many were finished. Ends early when `stop` says so."""
    done = 0
    while not stop():
        result = _next()
        if result is None:
            break
        done += result
    return done


def _next() -> int | None:
    """Handle one due row: 1 when it is finished, 0 when it must come again, None when nothing is due."""
    row = model.Session.scalar(
        sa.select(Outbox).where(Outbox.done_at.is_(None), Outbox.not_before <= sa.func.now(),
                                Outbox.attempts < config.outbox_attempts())
        .order_by(Outbox.not_before, Outbox.id).limit(1).with_for_update(skip_locked=True))
    if row is None:
        model.Session.rollback()
        return None
    identifier, attempts = row.id, row.attempts
    together = [identifier]
    try:
        event = model.Session.get(Event, row.event_id)
        if event is None:
            raise LookupError(f"event {row.event_id} is missing")
        if row.kind == "announce":
            _announce(row, event)
        elif registry.event_types[event.type].gather is None:
            _mail(row, [event])
        else:
            owed = _owed(row, event)
            together += [one.id for one, _event in owed]
            _mail(row, [event, *(other for _one, other in owed)])
        model.Session.execute(sa.update(Outbox).where(Outbox.id.in_(together)).values(done_at=now(), last_error=None))
        model.Session.commit()
    except Exception as error:
        # Whatever went wrong, the row must come again and the ones behind it must not wait for it.
        model.Session.rollback()
        log.exception("Outbox row %s could not be handled (attempt %s)", identifier, attempts + 1)
        pause = min(LONGEST_PAUSE, 5 * 2 ** attempts)
        model.Session.execute(sa.update(Outbox).where(Outbox.id.in_(together)).values(
            attempts=attempts + 1, last_error=f"{type(error).__name__}: {error}"[:500], not_before=now() + timedelta(seconds=pause)))
        model.Session.commit()
        return 0
    return len(together)


def _owed(row: Outbox, event: Event) -> list[tuple[Outbox, Event]]:
    """Return what else of this type its recipient is owed, due or not, held until the commit."""
    rows = model.Session.execute(
        sa.select(Outbox, Event).join(Event, Event.id == Outbox.event_id)
        .where(Outbox.kind == "mail", Outbox.recipient == row.recipient, Outbox.done_at.is_(None), Outbox.id != row.id,
               Outbox.attempts < config.outbox_attempts(), Event.type == event.type)
        .order_by(Outbox.id).limit(MOST_GATHERED - 1).with_for_update(of=Outbox, skip_locked=True))
    return [(one, other) for one, other in rows]


def _announce(row: Outbox, event: Event) -> None:
    """Tell other extensions, and add one mail row per recipient."""
    from ckanext.participation.interfaces import IParticipation

    told = events.as_dict(event)
    for plugin in p.PluginImplementations(IParticipation):
        plugin.participation_event(told)
    entry = registry.event_types[event.type]
    recipients = entry.recipients(told) if entry.recipients else []
    leaves = now() + (entry.gather or timedelta())
    for user_id in dict.fromkeys(recipients):
        model.Session.execute(insert(Outbox).values(
            event_id=row.event_id, kind="mail", recipient=user_id, created=now(), not_before=leaves, attempts=0,
        ).on_conflict_do_nothing())


def _mail(row: Outbox, owed: list[Event]) -> None:
    event = owed[0]
    address = registry.event_types[event.type].address
    reaches = [(one, address(_told(one, row.recipient)) if address else _account(row.recipient)) for one in owed]
    reached = next((place for _one, place in reaches if place is not None), None)
    if reached is None:
        log.info("Outbox row %s: its recipient has no address any more", row.id)
        return
    subject, body = compose(sorted((one for one, place in reaches if place is not None), key=lambda one: one.id), row.recipient)
    host = urlsplit(tk.config["ckan.site_url"]).hostname or "localhost"
    # A name with a line break in it would be refused by the mail library, and its owner never told anything.
    name = " ".join(reached[0].split())
    mailer.mail_recipient(name, reached[1], subject, body,
                          headers={"Message-ID": f"<participation-event-{event.id}@{host}>", "Auto-Submitted": "auto-generated"})


def _account(user_id: str) -> tuple[str, str] | None:
    user = model.User.get(user_id)
    return (user.display_name, user.email) if user and user.state == model.State.ACTIVE and user.email else None


def _told(event: Event, recipient: str) -> dict[str, Any]:
    return events.as_dict(event) | {"recipient": recipient}


def compose(event: Event | list[Event], recipient: str = "") -> tuple[str, str]:
    """Return subject and plain text of a mail about one event, or about several of one type that were gathered.

    It is in the recipient's language, or in the site's one after the other.
    """
    told = [_told(one, recipient) for one in (event if isinstance(event, list) else [event])]
    entry = registry.event_types[told[0]["type"]]
    languages = people.mail_languages(recipient.partition(" ")[0])
    if len(told) > 1 and entry.digest:
        parts = [entry.digest(told, lang) for lang in languages]
    elif entry.wording:
        parts = [entry.wording(told[0], lang) for lang in languages]
    else:
        raise LookupError(f"the event type {entry.name} has recipients and no wording")
    subject = " / ".join(dict.fromkeys(" ".join(part[0].split()) for part in parts))
    return subject[:200], "\n\n--\n\n".join(part[1] for part in parts)


def state() -> dict[str, Any]:
    """Return what waits and what was given up, for the operator: `{"due", "waiting", "given_up", "sent"}`."""
    most = config.outbox_attempts()
    row = model.Session.execute(sa.select(
        sa.func.count().filter(Outbox.done_at.is_(None), Outbox.not_before <= sa.func.now(), Outbox.attempts < most).label("due"),
        sa.func.count().filter(Outbox.done_at.is_(None), Outbox.not_before > sa.func.now(), Outbox.attempts < most).label("waiting"),
        sa.func.count().filter(Outbox.done_at.is_(None), Outbox.attempts >= most).label("given_up"),
        sa.func.count().filter(Outbox.done_at.is_not(None), Outbox.kind == "mail").label("sent"))).one()
    return dict(row._mapping)
