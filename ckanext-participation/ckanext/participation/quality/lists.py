"""What an organisation's datasets lack, as its staff reads it: counts, and datasets sorted by use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation.common.registry import registry
from ckanext.participation.common.translated import in_language
from ckanext.participation.quality import computing
from ckanext.participation.quality.links import addresses
from ckanext.participation.quality.model import Quality
from ckanext.participation.quality.rules import BITS, CRITERIA, answer

Data = dict[str, Any]
_P: Final = model.Package.__table__
_TO_MEND: Final = Quality.missing != 0
KEY: Final = re.compile(r"(\d{1,18})~([0-9a-zA-Z_-]{1,100})")
IN_A_FILE: Final = 1000
MOST_DEAD: Final = 5
FIELDS: Final = ("id", "name", "title", "url", "private", "stars", *CRITERIA, "files", "machine_readable", "dead_links", "use", "followers",
                 "messages", "views", "from", "judged_at")


def summary(organization_id: str) -> Data:
    """Return the counts of an organisation in one statement."""
    numbers = [column for bit in BITS.values() for column in (
        sa.func.count().filter(Quality.met.op("&")(bit) != 0), sa.func.count().filter(Quality.missing.op("&")(bit) != 0))]
    row = model.Session.execute(sa.select(
        sa.func.count(), sa.func.count().filter(_TO_MEND), sa.func.max(Quality.at), sa.func.coalesce(sa.func.sum(Quality.files), 0),
        sa.func.coalesce(sa.func.sum(Quality.machine), 0), *numbers).where(Quality.organization_id == organization_id)).one()
    datasets, counts = row[0], row[5:]
    return {
        "datasets": datasets, "to_mend": row[1], "judged_at": row[2].isoformat() if row[2] else None,
        "files": int(row[3]), "machine_readable": int(row[4]), "counts_views": computing.counts_views(),
        "criteria": [{"id": name, "met": counts[2 * place], "missing": counts[2 * place + 1],
                      "unknown": datasets - counts[2 * place] - counts[2 * place + 1]} for place, name in enumerate(CRITERIA)]}


def page(organization_id: str, criterion: str | None, *, limit: int, after: tuple[int, str] | None) -> tuple[list[Data], str | None]:
    """Return datasets that miss a criterion (or any), the most used first, and the key of the next page."""
    rows = _rows(organization_id, _TO_MEND if criterion is None else Quality.missing.op("&")(BITS[criterion]) != 0, limit + 1, after)
    shown = rows[:limit]
    return _shown(shown), _key(shown[-1]) if len(rows) > limit else None


def everything(organization_id: str) -> Iterator[list[Data]]:
    """Yield all datasets of an organisation, the most used first, a thousand at a time."""
    after = None
    while rows := _rows(organization_id, sa.true(), IN_A_FILE, after):
        found = _shown(rows)
        after = (rows[-1].use, rows[-1].package_id)
        # What is on its way to a slow reader holds no connection.
        model.Session.rollback()
        yield [_flat(one) for one in found]


def of_dataset(package_id: str) -> Data | None:
    """Return what was found of one dataset; None before it was judged."""
    rows = model.Session.execute(_query().where(Quality.package_id == package_id)).all()
    return _shown(rows)[0] if rows else None


def key_of(written: str | None) -> tuple[int, str] | None:
    """Return the key of a page; None for the first. Raises ValueError for what is none."""
    if not written:
        return None
    found = KEY.fullmatch(written)
    if not found:
        raise ValueError(written)
    return int(found[1]), found[2]


def _key(row: Any) -> str:
    return f"{row.use}~{row.package_id}"


def _query() -> Any:
    columns = [column for column in Quality.__table__.c if column.name != "organization_id"]
    return sa.select(*columns, _P.c.name, _P.c.title, _P.c.private, _P.c.extras["title_translated"].astext.label("translated")).join(
        _P, sa.and_(_P.c.id == Quality.package_id, _P.c.state == "active"))


def _rows(organization_id: str, wanted: Any, limit: int, after: tuple[int, str] | None) -> Sequence[Any]:
    query = _query().where(Quality.organization_id == organization_id, wanted)
    if after is not None:
        query = query.where(sa.tuple_(Quality.use, Quality.package_id) < sa.tuple_(*map(sa.literal, after)))
    return model.Session.execute(query.order_by(Quality.use.desc(), Quality.package_id.desc()).limit(limit)).all()


def _shown(rows: Sequence[Any]) -> list[Data]:
    ids = [row.package_id for row in rows]
    origins = registry.origins(ids) if ids else {}
    dead = addresses.dead_of([row.package_id for row in rows if row.dead])
    lang = str(tk.h.lang())
    return [{
        "id": row.package_id, "name": row.name, "title": in_language(row.translated, lang, row.title or row.name),
        "url": tk.url_for("dataset.read", id=row.name), "private": row.private, "stars": row.stars,
        "criteria": {name: answer(row.met, row.missing, name) for name in CRITERIA}, "files": row.files, "machine_readable": row.machine,
        "dead_links": dead.get(row.package_id, [])[:MOST_DEAD], "dead": row.dead,
        "use": {"sum": row.use, "followers": row.follows, "messages": row.messages, "views": row.views},
        "source": dict(origins[row.package_id]) if row.package_id in origins else None, "judged_at": row.at.isoformat()} for row in rows]


_ANSWERS: Final = {True: "met", False: "not met", None: "cannot tell"}


def _flat(one: Data) -> Data:
    return {"id": one["id"], "name": one["name"], "title": one["title"], "url": tk.url_for("dataset.read", id=one["name"], qualified=True),
            "private": one["private"], "stars": one["stars"], **{name: _ANSWERS[said] for name, said in one["criteria"].items()},
            "files": one["files"], "machine_readable": one["machine_readable"], "dead_links": " ".join(one["dead_links"]),
            "use": one["use"]["sum"], "followers": one["use"]["followers"], "messages": one["use"]["messages"],
            "views": one["use"]["views"] if computing.counts_views() else None,
            "from": one["source"]["title"] if one["source"] else None, "judged_at": one["judged_at"]}
