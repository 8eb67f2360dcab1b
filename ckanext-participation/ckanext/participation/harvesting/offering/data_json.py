"""A dataset of ours as a dataset of DCAT-US 1.1 (`data.json`), in the site's default language. Pure but for the licence register.

The other direction is `harvesting.from_data_json`; what the format cannot carry is listed in docs/feeds.md. Fields:
https://resources.data.gov/resources/dcat-us/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ckanext.participation.harvesting import values
from ckanext.participation.harvesting.offering.licensing import Licences
from ckanext.participation.licences import box
from ckanext.participation.licences.folding import clean, looks_like_url
from ckanext.participation.licences.profile import address_of
from ckanext.participation.metadata import fields, languages

SCHEMA = "https://project-open-data.cio.gov/v1.1/schema"
CONTEXT = f"{SCHEMA}/catalog.jsonld"
DESCRIBED_BY = f"{SCHEMA}/catalog.json"

_ACCESS = {"PUBLIC": "public", "RESTRICTED": "restricted public", "SENSITIVE": "restricted public", "CONFIDENTIAL": "restricted public",
           "NON_PUBLIC": "non-public"}
# Ways in rather than files.
_PAGES = frozenset({"HTML", "API", "REST", "WMS", "WFS", "WMTS", "WCS", "SPARQL", "ESRI REST", "ARCGIS GEOSERVICES REST API"})
# Kept as extras by the reader, because agencies of the United States search by them.
_LISTS = {"bureau_code": "bureauCode", "program_code": "programCode"}
_TEXTS = {"system_of_records": "systemOfRecords", "primary_it_investment_uii": "primaryITInvestmentUII", "is_part_of": "isPartOf"}
_RIGHTS_LENGTH = 255


def head(site: str) -> dict[str, Any]:
    """Return the catalogue without its datasets."""
    return {"@context": CONTEXT, "@id": f"{site}/data.json", "@type": "dcat:Catalog", "conformsTo": SCHEMA, "describedBy": DESCRIBED_BY}


@dataclass(frozen=True)
class Writer:
    """What the mapping draws on: the licences, the site's default language and address, media types by CKAN's names of formats."""

    licences: Licences
    language: str
    site: str
    media_types: Mapping[str, str]

    def dataset(self, dataset: Mapping[str, Any], uri: str) -> dict[str, Any]:
        """Return one dataset; `uri` identifies it where its publisher gave no identifier."""
        extras = {row["key"]: row["value"] for row in dataset.get("extras") or []}
        title = self._text(dataset, "title") or dataset["name"]
        licence, said = self._licence(self.licences.of_dataset(dict(dataset))[0], dataset, extras)
        dictionary = next(iter(dataset.get("data_dictionary") or []), {})
        publisher = self._publisher(dataset, extras)
        return values.without_empty({
            "@type": "dcat:Dataset",
            "identifier": dataset.get("identifier") or extras.get("guid") or uri,
            "title": title,
            # Required, so a dataset without one says its title again.
            "description": self._text(dataset, "notes") or title,
            "modified": dataset.get("modified") or _utc(dataset["metadata_modified"]),
            "issued": dataset.get("issued"),
            "accessLevel": _ACCESS.get(_last(dataset.get("access_rights")), "public"),
            "rights": (extras.get("rights_as_published") or said)[:_RIGHTS_LENGTH],
            "license": licence,
            "publisher": publisher,
            "contactPoint": self._contact(dataset, title),
            "accrualPeriodicity": _frequency(dataset.get("frequency")),
            "temporal": _period(dataset.get("temporal_coverage")),
            "spatial": _place(dataset.get("spatial_coverage")),
            "theme": dataset.get("theme"),
            "language": [code for one in dataset.get("language") or [] if (code := values.language_code(one))],
            "landingPage": dataset.get("url") or f"{self.site}/dataset/{dataset['name']}",
            "references": dataset.get("documentation"),
            "conformsTo": next((one for one in dataset.get("conforms_to") or [] if looks_like_url(one)), ""),
            "describedBy": dictionary.get("url"),
            "describedByType": _media_type(dictionary.get("format")),
            **{theirs: (extras.get(ours) or "").split("; ") for ours, theirs in _LISTS.items() if extras.get(ours)},
            **{theirs: extras.get(ours) for ours, theirs in _TEXTS.items()},
            "distribution": [self._file(row, licence) for row in dataset.get("resources") or []],
        }) | {"keyword": self._keywords(dataset, publisher)}

    def _file(self, row: Mapping[str, Any], licence: str) -> dict[str, Any]:
        shape = row.get("format") or ""
        download = row.get("download_url") or ""
        page = row.get("access_url") or ""
        if not download and not page:
            download, page = ("", row.get("url")) if shape.upper() in _PAGES else (row.get("url"), "")
        dictionary = next(iter(row.get("data_dictionary") or []), {})
        own = self.licences.of_file(dict(row))
        address = address_of(own.licence) if own and own.licence else ""
        return values.without_empty({
            "@type": "dcat:Distribution",
            "title": self._text(row, "name"),
            "description": self._text(row, "description"),
            "downloadURL": download,
            "accessURL": page,
            # Required beside a downloadURL.
            "mediaType": _media_type(row.get("mimetype")) or (
                self.media_types.get(shape.lower(), "application/octet-stream") if download else ""),
            "format": shape,
            "license": address if address != licence else "",
            "conformsTo": next((one for one in row.get("conforms_to") or [] if looks_like_url(one)), ""),
            "describedBy": dictionary.get("url"),
            "describedByType": _media_type(dictionary.get("format")),
        })

    def _text(self, row: Mapping[str, Any], name: str) -> str:
        return languages.pick(row.get(f"{name}_translated") or {}, self.language)[0] or row.get(name) or ""

    def _keywords(self, dataset: Mapping[str, Any], publisher: Mapping[str, Any]) -> list[str]:
        by_language = dataset.get("tags_translated") or {}
        return by_language.get(self.language) or next((words for words in by_language.values() if words), None) or [
            tag["name"] for tag in dataset.get("tags") or []
            # At least one is required: without one, validators and harvesters refuse the dataset.
        ] or [name for one in dataset.get("theme") or [] if (name := _themes(self.language).get(one))] or [publisher["name"]]

    def _licence(self, found: box.Found, dataset: Mapping[str, Any], extras: Mapping[str, str]) -> tuple[str, str]:
        """Return the licence's address, and the words of one that the register does not know."""
        if found.licence is not None and found.licence.id != box.NOT_SPECIFIED:
            return address_of(found.licence), "" if found.licence.url else found.licence.name(self.language)
        said = clean(extras.get(box.AS_PUBLISHED)) or ("" if found.licence is not None else clean(dataset.get("license_title")))
        return (said, "") if looks_like_url(said) else ("", said)

    def _publisher(self, dataset: Mapping[str, Any], extras: Mapping[str, str]) -> dict[str, Any]:
        named = next((name for row in dataset.get("publisher") or [] if (name := self._text(row, "name"))), "")
        organisation = dataset.get("organization") or {}
        names = (extras.get("publisher_hierarchy") or "").split(" > ")[::-1] if extras.get("publisher_hierarchy") else [
            named or self._text(organisation, "title") or organisation.get("name") or self.site]
        publisher: dict[str, Any] = {}
        for name in reversed(names):
            publisher = {"@type": "org:Organization", "name": name} | ({"subOrganizationOf": publisher} if publisher else {})
        return publisher

    def _contact(self, dataset: Mapping[str, Any], title: str) -> dict[str, Any]:
        rows = [*(dataset.get("contact") or []),
                {"name": dataset.get("maintainer"), "email": dataset.get("maintainer_email")},
                {"name": dataset.get("author"), "email": dataset.get("author_email")}]
        row = next((row for row in rows if row.get("name") or row.get("email")), {})
        organisation = dataset.get("organization") or {}
        address = (row.get("email") or "").removeprefix("mailto:")
        return values.without_empty({
            "@type": "vcard:Contact",
            "fn": row.get("name") or self._text(organisation, "title") or address or title,
            "hasEmail": f"mailto:{address}" if address else "",
        })


def _last(value: object) -> str:
    return values.text(value).rpartition("/")[2]


def _utc(moment: str) -> str:
    """CKAN keeps its moments in UTC and does not say so."""
    return moment if re.search(r"(Z|[+-]\d\d:?\d\d)$", moment) else f"{moment}Z"


def _media_type(value: object) -> str:
    if not value:
        return ""
    written = values.text(value).rpartition("media-types/")[2]
    return written if re.fullmatch(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+_-]+", written) else ""


def _frequency(value: object) -> str:
    """Return ISO 8601's repeating interval of a term of the EU's list."""
    return _frequencies().get(value, "") if isinstance(value, str) else ""


@cache
def _frequencies() -> dict[str, str]:
    """Return the intervals by term, which the schema has among its other spellings."""
    return {choice["value"]: next((str(word) for word in choice.get("also", []) if str(word).startswith("R/")),
                                  "irregular" if _last(choice["value"]) == "IRREG" else "")
            for choice in fields.definitions("dataset")["frequency"]["choices"]}


@cache
def _themes(language: str) -> dict[str, str]:
    """Return the names of the themes by their addresses."""
    return {choice["value"]: languages.pick(choice["label"], language)[0] for choice in fields.definitions("dataset")["theme"]["choices"]}


def _period(rows: Any) -> str:
    row = next(iter(rows or []), {})
    # An interval of ISO 8601 has two ends.
    return f"{row['start']}/{row['end']}" if row.get("start") and row.get("end") else ""


def _place(rows: Any) -> str:
    row = next(iter(rows or []), {})
    return row.get("text") or row.get("uri") or _box(row.get("bbox")) or row.get("geom") or ""


def _box(written: str | None) -> str:
    """Return `west,south,east,north` of a rectangle's GeoJSON."""
    if not written:
        return ""
    try:
        points = [point for ring in json.loads(written)["coordinates"] for point in ring]
        across, up = [point[0] for point in points], [point[1] for point in points]
        return f"{min(across)},{min(up)},{max(across)},{max(up)}"
    except (ValueError, LookupError, TypeError):
        return ""


