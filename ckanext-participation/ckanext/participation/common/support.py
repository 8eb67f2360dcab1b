"""Who finds something useful, or not: one row per person and target, and what a change does to the two counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common.model import Support, now


@dataclass(frozen=True)
class Change:
    """From which value to which somebody went: 1 useful, −1 not useful, 0 neither."""

    before: int
    after: int

    @property
    def support(self) -> int:
        """Return what is added to the number of those who find it useful."""
        return (self.after == 1) - (self.before == 1)

    @property
    def against(self) -> int:
        """Return what is added to the number of those who do not."""
        return (self.after == -1) - (self.before == -1)

    @property
    def made(self) -> bool:
        """Say whether anything changed."""
        return self.before != self.after


def set_support(target_type: str, target_id: str, person_id: int, value: int) -> Change:
    """Make `value` (1, 0 or −1) the person's word on the target, without committing, and return the change that this was.

    However many requests do so at once, their changes add up to the rows: each statement tells which row it changed itself.
    """
    row = (Support.target_type == target_type, Support.target_id == target_id, Support.person_id == person_id)
    if value == 0:
        before = model.Session.execute(sa.delete(Support).where(*row).returning(Support.value)).scalar()
        return Change(before or 0, 0)
    turned = model.Session.execute(sa.update(Support).where(*row, Support.value != value).values(value=value, at=now())
                                   .returning(Support.person_id)).first()
    if turned:
        return Change(-value, value)
    made = model.Session.execute(
        insert(Support).values(target_type=target_type, target_id=target_id, person_id=person_id, value=value, at=now())
        .on_conflict_do_nothing().returning(Support.person_id)).first()
    return Change(0 if made else value, value)


def own(person_id: int, target_type: str, target_ids: Collection[str]) -> dict[str, int]:
    """Return the person's word on each of the targets on which there is one, in one statement."""
    if not target_ids:
        return {}
    rows = model.Session.execute(sa.select(Support.target_id, Support.value).where(
        Support.target_type == target_type, Support.target_id.in_(target_ids), Support.person_id == person_id))
    return {row.target_id: row.value for row in rows}
