"""Up to which message a person has read a thread, so that what is new since the last visit can be marked.

No event goes with it: the record of events is kept for good, and what somebody reads is nobody's business.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common.model import now
from ckanext.participation.threads.records import ReadMark


def mark_read(person_id: int, thread_id: int, seq: int) -> int:
    """Note, without committing, that the person has read up to message `seq`; return the mark, which never goes back."""
    row = insert(ReadMark).values(person_id=person_id, thread_id=thread_id, seq=seq, at=now())
    return model.Session.execute(row.on_conflict_do_update(
        index_elements=[ReadMark.person_id, ReadMark.thread_id],
        set_={"seq": sa.func.greatest(ReadMark.seq, row.excluded.seq), "at": row.excluded.at}).returning(ReadMark.seq)).scalar_one()


def last_read(person_id: int | None, thread_ids: Collection[int]) -> dict[int, int]:
    """Return the number of the last message that the person has read, of each thread that they have visited, in one statement."""
    if person_id is None or not thread_ids:
        return {}
    rows = model.Session.execute(sa.select(ReadMark.thread_id, ReadMark.seq).where(
        ReadMark.person_id == person_id, ReadMark.thread_id.in_(thread_ids)))
    return {row.thread_id: row.seq for row in rows}
