"""What goes into a batch and what comes out of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ckanext.participation.harvesting.record import Record

Mode = Literal["compat", "fast"]


@dataclass(frozen=True)
class Run:
    """On whose behalf batches are written.

    `mode` compat: other extensions' hooks and signals are called for each dataset; fast: only this extension's own, and one signal per
    batch. `activities`: whether rows of the activity stream are written (where that plugin is on). `fence` is called at the beginning of
    each transaction; what it raises ends the writing and reaches the caller.
    """

    source_id: str
    job_id: str
    user: str
    mode: Mode = "compat"
    activities: bool = True
    fence: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Item:
    """One mapped record.

    `owner_org` is the id of an organisation that exists. `package_id`: the dataset that this record was written to before, also one that
    was removed since. `object_id`: the harvest object that was gathered for it; without one it is made, with `content` as the record came.
    `notes`: sentences for the report besides the record's own. `digest`: the record's, where it is known already.
    """

    guid: str
    record: Record
    owner_org: str | None
    package_id: str | None = None
    object_id: str | None = None
    content: str | None = None
    notes: tuple[str, ...] = ()
    digest: str = ""


@dataclass(frozen=True)
class Removal:
    """A record that the source lost; `object_id` as for an Item."""

    guid: str
    package_id: str
    object_id: str | None = None
    content: None = None


@dataclass(frozen=True)
class Refusal:
    """A record that cannot be a dataset, and why; `object_id` and `content` as for an Item."""

    guid: str
    reason: str
    content: str | None = None
    object_id: str | None = None


@dataclass
class Outcome:
    """What became of one record: `status` is the word of ckanext-harvest's report; `reason` says why it could not be written."""

    guid: str
    status: Literal["added", "updated", "deleted", "errored"]
    object_id: str
    package_id: str | None = None
    notes: list[str] = field(default_factory=list)
    reason: str = ""


# Called in the transaction, before its commit, with what it writes; what it raises undoes the transaction and reaches the caller.
BeforeCommit = Callable[[Sequence[Outcome]], None]
