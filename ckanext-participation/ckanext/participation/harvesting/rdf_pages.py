"""A page of an RDF catalogue: the datasets on it, each with all that is said of it, and where the next page is. Knows no CKAN."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

from rdflib import RDF, Namespace
from rdflib.namespace import DCTERMS

from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import values
from ckanext.participation.harvesting.engine import hashing, identifiers
from ckanext.participation.harvesting.engine.dcat_reading import Entry
from ckanext.participation.harvesting.from_rdf import DCAT
from ckanext.participation.harvesting.statements import NTRIPLES, Statement, Statements, is_address, is_blank, ntriples, value

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
# Statements of one dataset about what others on the page name as well, such as a list of all themes: each dataset gets a copy of them.
MOST_SHARED: Final = 20_000
# Of what it alone names, where the site's option says nothing else.
MOST_OWN: Final = 100_000
MAX_STEPS: Final = 6
NOT_WHOLE: Final = N_("The page breaks off before all that belongs to the dataset was said. The dataset is read when the page is whole.")

# Under which name a record's content says that it is cut, and where.
MOST: Final = "most"

DATASET: Final = f"<{DCAT.Dataset}>"
_NAMES_DATASET: Final = f"<{DCAT.dataset}>"
_TITLE: Final = f"<{DCTERMS.title}>"
_CATALOG: Final = f"<{DCAT.Catalog}>"
_LANGUAGE: Final = f"<{DCTERMS.language}>"
_MISSPELT, _DISTRIBUTION = f"<{DCAT.Distribution}>", f"<{DCAT.distribution}>"
_MENDED: Final = (_MISSPELT, _NAMES_DATASET)
_COLLECTIONS: Final = (f"<{HYDRA.PartialCollectionView}>", f"<{HYDRA.PagedCollection}>")
_NEXT: Final = (f"<{HYDRA.next}>", f"<{HYDRA.nextPage}>")
_A: Final = f"<{RDF.type}>"
# What is described on the dataset's own page, by most catalogues.
_DESCRIBED: Final = frozenset({f"<{DCAT.distribution}>", f"<{DCAT.contactPoint}>", f"<{DCTERMS.publisher}>", f"<{DCTERMS.creator}>"})


class Part(NamedTuple):
    """What a page says about one dataset; `is_all`: nothing was left out because there is too much of it."""

    statements: list[Statement]
    is_all: bool = True


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
    # First found, then mended: nothing may be added to what is gone through.
    for subject, predicate, target in [said for said in page if said[1] in _MENDED]:
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


def entries(page: Statements, address: str, most: int = MOST_OWN, lost: Collection[str] | None = None) -> list[tuple[str, Entry]]:
    """The page's datasets, by their terms; those without an identifier are told apart by what they say.

    :param most: how many statements of its own are read of one dataset
    :param lost: of a page that is not whole, the terms about which something was lost
    """
    spoken = language(page)
    read = [(ref, _entry(page, ref, spoken, most, lost)) for ref in page.of_type(DATASET)]
    # By content, not by label: blank nodes have new labels in every parse.
    read.sort(key=lambda pair: (pair[1].guid, pair[1].content_hash))
    identifiers.tell_apart(page, read)
    for number, (_, entry) in enumerate(read, 1):
        entry.guid = entry.guid or f"{address}#{number}"
    return read


def _entry(page: Statements, ref: str, spoken: str, most: int, lost: Collection[str] | None) -> Entry:
    uri = value(ref) if is_address(ref) else ""
    part, is_all = part_of(page, ref, most)
    content_hash = hashing.of_triples(part, uri, spoken)
    problem = "" if lost is None or _is_whole(page, ref, part, lost) else NOT_WHOLE

    def content() -> dict[str, Any]:
        # Read again, so that not every dataset's part is kept while the page is gone through. As Turtle it would be half as long and
        # take fifteen times as long to write.
        said = {"uri": uri, "language": spoken, "hash": content_hash, NTRIPLES: ntriples(part_of(page, ref, most).statements)}
        return said if is_all else {**said, MOST: most}

    return Entry(identifiers.guid_of(page, ref), content_hash, content, problem)


def part_of(page: Statements, ref: str, most: int = MOST_OWN) -> Part:
    """What a page says about one dataset: its statements and those of what it names, but not of other datasets.

    Of a very large one what is nearest to it: `most` statements about what it alone names, and `MOST_SHARED` about what others name too.
    """
    near = _all(page, ref, min(most, MOST_SHARED))
    if near is not None:
        return Part(near)
    named = page.named()
    return _reached(page, ref, {True: most, False: MOST_SHARED}, lambda target: named[target] == 1)


def _all(page: Statements, ref: str, most: int) -> list[Statement] | None:
    """All statements of a dataset and of what it names, step by step; None where there are more than `most`."""
    abouts, datasets, catalogues = page.by_subject, page.of_type(DATASET), page.of_type(_CATALOG)
    part: list[Statement] = []
    own = {ref}
    level = [ref] if ref in abouts else []
    for _ in range(MAX_STEPS):
        reached: list[str] = []
        for subject in level:
            about = abouts[subject]
            if len(part) + len(about) > most:
                return None
            for predicate, target in about:
                part.append((subject, predicate, target))
                # Texts have no statements of their own.
                if target in abouts and target not in own and target not in datasets and target not in catalogues:
                    own.add(target)
                    reached.append(target)
        level = reached
    return part


def _reached(page: Statements, ref: str, most: Mapping[bool, int], is_single: Callable[[str], bool]) -> Part:
    """The statements of a dataset and of what it names, step by step.

    :param most: of how many of its own (True), and of how many that are not its own alone (False)
    :param is_single: whether only one subject names a term
    """
    part: list[Statement] = []
    left = dict(most)
    own = {ref: True}
    level = [ref]
    is_all = True
    for _ in range(MAX_STEPS):
        reached: list[str] = []
        for subject in level:
            for predicate, target in page.about(subject):
                if not left[own[subject]]:
                    is_all = False
                    break
                left[own[subject]] -= 1
                part.append((subject, predicate, target))
                if target not in own and (is_address(target) or is_blank(target)) and not _is_another(page, target):
                    own[target] = own[subject] and is_single(target)
                    reached.append(target)
        level = reached
    return Part(part, is_all)


def _is_whole(page: Statements, ref: str, part: list[Statement], lost: Collection[str]) -> bool:
    """Whether a page that breaks off says all about a dataset, as far as that can be told: nothing that it names is without a word."""
    host = _host(ref) if is_address(ref) else ""
    for subject, predicate, target in part:
        if subject in lost or target in lost:
            return False
        if page.about(target):
            continue
        if is_blank(target) or (predicate in _DESCRIBED and is_address(target) and (
                predicate == _DISTRIBUTION or _host(target) == host)):
            return False
    return True


def _host(ref: str) -> str:
    # Of any address, also of one that none can be.
    return value(ref).partition("://")[2].partition("/")[0]


def _is_another(page: Statements, ref: str) -> bool:
    return ref in page.of_type(DATASET) or ref in page.of_type(_CATALOG)
