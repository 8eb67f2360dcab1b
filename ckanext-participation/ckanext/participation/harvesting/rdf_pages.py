"""A page of an RDF catalogue: the datasets on it, each with all that is said of it, and where the next page is. Knows no CKAN."""

from __future__ import annotations

from typing import Final

from rdflib import RDF, Namespace
from rdflib.namespace import DCTERMS

from ckanext.participation.harvesting import sentences, values
from ckanext.participation.harvesting.engine import hashing, identifiers
from ckanext.participation.harvesting.engine.dcat_reading import Entry
from ckanext.participation.harvesting.from_rdf import DCAT
from ckanext.participation.harvesting.record import Unreadable
from ckanext.participation.harvesting.statements import NTRIPLES, Statement, Statements, is_address, is_blank, ntriples, value

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
MAX_TRIPLES: Final = 20_000
MAX_STEPS: Final = 6

DATASET: Final = f"<{DCAT.Dataset}>"
_NAMES_DATASET: Final = f"<{DCAT.dataset}>"
_TITLE: Final = f"<{DCTERMS.title}>"
_CATALOG: Final = f"<{DCAT.Catalog}>"
_LANGUAGE: Final = f"<{DCTERMS.language}>"
_MISSPELT, _DISTRIBUTION = f"<{DCAT.Distribution}>", f"<{DCAT.distribution}>"
_COLLECTIONS: Final = (f"<{HYDRA.PartialCollectionView}>", f"<{HYDRA.PagedCollection}>")
_NEXT: Final = (f"<{HYDRA.next}>", f"<{HYDRA.nextPage}>")
_A: Final = f"<{RDF.type}>"


def following(page: Statements) -> str:
    """The address of the next page, or ""."""
    for kind in _COLLECTIONS:
        for collection in page.of_type(kind):
            for predicate in _NEXT:
                if found := page.targets(collection, predicate):
                    return value(found[0])
    return ""


def repair(page: Statements) -> None:
    """Mend what real catalogues misspell: the class `dcat:Distribution` where the property `dcat:distribution` belongs.

    And datasets that a catalogue names as such while they do not say themselves what they are.
    """
    for subject, predicate, target in list(page):
        if predicate == _MISSPELT:
            page.add(subject, _DISTRIBUTION, target)
        elif predicate == _NAMES_DATASET and page.targets(target, _TITLE):
            page.add(target, _A, DATASET)


def language(page: Statements) -> str:
    """The language of the catalogue's own texts, when it names just one of ours."""
    codes = {
        code
        for catalogue in page.of_type(_CATALOG)
        for stated in page.targets(catalogue, _LANGUAGE)
        if (code := values.language_code(value(stated))) in {"fr", "en"}
    }
    return codes.pop() if len(codes) == 1 else ""


def entries(page: Statements, address: str) -> list[tuple[str, Entry]]:
    """The page's datasets, by their terms; those without an identifier are told apart by what they say."""
    spoken = language(page)
    read = [(ref, _entry(page, ref, spoken)) for ref in page.of_type(DATASET)]
    # By content, not by label: blank nodes have new labels in every parse.
    read.sort(key=lambda pair: (pair[1].guid, pair[1].content_hash))
    identifiers.tell_apart(page, read)
    for number, (_, entry) in enumerate(read, 1):
        entry.guid = entry.guid or f"{address}#{number}"
    return read


def _entry(page: Statements, ref: str, spoken: str) -> Entry:
    uri = value(ref) if is_address(ref) else ""
    guid = identifiers.guid_of(page, ref)
    try:
        part = part_of(page, ref)
    except Unreadable as problem:
        return Entry(guid, str(problem), problem=str(problem))
    content_hash = hashing.of_triples(part, uri, spoken)

    def content() -> dict[str, str]:
        # As Turtle it would be half as long and take fifteen times as long to write.
        return {"uri": uri, "language": spoken, "hash": content_hash, NTRIPLES: ntriples(part)}

    return Entry(guid, content_hash, content)


def part_of(page: Statements, ref: str) -> list[Statement]:
    """What a page says about one dataset: its statements and those of what it names, but not of other datasets."""
    part: list[Statement] = []
    level = [ref]
    seen = {ref}
    for _ in range(MAX_STEPS):
        reached: list[str] = []
        for subject in level:
            for predicate, target in page.about(subject):
                if len(part) >= MAX_TRIPLES:
                    raise Unreadable(sentences.MANY_STATEMENTS(number=MAX_TRIPLES))
                part.append((subject, predicate, target))
                if target not in seen and (is_address(target) or is_blank(target)) and not _is_another(page, target):
                    seen.add(target)
                    reached.append(target)
        level = reached
    return part


def _is_another(page: Statements, ref: str) -> bool:
    return ref in page.of_type(DATASET) or ref in page.of_type(_CATALOG)
