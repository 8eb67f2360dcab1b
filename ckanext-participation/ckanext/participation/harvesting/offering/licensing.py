"""What the profile `participation_licences` says of a dataset and of its files, worked out once per licence and wording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ckanext.dcat.profiles.base import DCAT, DCT
from rdflib import RDF, Graph, URIRef

from ckanext.participation.harvesting.offering import triples
from ckanext.participation.harvesting.offering.statements import Blank, Literal, Statements, Term, from_graph
from ckanext.participation.harvesting.offering.values import Unusual
from ckanext.participation.licences import box, saying
from ckanext.participation.licences.profile import ODRL, LicenceProfile
from ckanext.participation.licences.register import Register
from ckanext.participation.licences.register.licence import Licence

LICENCE: Final = str(DCT.license)
POLICY: Final = str(ODRL.hasPolicy)
TYPE: Final = str(DCT.type)
UNKNOWN: Final = "http://purl.org/adms/licencetype/UnknownIPR"
_FIELDS: Final = ("license_id", "license_title", "license_url")
_EXTRAS: Final = frozenset({saying.AS_PUBLISHED, *saying.MORE_TITLES, *saying.MORE_ADDRESSES, *saying.MORE_TEXTS})
# Where a dataset has no such key and no such extra, it says nothing there; `license_url` itself is CKAN's own field.
_OWN: Final = frozenset({*_EXTRAS, *(f"extras_{name}" for name in _EXTRAS)}) - {"license_url"}
_OF_FILES: Final = frozenset(saying.FILE_FIELDS)
# Statements are kept of so many wordings; a catalogue has a few hundred.
_KEPT: Final = 20_000
_SOMETHING: Final = URIRef("urn:ckan:dataset")

# A licence and its words where the register does not know them.
Stated = tuple[Licence | None, str]


class Licences:
    """What datasets and files state, and how the profile describes it."""

    def __init__(self, register: Register, names: Mapping[str, str], catalogue: str) -> None:
        self.register = register
        self.names = names
        self.catalogue = catalogue
        # The policies, which are long and always the same.
        self.ready: dict[Blank, triples.Ready] = {}
        # What licences are, by their nodes.
        self.trees: dict[Term, triples.Tree] = {}
        self._described: dict[str, tuple[Term, Blank, Statements]] = {}
        self._of_datasets: dict[tuple[Any, ...], tuple[box.Found, str]] = {}
        self._of_files: dict[tuple[Any, ...], box.Found | None] = {}

    def of_dataset(self, dataset: dict[str, Any]) -> tuple[box.Found, str]:
        """Return the licence of a dataset, and its words where the register does not know it."""
        key = (*[dataset.get(name) for name in _FIELDS], *_extras(dataset))
        known = self._of_datasets.get(key)
        if known is None:
            found = box.of_dataset(self.register, dataset, self.names)
            known = _keep(self._of_datasets, key, (found, "" if found.licence else saying.words_of(dataset)))
        return known

    def of_file(self, file: dict[str, Any]) -> box.Found | None:
        """Return the licence that a file states for itself; None where it states none."""
        if _OF_FILES.isdisjoint(file):
            return None
        given = tuple(file.get(name) for name in saying.FILE_FIELDS)
        if not any(given):
            return None
        key = tuple(repr(one) for one in given)
        if key not in self._of_files:
            _keep(self._of_files, key, box.of_file(self.register, file, self.names))
        return self._of_files[key]

    def stated(self, file: dict[str, Any]) -> Stated:
        """Return what a file states for itself, as the profile takes it."""
        found = self.of_file(file)
        if found is None or found.state == "not-specified":
            return None, ""
        return found.licence, "" if found.licence else saying.words_of_file(file)

    def link(self, statements: Statements, about: str, licence: Licence) -> Term:
        """Say that a dataset or file is under a licence, and what that is; return the licence's node."""
        known = self._described.get(licence.id)
        if known is None:
            known = self._described[licence.id] = self._describe(licence)
        document, policy, said = known
        for subject, predicates in said.rows.items():
            # What is kept belongs to all datasets, so nothing may be added to it.
            if statements.rows.setdefault(subject, predicates) != predicates:
                raise Unusual
        statements.add(about, LICENCE, document)
        statements.add(about, POLICY, policy)
        return document

    def _describe(self, licence: Licence) -> tuple[Term, Blank, Statements]:
        graph = Graph(bind_namespaces="none")
        graph.add((_SOMETHING, RDF.type, DCAT.Dataset))
        LicenceProfile(graph).graph_from_dataset({"id": "any", "name": "any", "license_id": licence.id}, _SOMETHING)
        said = from_graph(graph)
        document, = said.of(str(_SOMETHING), LICENCE)
        policy, = (node for node in said.of(str(_SOMETHING), POLICY) if isinstance(node, Blank))
        self.ready[policy] = triples.written(said, policy, self.catalogue)
        kept = Statements()
        wanted: list[Term] = [document]
        while wanted:
            subject = wanted.pop()
            if subject in said.rows and subject not in kept.rows:
                kept.rows[subject] = said.rows[subject]
                wanted += [one for values in said.rows[subject].values() for one in values if not isinstance(one, Literal)]
        if isinstance(document, str):
            self.trees[document] = triples.tree(kept, document, self.catalogue, self.ready)
        return document, policy, kept


def _extras(dataset: dict[str, Any]) -> Iterable[tuple[str, str]]:
    if _OWN.isdisjoint(dataset) and not any(isinstance(row, dict) and row.get("key") in _EXTRAS for row in dataset.get("extras") or ()):
        return ()
    return saying.extras_of(dataset).items()


def _keep(known: dict[Any, Any], key: Any, value: Any) -> Any:
    if len(known) >= _KEPT:
        known.clear()
    known[key] = value
    return value
