"""A dataset of another CKAN's API, in our schema. Pure.

Text comes from Canada's bilingual fields where a portal has them (`title_translated`, `notes_translated`, `keywords`,
`name_translated`), else from CKAN's own; the table is in docs/harvesting.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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

# Dates that portals keep under names of their own, the first that is filled counts.
_ISSUED = ("date_published", "issued", "date_issued", "release_date", "portal_release_date", "dcat_issued")
_MODIFIED = ("date_modified", "modified", "last_refreshed", "dcat_modified", "data_last_modified")


def from_ckan(remote: object, mapper: Mapper, page: str = "") -> Record:
    """Map one dataset; `page` is its address at the source. Raises Unreadable when it cannot be one."""
    if not isinstance(remote, Mapping):
        raise Unreadable(N_("The record is not a group of fields."))
    extras = _extras(remote.get("extras"))
    said = {**extras, **{key: value for key, value in remote.items() if value not in (None, "", [], {})}}
    language = mapper.language_of(said.get("language"))
    license_id, as_published = licence(
        mapper, identifier=said.get("license_id"), title=said.get("license_title"), url=said.get("license_url")
    )
    dataset: dict[str, Any] = {
        "name": _name(said),
        "title_translated": _texts(said, "title", language),
        "notes_translated": _texts(said, "notes", language),
        "tags_translated": _tags(said, language),
        "license_id": license_id,
        "url": values.text(said.get("url")) if values.text(said.get("url")).startswith("http") else page,
        "uri": values.text(said.get("uri")),
        "version": values.text(said.get("version")),
        "author": values.text(said.get("author")),
        "author_email": said.get("author_email"),
        "maintainer": values.text(said.get("maintainer")),
        "maintainer_email": said.get("maintainer_email"),
        "contact": [{"name": values.text(said.get("maintainer")), "email": values.text(said.get("maintainer_email"))}],
        "publisher": [{"name_translated": values.by_language(said.get("publisher_translated"))}],
        "creator": [{"name": values.text(said.get("creator"))}],
        "theme": values.texts(said.get("theme")) or values.texts(said.get("subject")),
        "frequency": values.text(said.get("frequency")) or values.text(said.get("refresh_rate")),
        "access_rights": values.text(said.get("access_rights")) or _restriction(said.get("restrictions")),
        "language": _languages(said),
        "issued": _first_date(said, _ISSUED),
        "modified": _first_date(said, _MODIFIED),
        "temporal_coverage": _period(said),
        "spatial_coverage": [values.place(said.get("spatial"))],
        "documentation": list(values.by_language(said.get("program_page_url")).values()),
        "alternate_identifier": values.texts(said.get("digital_object_identifier")),
        "identifier": values.text(said.get("identifier")),
        "provenance": values.text(said.get("provenance")),
        "resources": [_resource(row, mapper, language) for row in _rows(said.get("resources"))],
        "extras": [{"key": LICENCE_AS_PUBLISHED, "value": as_published}],
    }
    groups = [tuple(values.texts([row.get("name"), row.get("id"), row.get("title"), row.get("display_name")])) for row in
              _rows(said.get("groups"))]
    themes = [*values.texts(said.get("theme")), *values.texts(said.get("subject"))]
    remote_said = Remote(groups, themes, values.plain(extras), values.text(said.get("id")))
    return settle(mapper, Record(dataset, organisation(said.get("organization"), mapper, said), remote=remote_said))


def organisation(remote: object, mapper: Mapper, record: Mapping[str, Any] | None = None) -> Organisation | None:
    """The organisation of a dataset (or of `organization_show`), its name in both languages where one is known."""
    if not isinstance(remote, Mapping) or not values.text(remote.get("name")):
        return None
    known = values.by_language((record or {}).get("org_title_at_publication"))
    plain = values.text(remote.get("title")) or values.text(remote.get("name"))
    title = values.by_language(remote.get("title_translated")) or values.split_bilingual(plain, known, mapper.default_language)
    if len(title) == 1 and set(known.values()) >= set(title.values()):
        title = known
    written = values.text(remote.get("description"))
    return Organisation(
        identifier=values.text(remote.get("id")) or values.text(remote.get("name")),
        name=values.slug(values.text(remote.get("name"))) or values.slug(plain),
        title_translated=title,
        description_translated=values.by_language(remote.get("description_translated"))
        or values.split_bilingual(written, default=mapper.default_language),
        image_url=url if (url := values.text(remote.get("image_display_url"))).startswith("http") else "",
        url=values.text(remote.get("url")),
    )


def _resource(row: Mapping[str, Any], mapper: Mapper, language: str) -> dict[str, Any]:
    address = values.text(row.get("url"))
    license_id, as_published = licence(
        mapper, identifier=row.get("license_id") or row.get("license"), title=row.get("license_title"), url=row.get("license_url")
    )
    stated = bool(row.get("license_id") or row.get("license") or row.get("license_url"))
    return {
        "id": values.text(row.get("id")),
        "url": address,
        **{name: said for name in ("access_url", "download_url") if (said := values.text(row.get(name))).startswith("http")},
        "name_translated": _texts(row, "name", language),
        "description_translated": _texts(row, "description", language),
        "format": formats.file_format(row.get("format"), row.get("mimetype"), address, mapper.formats),
        "mimetype": formats.media_type(row.get("mimetype")),
        "language": [code for one in values.texts(row.get("language")) if (code := values.language_code(one))],
        "license": (as_published or license_id) if stated else "",
        "size": row.get("size") or row.get("file_size"),
        "hash": values.text(row.get("hash")),
        "character_encoding": values.text(row.get("character_set")),
        "issued": _first_date(row, ("date_published", "resource_date_published", "issued")),
        "modified": _first_date(row, ("last_modified", "modified", "data_last_modified")),
        "data_dictionary": [{"url": values.text(row.get("data_dictionary"))}]
        if isinstance(row.get("data_dictionary"), str)
        else [],
        "identifier": values.text(row.get("unique_identifier")),
        "uri": values.text(row.get("uri")),
    }


def _extras(value: object) -> dict[str, Any]:
    """Extras by name, as rows or, in older catalogues, as one dictionary."""
    if isinstance(value, Mapping):
        return {str(key): said for key, said in value.items()}
    return {str(row.get("key")): row.get("value") for row in _rows(value)}


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _name(said: Mapping[str, Any]) -> str:
    name = values.text(said.get("name"))
    return "" if values.is_opaque(name) else values.slug(name)


def _texts(said: Mapping[str, Any], name: str, language: str) -> values.Texts:
    found = values.by_language(said.get(f"{name}_translated")) or values.by_language(said.get(f"{name}_fra"))
    return found or values.in_languages(said.get(name), language) or values.in_languages(said.get(f"{name}_translated"), language)


def _tags(said: Mapping[str, Any], language: str) -> dict[str, list[str]]:
    keywords = said.get("keywords") or said.get("tags_translated")
    if isinstance(keywords, Mapping):
        found = {code: words for tag, words in keywords.items() if (code := values.language_code(tag)) in {"fr", "en"}}
        if any(found.values()):
            return tags(found)
        if others := [word for words in keywords.values() for word in values.texts(words)]:
            return tags({language: others})
    stated = said.get("tags")
    if isinstance(stated, str):
        return tags({language: stated.replace(";", ",").split(",")})
    # Older catalogues give words instead of rows.
    listed = stated if isinstance(stated, list) else []
    return tags({language: [row.get("display_name") or row.get("name") if isinstance(row, Mapping) else row for row in listed]})


def _languages(said: Mapping[str, Any]) -> list[str]:
    stated = [code for one in values.texts(said.get("language")) if (code := values.language_code(one))]
    if not stated and values.text(said.get("language_support")) == "bilingual":
        return ["en", "fr"]
    used = [
        code
        for row in _rows(said.get("resources"))
        for one in values.texts(row.get("language"))
        if (code := values.language_code(one))
    ]
    return stated or sorted(set(used))


def _restriction(value: object) -> str:
    return {"unrestricted": "public"}.get(values.text(value), "")


def _first_date(said: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := values.date(said.get(name)))), "")


def _period(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    stated = said.get("temporal_coverage")
    if isinstance(stated, list):
        return [dict(row) for row in _rows(stated)]
    start = _first_date(said, ("time_period_coverage_start", "temporal_start", "temporal_coverage_from"))
    end = _first_date(said, ("time_period_coverage_end", "temporal_end", "temporal_coverage_to"))
    return [{"start": start, "end": end}] if start or end else values.period(said.get("temporal"))
