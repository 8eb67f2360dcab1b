"""Single values as ckanext-dcat's profiles write them (`ckanext.dcat.profiles.base`), each form worked out once. Pure.

What a value's rare form would need is left to the profiles themselves: `Unusual` is raised.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import Any, Final

from ckanext.dcat.profiles import RDFProfile
from rdflib import RDF, XSD, BNode, Graph
from rdflib import Literal as TheirLiteral

from ckanext.participation.harvesting.offering.statements import Literal, Term, literal

# What `CleanedURIRef` quotes.
_QUOTED = re.compile(r"[ !\"$'()*,;<>\[\]{|}\\^`]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?")
_PAIRS = re.compile(r"([0-9A-Fa-f]{2})+")
# Longer shapes are not kept: they are many and seldom the same.
_SHAPE_KEPT: Final = 4000
_DATE_TIME: Final = str(XSD.dateTime)


class Unusual(Exception):
    """A dataset that the profiles have to describe: it holds what the quick way has no rule for."""


def text_of(value: Any) -> str:
    """Return a text as it is; anything else is unusual."""
    if type(value) is not str:
        raise Unusual
    return value


def address(value: Any) -> str:
    """Return an address with what may not stand in one quoted, as `CleanedURIRef` does."""
    return _QUOTED.sub(_quoted, text_of(value).strip())


def _quoted(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


@lru_cache(maxsize=20_000)
def address_or_text(value: Any) -> Term:
    """Return a web address as one, anything else as a literal, as `URIRefOrLiteral` does."""
    text = text_of(value)
    return address(text) if text.strip().startswith(("http://", "https://")) else Literal(text)


class Moment(str):
    """A moment of the database's, as it is written everywhere; no other text is taken for one."""

    __slots__ = ()


def date(value: Any) -> Literal:
    """Return a date, a month, a year or a moment with its datatype."""
    return Literal(value, "", _DATE_TIME) if type(value) is Moment else _date(value)


@lru_cache(maxsize=10_000)
def _date(value: Any) -> Literal:
    text = text_of(value)
    if _MOMENT.fullmatch(text):
        try:
            if datetime.fromisoformat(text).isoformat() == text:
                return Literal(text, "", _DATE_TIME)
        except ValueError:
            pass
    subject, graph = BNode(), Graph(bind_namespaces="none")
    try:
        RDFProfile(graph)._add_date_triple(subject, RDF.value, text)
    except Exception as error:
        raise Unusual from error
    return next(literal(one) for one in graph.objects(subject) if isinstance(one, TheirLiteral))


@lru_cache(maxsize=1000)
def duration(value: Any) -> Literal:
    """Return a duration."""
    return literal(TheirLiteral(text_of(value), datatype=XSD.duration))


def hexadecimal(value: Any) -> Literal:
    """Return a checksum; rdflib writes it in small letters, and what is none as it is."""
    text = text_of(value)
    return Literal(text.lower() if _PAIRS.fullmatch(text) else text, "", str(XSD.hexBinary))


@lru_cache(maxsize=1000)
def resolutions(value: Any) -> tuple[Literal, ...]:
    """Return the distances in metres that a text names."""
    found: list[Literal] = []
    items: list[Any] = RDFProfile(Graph(bind_namespaces="none"))._read_list_value(text_of(value))
    for one in items:
        try:
            found.append(literal(TheirLiteral(Decimal(one), datatype=XSD.decimal)))
        except (ValueError, TypeError, DecimalException):
            found.append(literal(TheirLiteral(one)))
    return tuple(found)


def shape(value: Any) -> tuple[Literal, ...]:
    """Return a place's shape, given as GeoJSON or WKT, in the forms that the site writes; none for what is neither."""
    text = text_of(value)
    return _shape_kept(text) if len(text) <= _SHAPE_KEPT else _shape(text)


def _shape(text: str) -> tuple[Literal, ...]:
    subject, graph = BNode(), Graph(bind_namespaces="none")
    try:
        RDFProfile(graph)._add_spatial_value_to_graph(subject, RDF.value, text)
    except Exception as error:
        raise Unusual from error
    return tuple(sorted(literal(one) for one in graph.objects(subject) if isinstance(one, TheirLiteral)))


_shape_kept = lru_cache(maxsize=2000)(_shape)
