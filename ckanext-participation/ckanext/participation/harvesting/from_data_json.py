"""A dataset of a DCAT-US `data.json`, in our schema. Pure.

The stock converter drops the licence, the media type and most else, and adds a `language` that a schema with that field
refuses; this one reads every field of DCAT-US 1.1 that we have a place for (table in docs/harvesting.md).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import formats, values
from ckanext.participation.harvesting.record import (
    LICENCE_AS_PUBLISHED,
    Mapper,
    Organisation,
    Record,
    Remote,
    Unreadable,
    licence,
    settle,
    tags,
)

MAX_LEVELS = 20
# An identifier of more records than that says that the whole list went wrong.
MOST_SHARED = 100
# DCAT-US 1.1's own fields, all of which are read.
_READ = frozenset(
    ["title", "description", "keyword", "license", "publisher", "contactPoint", "issued", "modified", "accrualPeriodicity", "temporal",
     "spatial", "accessLevel", "rights", "theme", "references", "describedBy", "describedByType", "conformsTo", "landingPage",
     "identifier", "language", "distribution", "bureauCode", "programCode", "systemOfRecords", "primaryITInvestmentUII", "isPartOf"]
)
# Kept as extras: they have no field of ours and agencies search by them.
_KEPT = {
    "bureauCode": "bureau_code",
    "programCode": "program_code",
    "systemOfRecords": "system_of_records",
    "primaryITInvestmentUII": "primary_it_investment_uii",
    "isPartOf": "is_part_of",
}

_PREFIXES = ("dct:", "dcterms:", "dcat:", "schema:")
_SCHEMA_ORG = {"name": "title", "keywords": "keyword", "url": "landingPage", "datePublished": "issued", "dateModified": "modified",
               "@id": "identifier", "temporalCoverage": "temporal", "inLanguage": "language"}


def guid_of(remote: Mapping[str, Any]) -> str:
    """What identifies a record from run to run: its identifier, else its page, else its first file, else its words."""
    remote = _in_our_terms(remote)
    files = _distributions(remote)
    first = next((values.text(row.get("downloadURL")) or values.text(row.get("accessURL")) for row in files), "")
    words = f"{_publishers(remote.get('publisher'))[0:1]}{values.text(remote.get('title'))}"
    return values.text(remote.get("identifier")) or values.text(remote.get("landingPage")) or first or values.slug(words)


class Known(Protocol):
    """What is told apart: an identifier, and how the record is had."""

    guid: str
    content: Callable[[], Any] | None


def tell_apart(entries: Sequence[Known]) -> None:
    """Give records that share an identifier, a page or a file and have other titles identifiers of their own, the same ones in every run.

    Offices put the same number, or the portal's first page, at many of their records. The same title twice is one record twice.
    Of more than `MOST_SHARED` only the first is read, as of any record that comes again.
    """
    shared = Counter(entry.guid for entry in entries)
    titles: dict[str, set[str]] = {}
    for entry in entries:
        if shared[entry.guid] > 1:
            titles.setdefault(entry.guid, set()).add(_title(entry))
    for entry in entries:
        # By all their titles, not by their order, which is another one tomorrow.
        if 1 < len(titles.get(entry.guid, ())) <= MOST_SHARED and (title := _title(entry)):
            entry.guid = f"{entry.guid}~{title}"


def _title(entry: Known) -> str:
    remote = entry.content() if entry.content else None
    titles: values.Texts = values.in_languages(_in_our_terms(remote).get("title"), "en") if isinstance(remote, Mapping) else {}
    whole = " ".join(titles[language] for language in sorted(titles))
    return values.slug(whole) or (hashlib.sha256(whole.encode()).hexdigest()[:16] if whole else "")


def from_data_json(remote: object, mapper: Mapper) -> Record:
    """Map one dataset; raises Unreadable when it cannot be one."""
    if not isinstance(remote, Mapping):
        raise Unreadable(N_("The record is not a group of fields."))
    remote = _in_our_terms(remote)
    language = mapper.language_of(remote.get("language"))
    license_id, as_published = licence(mapper, **_licence_said(remote.get("license")))
    publishers = _publishers(remote.get("publisher"))
    contact = remote.get("contactPoint") if isinstance(remote.get("contactPoint"), Mapping) else {}
    dictionary = values.text(remote.get("describedBy"))
    dataset: dict[str, Any] = {
        "title_translated": values.in_languages(remote.get("title"), language),
        "notes_translated": values.in_languages(remote.get("description"), language),
        "tags_translated": tags({language: _keywords(remote.get("keyword"))}),
        "license_id": license_id,
        "url": values.text(remote.get("landingPage")),
        "identifier": values.text(remote.get("identifier")),
        "uri": identifier
        if (identifier := values.text(remote.get("identifier"))).startswith("http")
        else values.text(remote.get("@id")),
        "publisher": [{"name_translated": {language: publishers[0]}}] if publishers else [],
        "contact": [{"name": values.text(contact.get("fn")), "email": values.text(contact.get("hasEmail"))}],
        "theme": values.texts(remote.get("theme")),
        "frequency": values.text(remote.get("accrualPeriodicity")),
        "access_rights": values.text(remote.get("accessLevel")),
        "language": [code for one in values.texts(remote.get("language")) if (code := values.language_code(one))],
        "issued": values.date(remote.get("issued")),
        "modified": values.date(remote.get("modified")),
        "temporal_coverage": values.period(remote.get("temporal")),
        "spatial_coverage": [values.place(remote.get("spatial"))],
        "documentation": values.texts(remote.get("references")),
        "data_dictionary": [{"url": dictionary, "format": values.text(remote.get("describedByType"))}] if dictionary else [],
        "conforms_to": values.texts(remote.get("conformsTo")),
        "resources": [_resource(row, mapper, language) for row in _distributions(remote)],
        "extras": [
            {"key": LICENCE_AS_PUBLISHED, "value": as_published},
            {"key": "rights_as_published", "value": _rights(remote.get("rights"))},
            {"key": "themes_as_published", "value": "; ".join(values.texts(remote.get("theme")))},
            {"key": "publisher_hierarchy", "value": " > ".join(reversed(publishers)) if len(publishers) > 1 else ""},
            *({"key": ours, "value": "; ".join(values.texts(remote.get(theirs)))} for theirs, ours in _KEPT.items()),
        ],
    }
    other = {str(key): value for key, value in remote.items() if key not in _READ and not str(key).startswith("@")}
    said = Remote(
        themes=values.texts(remote.get("theme")), extras=values.plain(other), identifier=values.text(remote.get("identifier"))
    )
    return settle(mapper, Record(dataset, _organisation(publishers, language), remote=said))


def _in_our_terms(remote: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record with DCAT-US's names where it has those of schema.org, or DCAT's with their prefixes."""
    remote = _without_prefixes(remote)
    if remote.get("title") or not remote.get("name"):
        return remote
    return {**remote, **{ours: remote[theirs] for theirs, ours in _SCHEMA_ORG.items() if theirs in remote and not remote.get(ours)}}


def _without_prefixes(row: Mapping[str, Any]) -> Mapping[str, Any]:
    short = {str(key).rpartition(":")[2]: value for key, value in row.items() if str(key).startswith(_PREFIXES)}
    return {**short, **row} if short else row


def _organisation(publishers: list[str], language: str) -> Organisation | None:
    """The top of the publisher's hierarchy: the agency that answers; the bureau stays in `publisher`."""
    if not publishers:
        return None
    top = publishers[-1]
    return Organisation(identifier=top, name=values.slug(top), title_translated={language: top})


def _publishers(value: object) -> list[str]:
    """The publisher's name and those above it, each once, from the nearest to the highest."""
    names: list[str] = []
    for _ in range(MAX_LEVELS):
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str):
            names.append(value.strip())
            break
        if not isinstance(value, Mapping):
            break
        names.append(values.text(value.get("name")))
        value = value.get("subOrganizationOf")
    return list(dict.fromkeys(name for name in names if name))


def _distributions(remote: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = remote.get("distribution")
    listed = listed if isinstance(listed, list) else [listed]
    # Some give nothing of a file but its address.
    return [row if isinstance(row, Mapping) else {"downloadURL": row} for row in listed if isinstance(row, (Mapping, str)) and row]


def _resource(row: Mapping[str, Any], mapper: Mapper, language: str) -> dict[str, Any]:
    row = _without_prefixes(row)
    download = values.text(row.get("downloadURL")) or values.text(row.get("contentUrl"))
    access = values.text(row.get("accessURL"))
    address = download or access
    stated = values.text(row.get("license"))
    license_id, as_published = licence(mapper, **_licence_said(row.get("license")))
    dictionary = values.text(row.get("describedBy"))
    names = values.in_languages(row.get("title") or row.get("name"), language)
    shape = formats.file_format(row.get("format"), row.get("mediaType"), address, mapper.formats)
    return {
        "url": address,
        "download_url": download,
        "access_url": access,
        "name_translated": names or {language: shape},
        "description_translated": values.in_languages(row.get("description"), language),
        "format": shape,
        "mimetype": formats.media_type(row.get("mediaType")),
        "license": (as_published or license_id) if stated else "",
        "data_dictionary": [{"url": dictionary, "format": values.text(row.get("describedByType"))}] if dictionary else [],
        "conforms_to": values.texts(row.get("conformsTo")),
        "size": row.get("byteSize"),
        "issued": values.date(row.get("issued")),
        "modified": values.date(row.get("modified")),
    }


def _licence_said(value: object) -> dict[str, object]:
    said = values.text(value)
    return {"url": said} if said.startswith(("http:", "https:", "www.")) else {"title": said}


def _keywords(value: object) -> list[str]:
    return value.replace(";", ",").split(",") if isinstance(value, str) else values.texts(value)


def _rights(value: object) -> str:
    said = values.text(value)
    return "" if said.lower() in {"true", "false", "n/a", "none", "na"} else said
