"""The same key twice gives one row and the same reply: for double clicks, the back button and retries after a lost answer."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common.model import Idempotency, now

LONGEST_KEY = 100
# A form can be sent again from a browser that was asleep for weeks.
KEPT = timedelta(days=60)

_TABLE = Idempotency.__table__
_CLAIM = insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.key)
_HERE = (_TABLE.c.person_id == sa.bindparam("person")) & (_TABLE.c.action == sa.bindparam("doing")) & (_TABLE.c.key == sa.bindparam("sent"))
_MADE = sa.select(_TABLE.c.target_id).where(_HERE)
_SETTLE = sa.update(_TABLE).where(_HERE).values(target_id=sa.bindparam("made"))


def claim(person_id: int, action: str, key: str | None) -> str | None:
    """Claim `key` for the write under way; return the id of what it already made, or None when this is the first time.

    A second request with the same key waits here until the first one has committed or rolled back.
    """
    if not key:
        return None
    if model.Session.execute(_CLAIM, {"person_id": person_id, "action": action, "key": key, "created": now()}).first():
        return None
    return model.Session.scalar(_MADE, {"person": person_id, "doing": action, "sent": key})


def settle(person_id: int, action: str, key: str | None, target_id: object) -> None:
    """Note what the claimed `key` made, in the same transaction."""
    if key:
        model.Session.execute(_SETTLE, {"person": person_id, "doing": action, "sent": key, "made": str(target_id)})


def forget() -> int:
    """Drop keys that nobody sends again, commit, and return how many."""
    count = model.Session.execute(sa.delete(Idempotency).where(Idempotency.created < now() - KEPT)).rowcount
    model.Session.commit()
    return count
