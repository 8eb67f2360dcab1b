"""The parts of a dataset's description that datasets and files share: texts, people, places, times, formats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ckanext.participation.harvesting.offering import values
from ckanext.participation.harvesting.offering.statements import RDF_TYPE, Blank, Literal, Statements, Term, say
from ckanext.participation.harvesting.offering.terms import Kind, T
from ckanext.participation.harvesting.offering.values import Unusual, address, address_or_text, date, text_of

Row = Mapping[str, Any]

_LANGUAGE = re.compile(r"[a-z]{2}")
_MEDIA_TYPES = "iana.org/assignments/media-types"


def listed(value: Any) -> list[Any]:
    """Return a list; what a text could mean as a list is left to the profiles."""
    if not value:
        return []
    if type(value) is not list:
        raise Unusual
    return value


def filled(value: Any) -> list[Row]:
    """Return rows of subfields; none when the first of them is empty, as the profiles have it."""
    rows = listed(value)
    if any(type(row) is not dict for row in rows):
        raise Unusual
    return rows if rows and any(rows[0].values()) else []


@lru_cache(maxsize=256)
def _is_language(code: str) -> bool:
    return bool(_LANGUAGE.fullmatch(code))


def in_language(text: Any, language: str) -> Literal:
    """Return a text in a language."""
    if not _is_language(language):
        raise Unusual
    return Literal(text_of(text), language)


def translated(said: Statements, about: Term, predicate: str, row: Row, name: str) -> None:
    """Say a text in every language that it is in; where there is no such field, as it is."""
    key = f"{name}_translated"
    value = row[key] if key in row else row.get(name)
    if not value:
        return
    rows = said.about(about)
    if type(value) is dict:
        for language, text in value.items():
            say(rows, predicate, in_language(text, language))
    else:
        say(rows, predicate, Literal(text_of(value)))


def fields(said: Statements, about: str, row: Row, texts: tuple[tuple[str, str, Kind | None, str], ...],
           lists: tuple[tuple[str, str, Kind | None, str], ...]) -> None:
    """Say what fields with one value and with several hold."""
    for name, predicate, kind, of in texts:
        value = row.get(name)
        if value:
            _field(said, about, predicate, kind, of, value)
    for name, predicate, kind, of in lists:
        if name in row:
            for value in listed(row[name]):
                _field(said, about, predicate, kind, of, value)


def _field(said: Statements, about: Term, predicate: str, kind: Kind | None, of: str, value: Any) -> None:
    term = kind(value) if kind else Literal(text_of(value))
    said.add(about, predicate, term)
    if of and type(term) is str:
        said.add(term, RDF_TYPE, of)


def statement(said: Statements, about: str, predicate: str, value: Any, of: str) -> None:
    """Say a statement by its address or in words."""
    if not value:
        return
    term = address_or_text(value)
    if isinstance(term, Literal):
        statement_of(said, about, predicate, term, of)
    else:
        said.add(about, predicate, term)
        said.add(term, RDF_TYPE, of)


def statement_of(said: Statements, about: str, predicate: str, words: Literal, of: str) -> None:
    """Say a statement in words."""
    node = Blank.new()
    said.add(about, predicate, node)
    said.add(node, RDF_TYPE, of)
    said.add(node, T["rdfs"], words)


def contact(said: Statements, about: str, of: str, row: Any) -> None:
    """Say whom to write to."""
    if type(row) is not dict:
        raise Unusual
    node: Term = address(row["uri"]) if row.get("uri") else Blank.new()
    said.add(node, RDF_TYPE, of)
    said.add(about, T["contact"], node)
    if row.get("name_translated"):
        raise Unusual
    if row.get("name"):
        said.add(node, T["fn"], Literal(text_of(row["name"])))
    if row.get("email"):
        said.add(node, T["mail"], mail(row["email"]))
    if row.get("identifier"):
        said.add(node, T["uid"], address_or_text(row["identifier"]))
    if row.get("url"):
        said.add(node, T["vurl"], address(row["url"]))


def mail(value: Any) -> str:
    """Return a mail address as an address of the web."""
    return address("mailto:" + text_of(value).replace("mailto:", ""))


def agent(said: Statements, node: Term, row: Row) -> None:
    """Say who publishes or makes, from a row of the schema."""
    said.add(node, RDF_TYPE, T["agent"])
    names = row.get("name_translated") or {}
    if type(names) is not dict:
        raise Unusual
    for language, text in names.items():
        if text:
            said.add(node, T["name"], in_language(text, language))
    if row.get("name") and row["name"] not in names.values():
        said.add(node, T["name"], Literal(text_of(row["name"])))
    for name, predicate, kind in (("url", T["home"], address), ("type", T["type"], address_or_text), ("email", T["mail"], mail),
                                  ("identifier", T["identifier"], address_or_text)):
        if row.get(name):
            said.add(node, predicate, kind(row[name]))


def organisation(said: Statements, node: str, row: Row) -> None:
    """Say who publishes where the dataset does not: its organisation."""
    said.add(node, RDF_TYPE, T["agent"])
    if row.get("title"):
        said.add(node, T["name"], Literal(text_of(row["title"])))
    if row.get("email"):
        said.add(node, T["mbox"], Literal(text_of(row["email"])))
    for name, predicate, kind in (("url", T["home"], address), ("dcat_type", T["type"], address_or_text),
                                  ("identifier", T["identifier"], address_or_text)):
        if row.get(name):
            said.add(node, predicate, kind(row[name]))


def places_and_times(said: Statements, dataset: Row, uri: str) -> None:
    """Say which time and place a dataset is about."""
    for row in filled(dataset.get("temporal_coverage")):
        node = Blank.new()
        said.add(node, RDF_TYPE, T["period"])
        for name in ("start", "end"):
            if row.get(name):
                said.add(node, T[name], date(row[name]))
        said.add(uri, T["temporal"], node)
    for row in filled(dataset.get("spatial_coverage")):
        place: Term = address(row["uri"]) if row.get("uri") else Blank.new()
        said.add(place, RDF_TYPE, T["location"])
        said.add(uri, T["spatial"], place)
        if row.get("text"):
            said.add(place, T["label"], Literal(text_of(row["text"])))
        for name in ("geom", "bbox", "centroid"):
            if row.get(name):
                for form in values.shape(row[name]):
                    said.add(place, T[name], form)


def file_format(said: Statements, uri: str, file: Row) -> None:
    """Say a file's media type and format; a format that is a media type is said as one."""
    media, form = file.get("mimetype"), file.get("format")
    if form and (not media or media == form):
        text_of(form)
        media, form = (form, None) if _MEDIA_TYPES in form or (not form.startswith("http") and "/" in form) else (None, form)
    for value, predicate, of in ((media, T["media"], T["media_kind"]), (form, T["format"], T["format_kind"])):
        if value:
            _field(said, uri, predicate, address_or_text, of, value)


def checksum(said: Statements, uri: str, file: Row) -> None:
    """Say a file's checksum and what it was made with."""
    node = Blank.new()
    said.add(node, RDF_TYPE, T["checksum_kind"])
    said.add(node, T["sum"], values.hexadecimal(file["hash"]))
    if file.get("hash_algorithm"):
        _field(said, node, T["algorithm"], address_or_text, T["algorithm_kind"], file["hash_algorithm"])
    said.add(uri, T["checksum"], node)
