"""What identifies a dataset of an RDF catalogue from run to run, also one without URI, identifier or page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

from ckanext.participation.harvesting import values
from ckanext.participation.harvesting.from_rdf import DCAT, DCT
from ckanext.participation.harvesting.statements import Statements, is_address, is_blank, value

_NAMES: Final = (f"<{DCT.identifier}>", f"<{DCAT.landingPage}>")
_TITLE: Final = f"<{DCT.title}>"
_DISTRIBUTION: Final = f"<{DCAT.distribution}>"
_ADDRESSES: Final = (f"<{DCAT.downloadURL}>", f"<{DCAT.accessURL}>")


class Known(Protocol):
    """What is told apart."""

    guid: str
    content_hash: str


def guid_of(page: Statements, ref: str) -> str:
    """What identifies a dataset from run to run: its URI, else its identifier, its page, or its title.

    A blank node's own label is new each time.
    """
    if is_address(ref):
        return value(ref)
    for predicate in _NAMES:
        found = sorted(value(said) for said in page.targets(ref, predicate) if not is_blank(said))
        if found:
            return found[0]
    return values.slug(" ".join(sorted(value(said) for said in page.targets(ref, _TITLE))))


def tell_apart(page: Statements, entries: Sequence[tuple[str, Known]]) -> None:
    """Give blank datasets of one page that are known by the same thing identifiers of their own, the same ones in every run.

    Those of one identifier or page by their titles, those of one title by their files' addresses, else by their number among those that
    differ in nothing that lasts; the same thing said twice keeps one identifier. `entries` come in the order of their content.
    """
    alike = Counter(entry.guid for ref, entry in entries if is_blank(ref))
    said: set[tuple[str, str]] = set()
    numbers: Counter[str] = Counter()
    for ref, entry in entries:
        if not entry.guid or alike[entry.guid] < 2 or not is_blank(ref) or (entry.guid, entry.content_hash) in said:
            continue
        said.add((entry.guid, entry.content_hash))
        known_by = sorted(files(page, ref))[:1] if _nameless(page, ref) else sorted(value(title) for title in page.targets(ref, _TITLE))
        own = f"{entry.guid}~{values.slug(' '.join(known_by))}"
        numbers[own] += 1
        entry.guid = own if numbers[own] == 1 else f"{own}~{numbers[own]}"


def files(page: Statements, ref: str) -> set[str]:
    """The addresses of a dataset's files."""
    found = page.targets(ref, _DISTRIBUTION)
    return {value(address) for file in found for predicate in _ADDRESSES for address in page.targets(file, predicate)}


def _nameless(page: Statements, ref: str) -> bool:
    return is_blank(ref) and not any(not is_blank(said) for predicate in _NAMES for said in page.targets(ref, predicate))
