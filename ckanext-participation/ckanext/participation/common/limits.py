"""How much one person may post: counted from the events, so it holds for pages and API alike and survives a lost cache."""

from __future__ import annotations

from datetime import timedelta

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation import config
from ckanext.participation.common.errors import LimitExceeded
from ckanext.participation.common.model import now

# What people do without writing: it costs little and mails nobody, so there may be much more of it.
REACTIONS = ("support.set", "follow.set", "rating.set")

_WAIT = sa.text("SELECT pg_advisory_xact_lock(hashtext('participation.limits'), :person)")
_COUNT = sa.text("""
    SELECT count(*) FILTER (WHERE at > :minute), min(at) FILTER (WHERE at > :minute), count(*), min(at)
    FROM participation_event WHERE actor_id = :person AND type = ANY(:types) AND at > :hour""")


def check(person_id: int, types: tuple[str, ...]) -> None:
    """Refuse one more text (of the event `types`) by the person when it would pass a limit.

    Raises LimitExceeded (429 with Retry-After). Requests of one person wait for each other here, so that twenty at once
    can't all see the count before the first.
    """
    passed = _passed(person_id, types, config.posts_per_minute(), config.posts_per_hour())
    if passed:
        raise LimitExceeded(tk._("You posted {count} texts in a short time. Your text was not posted: keep it, and try "
                                 "again in {seconds} seconds.").format(count=passed[0], seconds=passed[1]), passed[1])


def check_reactions(person_id: int) -> None:
    """Refuse one more support, follow or rating by the person when it would pass their limit; otherwise as `check`."""
    passed = _passed(person_id, REACTIONS, config.reactions_per_minute(), config.reactions_per_hour())
    if passed:
        raise LimitExceeded(tk._("You pressed such buttons {count} times in a short time, so nothing was changed now. Try again in "
                                 "{seconds} seconds.").format(count=passed[0], seconds=passed[1]), passed[1])


def _passed(person_id: int, types: tuple[str, ...], per_minute: int, per_hour: int) -> tuple[int, int] | None:
    """Return how many events there were and in how many seconds there may be one more, when a limit is reached."""
    model.Session.execute(_WAIT, {"person": person_id % 2**31})
    at = now()
    minute, hour = at - timedelta(seconds=60), at - timedelta(seconds=3600)
    row = model.Session.execute(_COUNT, {"person": person_id, "types": list(types), "minute": minute, "hour": hour}).one()
    for count, first, seconds, most in ((row[0], row[1], 60, per_minute), (row[2], row[3], 3600, per_hour)):
        if count >= most:
            return count, max(1, int((first + timedelta(seconds=seconds) - at).total_seconds()) + 1)
    return None
