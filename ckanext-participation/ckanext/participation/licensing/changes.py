"""Noting that the terms of a dataset, or of one of its files, are others than before: row, event and announcement in one transaction
with the write that changed them. Of a dataset whose terms never change nothing is stored.

CKAN's actions that change a dataset all end in `package_update`. Before it (`remember`, by a chained action) the licence fields are
kept in the context; after the write and before the commit (`note`, by the plugin's `after_dataset_update`) they are compared. Only what
differs is recognised. What a file is under is its own licence, else the dataset's: so a dataset's change is told once, not for each of
its files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation.common import events, subjects
from ckanext.participation.common.model import Person, Subject, now
from ckanext.participation.common.registry import registry
from ckanext.participation.licences import box, further, saying
from ckanext.participation.licences.folding import clean, keys_of, text_key
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licensing import rules
from ckanext.participation.licensing.model import LicenceChange
from ckanext.participation.licensing.records import LicenceAlias

Via = Literal["edit", "harvest", "return"]
LONGEST_WORDS = 300
# Where an action's context keeps what a dataset said before the write under way.
IN_CONTEXT = "participation_terms_before"
# CKAN keeps this beside the dataset's row: its page knows without asking that there is a history.
MARK = "participation_licence_changed"


@dataclass(frozen=True, slots=True)
class Stated:
    """What the database says of a dataset's terms: the dataset as `licences.box` reads it, and each file by its id."""

    dataset: dict[str, Any]
    files: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """One change: of the dataset (`files` is None), or of these files, `[{"id", "name"}]`."""

    before: rules.Terms
    after: rules.Terms
    files: list[dict[str, str]] | None
    since: datetime | None

    @property
    def kind(self) -> rules.Kind:
        """Return what kind of change it is."""
        return rules.kind(self.before, self.after)


def remember(context: Context, data_dict: dict[str, Any]) -> None:
    """Keep what the dataset says now, before CKAN writes it."""
    _kept(context)
    ref = data_dict.get("id") or data_dict.get("name")
    package = model.Package.get(ref) if isinstance(ref, str) and "\x00" not in ref else None
    if package is not None and package.type == "dataset" and package.state != "draft":
        context[IN_CONTEXT] = (package.id, stated(package))  # type: ignore[literal-required]


def note(context: Context, package_id: str) -> None:
    """Write what changed since `remember`, without committing: CKAN commits it with the dataset, or neither."""
    kept = _kept(context)
    package = model.Package.get(package_id) if kept and kept[0] == package_id else None
    if kept is None or package is None or package.state != model.State.ACTIVE:
        return
    after = stated(package)
    found = compare(kept[1], after, aware(package.metadata_created))
    if not found:
        return
    via, actor_id = _by(context, package)
    if via == "harvest":
        found = [one for one in found if one.files is not None or not _only_read_otherwise(kept[1].dataset, after.dataset, one)]
    if found:
        write(package, found, via, actor_id)


def _only_read_otherwise(before: dict[str, Any], after: dict[str, Any], found: Found) -> bool:
    """Say whether the source says what it said, and only the site's names for its words are others than at its last run."""
    words, same = _as_published(before), _as_published(after)
    if not words or words != same:
        return False
    meant = LicenceAlias.meant([key for part in words.split(box.BETWEEN) for key in keys_of(part)]) | {box.UNRECOGNISED}
    return {found.before.id, found.after.id} <= meant


def _as_published(dataset: dict[str, Any]) -> str:
    return next((clean(extra["value"]) for extra in dataset["extras"] if extra["key"] == box.AS_PUBLISHED), "")


def _kept(context: Context) -> tuple[str, Stated] | None:
    return context.pop(IN_CONTEXT, None)  # type: ignore[typeddict-item, return-value]


def stated(package: Any) -> Stated:
    """Return a copy of what the database holds of a dataset's terms, its files in their order."""
    extras = [{"key": key, "value": value} for key, value in (package.extras or {}).items()]
    files = {file.id: {**(file.extras or {}), "id": file.id, "name": file.name or "", "created": file.created}
             for file in package.resources}
    return Stated({"license_id": package.license_id or "", "extras": extras}, files)


def compare(before: Stated, after: Stated, since: datetime | None = None) -> list[Found]:
    """Return what differs: the dataset first, then groups of files that had and have the same terms."""
    # Both sides by the same names: what the site calls something now, it calls what was said before.
    names = further.names()
    was = of_dataset(before.dataset, names)
    now_ = was if before.dataset == after.dataset else of_dataset(after.dataset, names)
    found = [Found(was, now_, None, since)] if rules.differ(was, now_) else []
    groups: dict[tuple[str, ...], Found] = {}
    for ref, file in after.files.items():
        former = before.files.get(ref)
        # A file that came or went has no terms that changed; one that says the same follows its dataset or keeps its own.
        if former is None or former == file:
            continue
        one, other = of_file(former, names) or was, of_file(file, names) or now_
        if rules.differ(one, other) and (one.id, other.id) != (was.id, now_.id):
            group = groups.setdefault((one.id, one.words, other.id, other.words), Found(one, other, [], aware(file["created"])))
            (group.files if group.files is not None else []).append({"id": ref, "name": clean(file["name"])[:LONGEST_WORDS]})
    return [*found, *groups.values()]


def of_dataset(dataset: dict[str, Any], names: Mapping[str, str]) -> rules.Terms:
    """Return what a dataset is under; `names` are those that the site added."""
    found = box.of_dataset(bundled_register(), dataset, names)
    return rules.Terms(box.index_value(found), found.licence, saying.words_of(dataset)[:LONGEST_WORDS])


def of_file(file: dict[str, Any], names: Mapping[str, str]) -> rules.Terms | None:
    """Return the terms that a file states for itself; None when it states none, and is under the dataset's."""
    found = box.of_file(bundled_register(), file, names)
    if found is None or found.state == "not-specified":
        return None
    return rules.Terms(box.index_value(found), found.licence, saying.words_of_file(file)[:LONGEST_WORDS])


def write(package: Any, found: list[Found], via: Via, actor_id: int | None) -> None:
    """Add the rows of one write, one event for all of them, and the mark on the dataset, without committing."""
    loaded = registry.subject_types["dataset"].load(package.id)
    if loaded is None:
        return
    subject = subjects.row_for("dataset", loaded)
    at = now()
    rows = [LicenceChange(subject_id=subject.id, at=at, since=one.since, kind=one.kind, via=via, before=one.before.id, after=one.after.id,
                          before_words=one.before.words, after_words=one.after.words, files=one.files, actor_id=actor_id,
                          state=rules.state_at_first(one.kind)) for one in found]
    model.Session.add_all(rows)
    if not (package.plugin_data or {}).get(MARK):
        package.plugin_data = {**(package.plugin_data or {}), MARK: True}
    model.Session.flush()
    events.write("licence.changed", actor_id=actor_id, subject_id=subject.id, target=("licence_change", rows[0].id), data={
        "via": via, "changes": [{"id": row.id, "kind": row.kind, "before": row.before, "after": row.after,
                                 "files": [file["id"] for file in row.files] if row.files is not None else None} for row in rows]})


def came_back(subject_ids: list[int]) -> None:
    """Hear which subjects the sweep touched: datasets with a history that came back under another id, or with other terms.

    Called before the sweep's commit. Few have a history, so most sweeps cost one statement.
    """
    rows = model.Session.execute(
        sa.select(LicenceChange, Subject.ref).join(Subject, Subject.id == LicenceChange.subject_id)
        .where(LicenceChange.subject_id.in_(subject_ids), Subject.type == "dataset", Subject.lost_at.is_(None),
               Subject.merged_into.is_(None)).order_by(LicenceChange.id)).all()
    last = {ref: change for change, ref in rows if change.files is None}
    for ref in dict.fromkeys(ref for _change, ref in rows):
        package = model.Package.get(ref)
        if package is None or package.state != model.State.ACTIVE:
            continue
        if not (package.plugin_data or {}).get(MARK):
            package.plugin_data = {**(package.plugin_data or {}), MARK: True}
        change, after = last.get(ref), of_dataset(stated(package).dataset, further.names())
        if change is None or (change.after == box.UNRECOGNISED and text_key(change.after_words) == text_key(after.words)):
            # The same words as then: a name that the site added since may lead to a licence, which is no change of the terms.
            continue
        before = rules.Terms(change.after, bundled_register().licences.get(change.after), change.after_words)
        if rules.differ(before, after):
            write(package, [Found(before, after, None, change.at)], "return", None)


def _by(context: Context, package: Any) -> tuple[Via, int | None]:
    """Say whether a harvest or a person wrote, and who."""
    name = context.get("user")
    machines = {tk.config.get("ckanext.harvest.user_name"), "harvest", tk.config.get("ckan.site_id")}
    if name in machines and {"guid", "harvest_object_id", "harvest_source_id"} & (package.extras or {}).keys():
        return "harvest", None
    user = context.get("auth_user_obj") or (model.User.get(name) if name else None)
    if not isinstance(user, model.User) or user.name != name or name in machines:
        return "edit", None
    return "edit", Person.for_user(user.id)


def aware(moment: datetime | None) -> datetime | None:
    """Return a moment of CKAN with its zone: it stores them without one, in UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
