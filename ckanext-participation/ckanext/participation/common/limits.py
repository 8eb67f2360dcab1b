"""How much one person may post: counted from the events, so it holds for pages and API alike and survives a lost cache."""

from __future__ import annotations

from datetime import timedelta

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation import config
from ckanext.participation.common.errors import LimitExceeded
from ckanext.participation.common.model import Event, now


def check(person_id: int, types: tuple[str, ...]) -> None:
    """Refuse one more write of the event `types` by the person when it would pass a limit.

    Raises LimitExceeded (429 with Retry-After). Requests of one person wait for each other here, so that twenty at once
    can't all see the count before the first.
    """
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("participation.limits"),
                                                                 sa.cast(person_id % 2**31, sa.Integer))))
    for seconds, most in ((60, config.posts_per_minute()), (3600, config.posts_per_hour())):
        since = now() - timedelta(seconds=seconds)
        count, first = model.Session.execute(
            sa.select(sa.func.count(), sa.func.min(Event.at)).where(
                Event.actor_id == person_id, Event.type.in_(types), Event.at > since)).one()
        if count >= most:
            wait = int((first + timedelta(seconds=seconds) - now()).total_seconds()) + 1
            raise LimitExceeded(tk._("You posted {count} texts in a short time. Your text was not posted: keep it, and try "
                                     "again in {seconds} seconds.").format(count=count, seconds=wait), wait)
