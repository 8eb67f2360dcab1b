"""Names that administrators of the site give to licences of the register, for what publishers write and nobody recognises.

A name is one key (`licences.folding.name_key`): of a title or id, or of an address. Pages read names that are at most `LIFE` seconds old,
so that a dataset's page asks nothing more for them; what writes for long reads them anew. `counting` tells the search.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from cachetools import TTLCache
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common import events, people
from ckanext.participation.common.errors import field_error
from ckanext.participation.common.model import now
from ckanext.participation.licences import box, saying
from ckanext.participation.licences.model import these
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licensing.records import ACTIVE, LicenceAlias, LicenceCount, LicenceStatement
from ckanext.participation.licensing.schema import Name

LIFE: Final = 60
# A name that more kinds of statements hold than this is told of the most frequent ones.
MOST_LOOKED_AT: Final = 100

Data = dict[str, Any]


def names(fresh: bool) -> Mapping[str, str]:
    """Return the names in force, `{key: register id}`: as they are now, or as they were at most `LIFE` seconds ago."""
    with _lock:
        known = None if fresh else _lately.get("names")
    if known is None:
        known = MappingProxyType(LicenceAlias.names())
        with _lock:
            _lately["names"] = known
    return known


def forget() -> None:
    """Let this process know of a change at once."""
    with _lock:
        _lately.clear()


_lately: TTLCache[str, Mapping[str, str]] = TTLCache(1, LIFE)
_lock = threading.Lock()


def add(name: Name, licence_id: str, note: str, actor_id: int) -> LicenceAlias:
    """Give a name to a licence, without committing; the one that is there already when it says the same.

    Raises ValidationError when the name stands for another licence.
    """
    row = model.Session.execute(
        insert(LicenceAlias).values(key=name.key, text=name.text, kind=name.kind, licence_id=licence_id, note=note, at=now(),
                                    actor_id=actor_id)
        .on_conflict_do_nothing(index_elements=[LicenceAlias.key], index_where=ACTIVE).returning(LicenceAlias.id)).first()
    known = LicenceAlias.in_force(name.key)
    if known is None:
        # Taken back by somebody else between the two statements.
        raise field_error("text", tk._("Somebody is changing this name at the same moment. Send it again."))
    if row is not None:
        events.write("licence.alias_added", actor_id=actor_id, target=("licence_alias", known.id),
                     data={"text": name.text, "licence": licence_id})
    elif known.licence_id != licence_id:
        raise field_error("text", tk._("This name stands for “{licence}” already. Take that back first.").format(
            licence=title(known.licence_id)))
    return known


def take_back(alias_id: int, actor_id: int) -> LicenceAlias | None:
    """Take a name back, without committing; one that was taken back before stays as it is. None when there is none."""
    row = model.Session.get(LicenceAlias, alias_id, with_for_update=True)
    if row is not None and row.taken_back_at is None:
        row.taken_back_at, row.taken_back_by, row.applied_at = now(), actor_id, None
        events.write("licence.alias_taken_back", actor_id=actor_id, target=("licence_alias", row.id),
                     data={"text": row.text, "licence": row.licence_id})
    return row


def title(licence_id: str) -> str:
    """Return a licence's name in the reader's language; its id when the register does not have it any more."""
    licence = bundled_register().licences.get(licence_id)
    return licence.name(str(tk.h.lang())) if licence else licence_id


def choices(first: Collection[str]) -> list[dict[str, str]]:
    """Return every licence to choose from, `{"value", "text"}`: those of `first`, then the others by name in the reader's language."""
    rows = [{"value": licence.id, "text": f"{licence.name(str(tk.h.lang()))} ({licence.id})"} for licence in bundled_register()
            if licence.id != box.NOT_SPECIFIED]
    return sorted(rows, key=lambda row: (row["value"] not in first, row["text"].casefold()))


def everywhere_at(row: LicenceAlias) -> datetime:
    """Return the moment from which every page shows what a name stands for, or does not any more."""
    return (row.taken_back_at or row.at) + timedelta(seconds=LIFE)


def would_recognise(key: str, licence_id: str) -> Data:
    """Return how many datasets and files a name recognises, judged by an example of each statement of the last count that holds it."""
    found = {"dataset": 0, "file": 0}
    count = LicenceCount.last()
    rows = LicenceStatement.with_key(key, MOST_LOOKED_AT)
    examples = {dataset["id"]: dataset for dataset in these([row.examples[0]["id"] for row in rows if row.examples])}
    more = {**names(fresh=True), key: licence_id}
    for row in rows:
        example = examples.get(row.examples[0]["id"]) if row.examples else None
        if example is not None and _is_recognised(row, example, more, licence_id):
            found[row.level] += row.count
    return {"datasets": found["dataset"], "files": found["file"], "counted_at": count.at.isoformat() if count else None}


def _is_recognised(row: LicenceStatement, example: Data, more: Mapping[str, str], licence_id: str) -> bool:
    register = bundled_register()
    if row.level == "dataset":
        judged = [box.of_dataset(register, example, more)]
    else:
        judged = [box.of_file(register, file, more) for file in example["resources"] if set(saying.names_of_file(file)) & set(row.parts)]
    return any(one is not None and one.licence is not None and one.licence.id == licence_id for one in judged)


def as_dicts(rows: list[LicenceAlias]) -> list[Data]:
    """Return aliases as the API shows them."""
    ids = {person for row in rows for person in (row.actor_id, row.taken_back_by) if person is not None}
    shown = people.public_names(ids)
    count = LicenceCount.last()
    licences = bundled_register().licences
    return [{
        "id": row.id, "text": row.text, "kind": row.kind, "licence": row.licence_id,
        "names": {lang: licences[row.licence_id].name(lang) for lang in ("en", "fr")} if row.licence_id in licences else {},
        "note": row.note, "at": row.at.isoformat(), "by": shown.get(row.actor_id), "everywhere_at": everywhere_at(row).isoformat(),
        "in_search_since": row.applied_at.isoformat() if row.applied_at else None,
        "recognises": (count.recognised.get(row.key, 0) if count and row.applied_at and not row.taken_back_at else None),
        "taken_back": {"at": row.taken_back_at.isoformat(), "by": shown.get(row.taken_back_by or 0)} if row.taken_back_at else None,
    } for row in rows]


def claimed(keys: set[str]) -> dict[str, str]:
    """Return which of these keys are a name by now, with its licence."""
    return dict(tuple(row) for row in model.Session.execute(
        sa.select(LicenceAlias.key, LicenceAlias.licence_id).where(LicenceAlias.taken_back_at.is_(None), LicenceAlias.key.in_(keys))))
