"""The sweep: what was talked about and is gone is noted as lost; what came back under another id gets its conversations back.

Everything is done with a few statements for all subjects at once, in one transaction. Organisations come first (a dataset is looked
for by its organisation and name), then datasets, then files (a file is looked for among the files of its dataset).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import IntegrityError

from ckanext.participation.common import events, removed
from ckanext.participation.common.model import now
from ckanext.participation.common.registry import registry

# One sweep at a time on a site: the process that sends mails, a command and an administrator may all start one.
ONE_AT_A_TIME = 7_203_002


@dataclass(frozen=True)
class Kind:
    """How subjects of one type are found: `living` selects the objects that exist with their keys; `keys` are tried in their order.

    A key is `(name, condition, final)`: the condition compares a living object `l` with a lost subject `s`; two objects that match a
    final key leave the subject to a person.
    """

    type: str
    living: str
    keys: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Match:
    """A lost subject's row, and the object that it is about from now on: its type, its id, and by which key it was found."""

    row: Any
    type: str
    ref: str
    key: str


# A conversation inside an organisation must not come out because another one publishes something under the same key.
_NOT_ANOTHERS = """ AND NOT EXISTS (SELECT 1 FROM package gone WHERE gone.id = s.ref AND gone.private
    AND gone.owner_org IS DISTINCT FROM l.organization_id)"""

ORGANIZATIONS = Kind("organization", """
    SELECT g.id AS ref, coalesce(nullif(g.title, ''), g.name) AS title, g.name, g.id AS organization_id, CAST(NULL AS text) AS guid,
        CAST(NULL AS text) AS uri, CAST(NULL AS text) AS landing_page, CAST(NULL AS text) AS parent_ref
    FROM "group" g WHERE g.is_organization AND g.state = 'active'
""", (("name", "l.name = s.name", True),))

DATASETS = Kind("dataset", """
    SELECT p.id AS ref, coalesce(nullif(p.title, ''), p.name) AS title, p.name, p.owner_org AS organization_id,
        nullif(p.extras ->> 'guid', '') AS guid, nullif(p.extras ->> 'uri', '') AS uri, nullif(p.url, '') AS landing_page,
        CAST(NULL AS text) AS parent_ref
    FROM package p WHERE p.state = 'active' AND p.type = 'dataset'
""", (("guid", "l.guid = s.guid" + _NOT_ANOTHERS, True),
      ("uri", "l.uri = s.uri" + _NOT_ANOTHERS, True),
      # Many datasets of a portal may share one page: the name decides then.
      ("landing_page", "l.landing_page = s.landing_page AND l.organization_id = s.organization_id", False),
      ("name", "l.name = s.name AND l.organization_id = s.organization_id", True)))

FILES = Kind("resource", """
    SELECT r.id AS ref, coalesce(nullif(r.name, ''), r.url, '') AS title, nullif(r.name, '') AS name, p.owner_org AS organization_id,
        CAST(NULL AS text) AS guid, nullif(r.url, '') AS uri, CAST(NULL AS text) AS landing_page, r.package_id AS parent_ref
    FROM resource r JOIN package p ON p.id = r.package_id
    WHERE r.state = 'active' AND p.state = 'active' AND p.type = 'dataset'
""", (("uri", "l.parent_ref = s.parent_ref AND l.uri = s.uri", False),
      ("name", "l.parent_ref = s.parent_ref AND l.name = coalesce(s.name, s.title)", True)))

# A key that the object has lost for the moment stays: it may be the one by which it is found again.
_REFRESH = """
UPDATE participation_subject s SET title = l.title, name = coalesce(l.name, s.name),
    organization_id = coalesce(l.organization_id, s.organization_id), guid = coalesce(l.guid, s.guid), uri = coalesce(l.uri, s.uri),
    landing_page = coalesce(l.landing_page, s.landing_page), parent_ref = coalesce(l.parent_ref, s.parent_ref)
FROM (-- living
) l WHERE s.type = :type AND s.ref = l.ref AND s.merged_into IS NULL
    AND (s.title, s.name, s.organization_id, s.guid, s.uri, s.landing_page, s.parent_ref) IS DISTINCT FROM
        (l.title, coalesce(l.name, s.name), coalesce(l.organization_id, s.organization_id), coalesce(l.guid, s.guid),
         coalesce(l.uri, s.uri), coalesce(l.landing_page, s.landing_page), coalesce(l.parent_ref, s.parent_ref))"""

_RETURNED = """
SELECT s.id, s.ref, s.title, s.lost_at FROM participation_subject s JOIN (-- living
) l ON l.ref = s.ref WHERE s.type = :type AND s.merged_into IS NULL AND s.lost_at IS NOT NULL FOR UPDATE OF s"""

_BARE = """SELECT s.ref, s.title, s.name, s.organization_id, s.guid, s.uri, s.landing_page, s.parent_ref FROM participation_subject s
WHERE false"""

_MISSING = """
SELECT s.id, s.type, s.ref, s.title, s.parent_ref, s.lost_at FROM participation_subject s
WHERE s.type = :type AND s.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM (-- living
) l WHERE l.ref = s.ref) ORDER BY s.id FOR UPDATE OF s"""

_MATCHES = """
SELECT s.id, min(l.ref) AS ref, count(*) AS number FROM participation_subject s JOIN (-- living
) l ON -- condition
WHERE s.id = ANY(CAST(:ids AS bigint[])) GROUP BY s.id"""

_NEW_REFS = """
UPDATE participation_subject s SET ref = v.ref, lost_at = NULL, title = coalesce(l.title, s.title), name = coalesce(l.name, s.name),
    organization_id = coalesce(l.organization_id, s.organization_id), guid = coalesce(l.guid, s.guid), uri = coalesce(l.uri, s.uri),
    landing_page = coalesce(l.landing_page, s.landing_page), parent_ref = coalesce(l.parent_ref, s.parent_ref)
FROM unnest(CAST(:ids AS bigint[]), CAST(:refs AS text[])) AS v(id, ref) LEFT JOIN (-- living
) l ON l.ref = v.ref WHERE s.id = v.id"""

_SET_LOST = "UPDATE participation_subject SET lost_at = CAST(:at AS timestamptz) WHERE id = ANY(CAST(:ids AS bigint[]))"

# What was merged into a subject that is merged itself goes along.
_MERGED = tuple("""
UPDATE participation_subject s SET merged_into = v.there, lost_at = NULL
FROM unnest(CAST(:ids AS bigint[]), CAST(:there AS bigint[])) AS v(id, there) WHERE s.-- column = v.id""".replace("-- column", column)
                for column in ("merged_into", "id"))

_BACK = """
UPDATE participation_subject s SET lost_at = NULL WHERE s.lost_at IS NOT NULL AND s.merged_into IS NULL
AND (s.type = 'dataset' AND s.ref = ANY(CAST(:refs AS text[])) OR s.type = 'resource' AND s.parent_ref = ANY(CAST(:refs AS text[]))
     AND EXISTS (SELECT 1 FROM resource r WHERE r.id = s.ref AND r.state = 'active'))
RETURNING s.id, s.type, s.ref, s.title"""

_DATASETS_OF_FILES = """
INSERT INTO participation_subject (type, ref, title, name, organization_id, guid, uri, landing_page, created)
SELECT 'dataset', l.ref, l.title, l.name, l.organization_id, l.guid, l.uri, l.landing_page, :now FROM (-- living
) l WHERE l.ref IN (SELECT parent_ref FROM participation_subject WHERE type = 'resource' AND parent_ref IS NOT NULL AND merged_into IS NULL)
ON CONFLICT (type, ref) DO NOTHING"""


def sweep() -> dict[str, int]:
    """Note what is gone, give back what returned or is found again under another id; commit; return what was done.

    The counts are `{"lost", "returned", "reattached", "orphans"}`: orphans are still without their object afterwards.
    """
    try:
        return _sweep()
    except IntegrityError:
        # Somebody spoke about a dataset in the instant in which its old conversations came back: now both rows are there to see.
        model.Session.rollback()
        return _sweep()


def _sweep() -> dict[str, int]:
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    done = {"lost": 0, "returned": 0, "reattached": 0}
    touched: set[int] = set()
    for kind in (ORGANIZATIONS, DATASETS, FILES):
        _run(kind, _REFRESH)
        _returned(kind, done, touched)
        missing = {row.id: row for row in _run(kind, _MISSING)}
        found = _look_for(kind, list(missing))
        matches = [Match(missing[identifier], kind.type, *found[identifier]) for identifier in sorted(found)]
        if kind is FILES:
            matches += _to_their_datasets([row for row in missing.values() if row.id not in found])
        reattach(matches, touched)
        done["reattached"] += len(matches)
        gone = missing.keys() - {match.row.id for match in matches}
        lost = [row for row in missing.values() if row.id in gone and row.lost_at is None]
        _lost(lost)
        touched |= {row.id for row in lost}
        done["lost"] += len(lost)
        if kind is DATASETS:
            # While a dataset lives, its keys are kept even if only its files are talked about.
            _run(kind, _DATASETS_OF_FILES, now=now())
    tell(touched)
    removed.tidy()
    model.Session.commit()
    # The statements passed the session by.
    model.Session.expire_all()
    done["orphans"] = model.Session.scalar(
        sa.text("SELECT count(*) FROM participation_subject WHERE lost_at IS NOT NULL AND merged_into IS NULL")) or 0
    return done


def come_back(dataset_ids: Collection[str]) -> None:
    """Hear that a harvest writes these datasets, without committing: those that one had removed are as ever from the commit on.

    One statement where nothing came back, as nearly always. Files that did not come back with theirs are left to the sweep.
    """
    back = removed.forget(dataset_ids) if dataset_ids else []
    if not back:
        return
    rows = model.Session.execute(sa.text(_BACK), {"refs": back}).all()
    for type_ in ("dataset", "resource"):
        events.write_many("subject.returned", [_told(Match(row, type_, row.ref, "id"), row.id) for row in rows if row.type == type_])
    tell({row.id for row in rows})


def reattach(matches: list[Match], touched: set[int], *, event: str = "subject.reattached", actor_id: int | None = None) -> None:
    """Give lost subjects of one type their objects, without committing; adds the numbers of the rows to `touched`.

    A subject whose object is talked about already, and one that goes to an object of another type, is merged into that one's row,
    which the caller has made.
    """
    places = {type_: _places(type_, [match.ref for match in matches if match.type == type_]) for type_ in {match.type for match in matches}}
    there = {match.row.id: (places[match.type].setdefault(match.ref, match.row.id) if match.type == match.row.type
                            else places[match.type][match.ref]) for match in matches}
    plain = [match for match in matches if there[match.row.id] == match.row.id]
    merges = [match for match in matches if there[match.row.id] != match.row.id]
    if plain:
        # A type of another room's has no keys here: its own writes refresh them.
        kind = LIVING.get(plain[0].type) or Kind(plain[0].type, _BARE, ())
        _run(kind, _NEW_REFS, ids=[match.row.id for match in plain], refs=[match.ref for match in plain])
    for match in merges:
        for move in registry.movers():
            move(match.row.id, there[match.row.id])
    for statement in _MERGED if merges else ():
        model.Session.execute(sa.text(statement), {"ids": [match.row.id for match in merges],
                                                   "there": [there[match.row.id] for match in merges]})
    _follow([match for match in matches if match.type == match.row.type])
    rows = [_told(match, there[match.row.id]) for match in matches]
    if actor_id is None:
        events.write_many(event, rows)
    for row in rows if actor_id is not None else ():
        events.write(event, actor_id=actor_id, **row)
    touched |= {*there, *there.values()}


def tell(touched: set[int]) -> None:
    """Tell the rooms which subjects were lost, found or merged, before the commit."""
    if touched:
        for watch in registry.movement_watchers():
            watch(sorted(touched))


LIVING = {kind.type: kind for kind in (ORGANIZATIONS, DATASETS, FILES)}


def _run(kind: Kind, statement: str, condition: str = "", **values: Any) -> Any:
    """Run a statement that joins subjects with the objects of a kind.

    Between a large harvest and the next ANALYZE the planner takes full tables for empty ones and would compare every subject with every
    object (minutes for twenty thousand): these joins read both once instead. Statements of other rooms keep their plans.
    """
    model.Session.execute(sa.text("SET LOCAL enable_nestloop = off"))
    result = model.Session.execute(sa.text(statement.replace("-- living", kind.living).replace("-- condition", condition)),
                                   ({"type": kind.type} if ":type" in statement else {}) | values)
    model.Session.execute(sa.text("SET LOCAL enable_nestloop TO DEFAULT"))
    return result


def _returned(kind: Kind, done: dict[str, int], touched: set[int]) -> None:
    rows = _run(kind, _RETURNED).all()
    if rows:
        ids = [row.id for row in rows]
        model.Session.execute(sa.text(_SET_LOST), {"at": None, "ids": ids})
        events.write_many("subject.returned", [_told(Match(row, kind.type, row.ref, "id"), row.id) for row in rows])
        touched.update(ids)
        done["returned"] += len(ids)


def _look_for(kind: Kind, ids: list[int]) -> dict[int, tuple[str, str]]:
    """Return `{subject: (ref, key)}` of the lost subjects that exactly one living object matches."""
    found: dict[int, tuple[str, str]] = {}
    open_: set[int] = set(ids)
    for key, condition, final in kind.keys:
        if not open_:
            break
        for row in _run(kind, _MATCHES, condition, ids=sorted(open_)):
            if row.number == 1:
                found[row.id] = (row.ref, key)
            if row.number == 1 or final:
                open_.discard(row.id)
    return found


def _to_their_datasets(rows: list[Any]) -> list[Match]:
    """Return where the conversations of files go that their dataset does not have any more: to the dataset itself."""
    refs = sorted({row.parent_ref for row in rows if row.parent_ref})
    living = set(model.Session.scalars(sa.text(
        "SELECT id FROM package WHERE state = 'active' AND type = 'dataset' AND id = ANY(CAST(:refs AS text[]))"), {"refs": refs}))
    return [Match(row, "dataset", row.parent_ref, "dataset") for row in rows if row.parent_ref in living]


def _places(type_name: str, refs: list[str]) -> dict[str, int]:
    """Return the subject rows that objects have already; one that was merged away is the object's own again."""
    rows = model.Session.execute(sa.text(
        "SELECT id, ref, merged_into FROM participation_subject WHERE type = :type AND ref = ANY(CAST(:refs AS text[])) FOR UPDATE"),
        {"type": type_name, "refs": sorted(set(refs))}).all() if refs else []
    away = [row.id for row in rows if row.merged_into is not None]
    if away:
        model.Session.execute(sa.text(
            "UPDATE participation_subject SET merged_into = NULL, lost_at = NULL WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": away})
    return {row.ref: row.id for row in rows}


def _follow(matches: list[Match]) -> None:
    """Let the files of datasets, and everything of organisations, know the new id."""
    statement = _FOLLOW.get(matches[0].type) if matches else None
    if statement:
        model.Session.execute(sa.text(statement), {"former": [match.row.ref for match in matches],
                                                   "refs": [match.ref for match in matches]})


_FOLLOW = {
    "dataset": """UPDATE participation_subject s SET parent_ref = v.ref
        FROM unnest(CAST(:former AS text[]), CAST(:refs AS text[])) AS v(former, ref)
        WHERE s.type = 'resource' AND s.parent_ref = v.former""",
    "organization": """UPDATE participation_subject s SET organization_id = v.ref
        FROM unnest(CAST(:former AS text[]), CAST(:refs AS text[])) AS v(former, ref) WHERE s.organization_id = v.former""",
}


def _lost(rows: list[Any]) -> None:
    if rows:
        model.Session.execute(sa.text(_SET_LOST), {"at": now(), "ids": [row.id for row in rows]})
        events.write_many("subject.lost", [
            {"subject_id": row.id, "target": ("subject", row.id), "data": {"from": row.ref, "from_title": row.title}} for row in rows])


def _told(match: Match, there: int) -> dict[str, Any]:
    """Return the event of a match, of the subject `there` where the conversations are now."""
    data = {"from": match.row.ref, "to": match.ref, "by": match.key, "from_title": match.row.title}
    return {"subject_id": there, "target": ("subject", there), "data": data if there == match.row.id else data | {"merged": match.row.id}}
