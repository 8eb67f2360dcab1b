"""The statements of a batch: one of each kind, whatever the number of datasets."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckanext.harvest.model import HarvestObject, HarvestObjectError, HarvestObjectExtra
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common.model import now_of_ckan
from ckanext.participation.harvesting.batches import loading, naming, rows
from ckanext.participation.harvesting.batches.checking import Plan
from ckanext.participation.harvesting.batches.items import Item, Outcome, Refusal, Removal, Run
from ckanext.participation.harvesting.batches.loading import Here, Tag
from ckanext.participation.harvesting.batches.rows import Row

# Names and free tags have no constraint that a batch could lean on, so one batch at a time settles both.
ONE_AT_A_TIME = 7_203_006


@dataclass
class Written:
    """What became of one plan: whether CKAN's own action would have said that it changed, and its files that are new or changed."""

    plan: Plan
    changed: bool
    new_files: list[str] = field(default_factory=list)
    changed_files: list[str] = field(default_factory=list)
    changed_addresses: list[str] = field(default_factory=list)


def save(plans: Sequence[Plan], here: Here, creator: str | None) -> list[Written]:
    """Write the datasets with their files, tags and owners; raises what the database raises."""
    moment = now_of_ckan()
    model.Session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
    _free_names([plan for plan in plans if plan.package is None])
    inserted: list[Row] = []
    changed: list[Row] = []
    files = rows.Files()
    written = []
    tags = _Tags(plans, here)
    for plan in plans:
        before = loading.columns(plan.package) if plan.package is not None else None
        if before is None and creator:
            plan.data["creator_user_id"] = creator
        row, differs = rows.package(plan.data, before, moment)
        known = here.resources.get(plan.id, [])
        of_this = rows.files(plan.data.get("resources") or [], known, plan.id, moment)
        done = Written(plan, tags.tie(plan) | differs | of_this.changed)
        _note_files(done, of_this, known)
        if done.changed and before is not None and not plan.data.get("metadata_modified"):
            row["metadata_modified"] = moment
        (inserted if before is None else changed if done.changed else []).append(row)
        files.insert += of_this.insert
        files.change += of_this.change
        files.purge += of_this.purge
        written.append(done)
    _insert(model.package_table, inserted)
    _replace(model.package_table, changed)
    _delete(model.resource_table, files.purge)
    _insert(model.resource_table, files.insert)
    _replace(model.resource_table, files.change)
    tags.save()
    _own([done.plan for done in written], here)
    return written


def harvest_objects(outcomes: Sequence[Outcome], items: Mapping[str, Item | Refusal | Removal], digests: dict[str, str], run: Run) -> None:
    """Make or finish the harvest objects, with their digests and their rows of the report; earlier ones are no longer current."""
    moment = now_of_ckan()
    made, finished = [], []
    for outcome in outcomes:
        item = items[outcome.guid]
        state: Row = {"state": "ERROR" if outcome.status == "errored" else "COMPLETE", "report_status": outcome.status,
                      "current": outcome.status in {"added", "updated"}, "package_id": outcome.package_id, "import_finished": moment}
        if item.object_id is None:
            made.append({**state, "id": outcome.object_id, "guid": storable(item.guid), "content": storable(item.content),
                         "harvest_job_id": run.job_id, "harvest_source_id": run.source_id, "gathered": moment, "retry_times": 0,
                         "import_started": moment, "fetch_started": None, "fetch_finished": None, "metadata_modified_date": None})
        else:
            finished.append({f"new_{name}": value for name, value in state.items()} | {"own_id": outcome.object_id})
    told = [outcome.guid for outcome in outcomes if outcome.status != "errored"]
    table: Any = HarvestObject.__table__
    if told:
        model.Session.execute(
            sa.update(table).where(table.c.harvest_source_id == run.source_id, table.c.guid.in_(told), table.c.current.is_(True))
            .values(current=False))
    _insert(table, made)
    if finished:
        names = ("state", "report_status", "current", "package_id", "import_finished")
        model.Session.connection().execute(
            sa.update(table).where(table.c.id == sa.bindparam("own_id")).values({name: sa.bindparam(f"new_{name}") for name in names}),
            finished)
    _insert(HarvestObjectExtra.__table__, [
        {"id": str(uuid.uuid4()), "harvest_object_id": outcome.object_id, "key": "digest", "value": digests[outcome.guid]}
        for outcome in outcomes if outcome.guid in digests])
    _insert(HarvestObjectError.__table__, [
        {"id": str(uuid.uuid4()), "harvest_object_id": outcome.object_id, "message": storable(said), "stage": "Import", "line": None,
         "created": moment}
        for outcome in outcomes if (said := outcome.reason or "\n".join(outcome.notes))])


def storable(text: str | None) -> str | None:
    """The text without what no database holds, for rows that tell what came."""
    return None if text is None else text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _free_names(plans: Sequence[Plan]) -> None:
    """Give another name to what somebody else took since the names were reserved."""
    names = {plan.data["name"] for plan in plans}
    gone = naming.taken(names)
    late = [plan for plan in plans if plan.data["name"] in gone]
    for plan, name in zip(late, naming.reserve([plan.wanted_name for plan in late], names), strict=True):
        plan.dataset["name"] = plan.data["name"] = name


def _note_files(done: Written, files: rows.Files, known: Sequence[Row]) -> None:
    before = {row["id"]: row for row in known}
    done.new_files = [row["id"] for row in files.insert]
    done.changed_files = [row["id"] for row in files.change]
    done.changed_addresses = [row["id"] for row in files.change if row["url"] != before[row["id"]]["url"]]


class _Tags:
    """The tags of a batch: found or made together, then tied to each dataset."""

    def __init__(self, plans: Sequence[Plan], here: Here) -> None:
        self._here = here
        self._ids = _tag_ids({tag for plan in plans for tag in rows.tags(plan.data.get("tags"))})
        self._new: list[Row] = []
        self._states: dict[str, list[str]] = {"active": [], "deleted": []}

    def tie(self, plan: Plan) -> bool:
        """Whether the dataset's tags change."""
        tied = self._here.tags.get(plan.id, {})
        wanted = rows.tags(plan.data.get("tags"))
        changed = False
        for tag in wanted:
            identifier, state = tied.get(tag, ("", ""))
            if not identifier:
                self._new.append({"id": str(uuid.uuid4()), "package_id": plan.id, "tag_id": self._ids[tag], "state": "active"})
            elif state != "active":
                self._states["active"].append(identifier)
            changed |= state != "active"
        for tag, (identifier, state) in tied.items():
            if tag not in wanted and state == "active":
                self._states["deleted"].append(identifier)
                changed = True
        return changed

    def save(self) -> None:
        _insert(model.package_tag_table, self._new)
        _set_state(model.package_tag_table, self._states)


def _tag_ids(tags: set[Tag]) -> dict[Tag, str]:
    if not tags:
        return {}
    ordered = sorted(tags, key=str)
    asked = {"names": [name for name, _ in ordered], "vocabularies": [vocabulary for _, vocabulary in ordered],
             "ids": [str(uuid.uuid4()) for _ in ordered]}
    model.Session.execute(sa.text("""
        INSERT INTO tag (id, name, vocabulary_id)
        SELECT v.id, v.name, v.vocabulary FROM unnest(CAST(:ids AS text[]), CAST(:names AS text[]), CAST(:vocabularies AS text[]))
            AS v (id, name, vocabulary)
        WHERE NOT EXISTS (SELECT 1 FROM tag WHERE tag.name = v.name AND tag.vocabulary_id IS NOT DISTINCT FROM v.vocabulary)"""), asked)
    found = model.Session.execute(
        sa.text("SELECT min(id) AS id, name, vocabulary_id FROM tag WHERE name = ANY(:names) GROUP BY name, vocabulary_id"), asked)
    return {(row.name, row.vocabulary_id): row.id for row in found}


def _into_groups(plan: Plan, here: Here, new: list[Row], active: list[str]) -> None:
    """Tie the dataset to its groups. None is taken away: a harvest does not know who put the dataset there."""
    tied = {row.group_id: row for row in here.members.get(plan.id, ()) if not row.is_organization}
    for group in plan.data.get("groups") or []:
        member = tied.get(group["id"])
        if member is None:
            new.append({"id": str(uuid.uuid4()), "table_name": "package", "table_id": plan.id, "capacity": "public",
                        "group_id": group["id"], "state": "active"})
        elif member.state != "active":
            active.append(member.id)


def _own(plans: Sequence[Plan], here: Here) -> None:
    """Tie each dataset to its owner and its groups, and untie it from the owner before."""
    new: list[Row] = []
    states: dict[str, list[str]] = {"active": [], "deleted": []}
    for plan in plans:
        _into_groups(plan, here, new, states["active"])
        owner = plan.data.get("owner_org") or (plan.package.owner_org if plan.package is not None else None)
        tied = [row for row in here.members.get(plan.id, ()) if row.capacity == "organization"]
        states["deleted"] += [row.id for row in tied if row.group_id != owner and row.state == "active"]
        own = [row for row in tied if row.group_id == owner]
        if owner and not own:
            new.append({"id": str(uuid.uuid4()), "table_name": "package", "table_id": plan.id, "capacity": "organization",
                        "group_id": owner, "state": "active"})
        elif owner and not any(row.state == "active" for row in own):
            # CKAN leaves it deleted when a dataset comes back; then the organisation does not count it as its own.
            states["active"].append(own[0].id)
    _insert(model.member_table, new)
    _set_state(model.member_table, states)


def _insert(table: Any, new: Sequence[Row]) -> None:
    if new:
        # On the connection: these are rows, not objects of the session.
        model.Session.connection().execute(sa.insert(table), list(new))


def _replace(table: Any, changed: Sequence[Row]) -> None:
    """Change whole rows. They are there, so this never inserts: it is the one statement that changes many rows to different values."""
    if changed:
        statement = insert(table)
        statement = statement.on_conflict_do_update(
            index_elements=["id"], set_={column.name: statement.excluded[column.name] for column in table.c if column.name != "id"})
        model.Session.connection().execute(statement, list(changed))


def _delete(table: Any, ids: Iterable[str]) -> None:
    if wanted := list(ids):
        model.Session.execute(sa.delete(table).where(table.c.id.in_(wanted)))


def _set_state(table: Any, ids: dict[str, list[str]]) -> None:
    for state, of_these in ids.items():
        if of_these:
            model.Session.execute(sa.update(table).where(table.c.id.in_(of_these)).values(state=state))
