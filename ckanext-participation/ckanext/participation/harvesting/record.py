"""One dataset of a source in our schema, whatever the source was; and what every mapping needs. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import sentences, values
from ckanext.participation.licences.register import Register
from ckanext.participation.licences.rules import recognise
from ckanext.participation.metadata import fields, languages

NOT_SPECIFIED = "notspecified"
# Where the source's own words about its licence are kept when the register does not know them.
LICENCE_AS_PUBLISHED = "licence_as_published"
# Raised when a mapping changes, so that unchanged records are mapped and written once more.
MAPPING_VERSION = 4

# What CKAN itself knows of a row besides our schema's fields; anything else would refuse the whole dataset.
_CORE = frozenset({"id", "name"})
# Every catalogue has themes of its own; those we do not have are no loss worth a row.
_QUIET = frozenset({"theme"})
_TEXTS_WITH_TWIN = ("title", "notes", "name", "description")


class Unreadable(ValueError):
    """A record that cannot become a dataset; `str()` is the sentence for its row in the report."""


@dataclass(frozen=True)
class Mapper:
    """What mappings draw on: the licence register, the site's format names, the language of untagged text, more names of licences.

    `groups`: names of the catalogue's groups, where the source's settings have to do with groups.
    """

    register: Register
    formats: Mapping[str, str]
    default_language: str = "en"
    catalogue_language: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    groups: Collection[str] = frozenset()

    def language_of(self, *stated: object) -> str:
        """The language of untagged text: what the record says if it names just one, else the catalogue's, else the site's."""
        codes = {code for value in stated for one in values.texts(value) if (code := values.language_code(one)) in {"fr", "en"}}
        return codes.pop() if len(codes) == 1 else (self.catalogue_language or self.default_language)


@dataclass
class Organisation:
    """Who publishes a dataset, as far as the source says."""

    identifier: str
    name: str
    title_translated: values.Texts
    description_translated: values.Texts = field(default_factory=dict)
    image_url: str = ""
    url: str = ""


@dataclass
class Remote:
    """What the source says besides, for a source's settings to choose from.

    `groups`: for each of its groups the names by which it may be meant; `themes`: words and addresses; `extras`: fields we have none for.
    """

    groups: list[tuple[str, ...]] = field(default_factory=list)
    themes: list[str] = field(default_factory=list)
    extras: dict[str, str] = field(default_factory=dict)
    identifier: str = ""


@dataclass
class Record:
    """A mapped dataset, its organisation, and sentences about what could not be kept."""

    dataset: dict[str, Any]
    organisation: Organisation | None = None
    notes: list[str] = field(default_factory=list)
    remote: Remote = field(default_factory=Remote)

    def digest(self) -> str:
        """The same for the same content: what decides whether a second run has anything to write."""
        whole = [MAPPING_VERSION, self.dataset, asdict(self.organisation) if self.organisation else None]
        return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


def licence(mapper: Mapper, *, identifier: object = None, title: object = None, url: object = None) -> tuple[str, str]:
    """(the register's id, the source's own words when the register does not know them).

    Nothing stated gives `notspecified`; so does what is not known or not clear, with the source's words kept. They are kept as well where
    only a name that the site added leads to the id: such a name can be taken back.
    """
    match = recognise(mapper.register, licence_id=identifier, title=title, url=url, extra=mapper.names)
    if match.id and (not mapper.names or recognise(mapper.register, licence_id=identifier, title=title, url=url).id == match.id):
        return match.id, ""
    said = list(dict.fromkeys(part for part in (values.text(title), values.text(url), values.text(identifier)) if part))
    return match.id or NOT_SPECIFIED, " · ".join(said)


def tags(keywords: Mapping[str, object]) -> dict[str, list[str]]:
    """Keywords by language, repaired into tags that CKAN takes; a keyword that holds several is split at commas."""
    found: dict[str, list[str]] = {}
    for language, raw in keywords.items():
        words = [
            part for word in values.texts(raw) for part in (word.split(",") if word.count(",") > 1 or len(word) > 100 else [word])
        ]
        if repaired := languages.repair_tags(words):
            found[language] = repaired
    return found


def settle(mapper: Mapper, record: Record) -> Record:
    """Keep what our schema takes, and say what was left out; raises Unreadable for a record without a title."""
    dataset = record.dataset
    extras = [extra for extra in dataset.pop("extras", []) if extra["value"]]
    resources = dataset.pop("resources", [])
    kept = _accepted(mapper, "dataset", dataset, record.notes)
    if not kept.get("title_translated"):
        raise Unreadable(N_("The record has no title."))
    kept["resources"] = [
        settled for resource in resources if (settled := _accepted(mapper, "resource", resource, record.notes)).get("url")
    ]
    if len(kept["resources"]) < len(resources):
        record.notes.append(sentences.FILES_LEFT_OUT(number=len(resources) - len(kept["resources"]), total=len(resources)))
    kept["extras"] = extras
    record.dataset = kept
    return record


def _accepted(mapper: Mapper, kind: str, row: Mapping[str, Any], notes: list[str]) -> dict[str, Any]:
    groups = fields.composites(kind)
    known = fields.definitions(kind)
    kept: dict[str, Any] = {}
    for name, value in values.without_empty(row).items():
        if name in groups:
            taken: Any = values.unique(
                {sub: _asked(mapper, kind, f"{name}.{sub}", raw, notes) for sub, raw in group.items() if sub in groups[name]}
                for group in value
            )
        elif name in known:
            taken = _asked(mapper, kind, name, value, notes)
        else:
            taken = value if name in _CORE else None
        if taken not in (None, "", [], {}):
            kept[name] = taken
    for name in _TEXTS_WITH_TWIN:
        if f"{name}_translated" in kept:
            kept[name] = languages.pick(kept[f"{name}_translated"], mapper.default_language)[0]
    return kept


def _asked(mapper: Mapper, kind: str, name: str, value: Any, notes: list[str]) -> Any:
    if value in (None, "", [], {}) or (isinstance(value, Mapping) and not any(value.values())):
        return None
    value = _cut(kind, name, value, notes)
    taken = fields.accept(kind, name, value, mapper.default_language)
    if taken is None and name not in _QUIET:
        notes.append(sentences.VALUE_LEFT_OUT(field=name, value=str(value)[:100]))
    return taken


def _cut(kind: str, name: str, value: Any, notes: list[str]) -> Any:
    """Text without what its field has no room for: a part of it is worth more than none."""
    if isinstance(value, str):
        shorter: Any = fields.cut(kind, name, value)
    elif isinstance(value, Mapping):
        shorter = {key: fields.cut(kind, name, written) if isinstance(written, str) else written for key, written in value.items()}
    else:
        return value
    if shorter != value:
        notes.append(sentences.CUT(field=name, number=fields.longest(kind, name)))
    return shorter
