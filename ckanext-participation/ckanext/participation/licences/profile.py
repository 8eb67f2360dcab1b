"""The licence of a dataset and of each of its files, in RDF and back: the profile `participation_licences` of ckanext-dcat.

It stands after the profiles that describe the dataset in `ckanext.dcat.rdf.profiles`, `ckanext.dcat.structured_data.profiles` and
`ckanext.dcat.croissant.profiles`, and puts the register's licence where those copy a field, compare addresses letter by letter, or take
the first file's licence for all.

For a `dcat:Dataset`, with the specifications that define the terms:

- `dct:license` of the dataset and of every distribution is one address per licence (`address_of`), a `dct:LicenseDocument` with its
  names, its SPDX and EU addresses (`skos:exactMatch`) and its kinds (`dct:type`, from the ADMS licence types that DCAT-AP 3 asks for:
  https://semiceu.github.io/DCAT-AP/releases/3.0.1/). A file without words of its own has the dataset's licence.
- Words that name no licence that the register knows are a `dct:RightsStatement` (`dct:rights`): a licence is never made up. A dataset
  without a licence has none here either.
- `odrl:hasPolicy` is an `odrl:Set` of what the licence permits, asks for and forbids, as far as ODRL and ccREL have a word for it
  (https://www.w3.org/TR/odrl-vocab/, https://www.w3.org/submissions/ccREL/).
- `cc:attributionName` and `cc:attributionURL` say whom to credit and where (ccREL, section 6).

For a `schema:Dataset` (search engines, Croissant) `schema:license` is the same address as text, as
https://developers.google.com/search/docs/appearance/structured-data/dataset asks for, and `schema:creditText` the credit line.

Reading back, a licence is recognised in whatever way it is named.
"""

from __future__ import annotations

import re
from typing import Any, Final

import ckan.plugins.toolkit as tk
from ckanext.dcat.profiles import RDFProfile
from ckanext.dcat.profiles.base import DCAT, DCT, FOAF, RDFS, SCHEMA, SKOS
from ckanext.dcat.utils import resource_uri
from rdflib import BNode, Literal, URIRef
from rdflib.namespace import RDF, Namespace
from rdflib.term import Node

from . import box, further, rules, saying
from .register import bundled_register
from .register.licence import Licence, language
from .register.terms import TERMS

CC: Final = Namespace("http://creativecommons.org/ns#")
ODRL: Final = Namespace("http://www.w3.org/ns/odrl/2/")
SPDX: Final = Namespace("https://spdx.org/licenses/")
KINDS: Final = Namespace("http://purl.org/adms/licencetype/")
SCHEME: Final = KINDS["1.0"]
# Croissant writes schema.org's other address.
CROISSANT_SCHEMA: Final = Namespace("https://schema.org/")

_LEGALCODE: Final = re.compile(r"(?<=/)legalcode(?:[.-][a-z-]+)?$")
_LIMITS: Final = {
    "no-derivatives": "NoDerivativeWork", "no-commercial-use": "NonCommercialUseOnly",
    "no-endorsement": "ReservedNames-Endorsement-OfficialStatus", "share-alike": "ViralEffect-ShareAlike", "attribution": "Attribution"}


def address_of(licence: Licence) -> str:
    """Return the address that stands for a licence in RDF: the one its steward gives it, of a Creative Commons licence without `legalcode`.

    Empty for entries that name a kind of licence only ("other, open").
    """
    return _LEGALCODE.sub("", licence.url)


def kinds_of(licence: Licence) -> list[str]:
    """Return the ADMS licence types that hold of a licence; `UnknownIPR` where the register does not know its terms."""
    if not licence.states_terms:
        return ["UnknownIPR"]
    found = [kind for term, kind in _LIMITS.items() if term in {*licence.duties, *licence.prohibitions}]
    if not licence.duties and not {"no-commercial-use", "no-derivatives", "all-rights-reserved"} & set(licence.prohibitions):
        found.append("PublicDomain")
    return found or ["OtherRestrictiveClauses"]


class LicenceProfile(RDFProfile):
    """The licence of a dataset and of its files."""

    def parse_dataset(self, dataset_dict: dict[str, Any], dataset_ref: Node) -> dict[str, Any]:
        """Set `license_id`, and `license` of every file that names one; what is not recognised stays as it was read."""
        files = {str(node): self._read(node) for node in self.g.objects(dataset_ref, DCAT.distribution)}
        for row in dataset_dict.get("resources", []):
            found = files.get(str(row.get("distribution_ref") or row.get("uri")))
            if found:
                row["license"] = found
        stated = self._read(dataset_ref)
        shared = set(files.values())
        if stated or (len(shared) == 1 and None not in shared):
            dataset_dict["license_id"] = stated or shared.pop()
        return dataset_dict

    def graph_from_catalog(self, catalog_dict: dict[str, Any] | None, catalog_ref: Node) -> None:
        """Add nothing: a catalogue's licence is the site's to state."""

    def graph_from_dataset(self, dataset_dict: dict[str, Any], dataset_ref: Node) -> None:
        """Put the register's licence where the profiles before this one have copied a field."""
        found = box.of_dataset(bundled_register(), dataset_dict, further.names())
        for schema in (SCHEMA, CROISSANT_SCHEMA):
            if (dataset_ref, RDF.type, schema.Dataset) in self.g:
                self._for_search_engines(dataset_dict, dataset_ref, found, schema)
        if (dataset_ref, RDF.type, DCAT.Dataset) in self.g:
            self._for_catalogues(dataset_dict, dataset_ref, found)

    def _for_catalogues(self, dataset_dict: dict[str, Any], dataset: Node, found: box.Found) -> None:
        for prefix, namespace in (("cc", CC), ("odrl", ODRL)):
            self.g.bind(prefix, namespace)
        words = "" if found.licence else saying.words_of(dataset_dict)
        self._license(dataset, found.licence, words)
        for resource in dataset_dict.get("resources", []):
            own, said = _of_file(resource)
            stated = own is not None or bool(said)
            self._license(URIRef(resource_uri(resource)), own if stated else found.licence, said if stated else words)
        if found.licence is not None and "attribution" in found.licence.duties:
            for agent in self.g.objects(dataset, DCT.publisher):
                for name in self.g.objects(agent, FOAF.name):
                    self.g.add((dataset, CC.attributionName, name))
            self.g.add((dataset, CC.attributionURL, URIRef(_page_of(dataset_dict))))

    def _license(self, about: Node, licence: Licence | None, words: str) -> None:
        """Say what a dataset or file is under, in place of what was said before."""
        for before in list(self.g.objects(about, DCT.license)):
            self.g.remove((about, DCT.license, before))
            if not any(self.g.subjects(DCT.license, before)):
                self.g.remove((before, DCT.type, None))
                self.g.remove((before, RDF.type, DCT.LicenseDocument))
        if licence is not None and licence.id != box.NOT_SPECIFIED:
            self.g.add((about, DCT.license, self._document(licence)))
            self.g.add((about, ODRL.hasPolicy, self._policy(licence)))
        elif words:
            statement = BNode()
            self.g.add((about, DCT.rights, statement))
            self.g.add((statement, RDF.type, DCT.RightsStatement))
            self.g.add((statement, RDFS.label, Literal(words)))

    def _document(self, licence: Licence) -> Node:
        """Return the node of a licence, described once however many datasets are under it."""
        address = address_of(licence)
        document = URIRef(address) if address else self._known(DCT.LicenseDocument, licence)
        for name, value in (
            (RDF.type, DCT.LicenseDocument), (DCT.identifier, Literal(licence.id)),
            *((DCT.title, Literal(text, lang=lang)) for lang, text in licence.names.items()),
            *((SKOS.exactMatch, URIRef(same)) for same in (licence.eu_uri, SPDX[licence.spdx] if licence.spdx else "")
              if same and str(same) != address),
            *((DCT.type, KINDS[kind]) for kind in kinds_of(licence)),
        ):
            self.g.add((document, name, value))
        for kind in kinds_of(licence):
            self.g.add((KINDS[kind], RDF.type, SKOS.Concept))
            self.g.add((KINDS[kind], SKOS.inScheme, SCHEME))
            self.g.add((KINDS[kind], SKOS.prefLabel, Literal(kind, lang="en")))
        self.g.add((SCHEME, RDF.type, SKOS.ConceptScheme))
        self.g.add((SCHEME, DCT.title, Literal("ADMS licence types", lang="en")))
        return document

    def _policy(self, licence: Licence) -> Node:
        """Return the node of what a licence permits, asks for and forbids, described once."""
        policy = self._known(ODRL.Set, licence)
        if (policy, ODRL.permission, None) in self.g or (policy, ODRL.prohibition, None) in self.g:
            return policy
        # A set is a policy; those who check without the ontology must be told.
        self.g.add((policy, RDF.type, ODRL.Policy))
        for names, relation in ((licence.permissions, ODRL.permission), (licence.prohibitions, ODRL.prohibition)):
            for action in dict.fromkeys(TERMS[name].same_as for name in names if TERMS[name].same_as):
                rule = BNode()
                self.g.add((policy, relation, rule))
                self.g.add((rule, ODRL.action, URIRef(action)))
                if relation == ODRL.permission:
                    self._duties(rule, licence)
        return policy

    def _duties(self, permission: Node, licence: Licence) -> None:
        for action in dict.fromkeys(TERMS[name].same_as for name in licence.duties if TERMS[name].same_as):
            duty = BNode()
            self.g.add((permission, ODRL.duty, duty))
            self.g.add((duty, ODRL.action, URIRef(action)))

    def _known(self, kind: Node, licence: Licence) -> Node:
        """Return the node of this kind that this graph has for a licence already, or a new one."""
        identifier = Literal(licence.id)
        for node in self.g.subjects(DCT.identifier, identifier):
            if (node, RDF.type, kind) in self.g:
                return node
        node = BNode()
        self.g.add((node, RDF.type, kind))
        self.g.add((node, DCT.identifier, identifier))
        return node

    def _for_search_engines(self, dataset_dict: dict[str, Any], dataset: Node, found: box.Found, schema: Namespace) -> None:
        self._set_text(dataset, schema.license, found.licence, "" if found.licence else saying.words_of(dataset_dict))
        lang = language(tk.h.lang())
        credit = box.credit_lines(found, dataset_dict, _page_of(dataset_dict)).get(lang)
        if credit:
            self.g.add((dataset, schema.creditText, Literal(credit, lang=lang)))
        for resource in dataset_dict.get("resources", []):
            own, said = _of_file(resource)
            if own is not None or said:
                self._set_text(URIRef(resource_uri(resource)), schema.license, own, said)

    def _set_text(self, about: Node, relation: URIRef, licence: Licence | None, words: str) -> None:
        self.g.remove((about, relation, None))
        if licence is not None and licence.id != box.NOT_SPECIFIED:
            self.g.add((about, relation, Literal(address_of(licence) or licence.names["en"])))
        elif words:
            self.g.add((about, relation, Literal(words)))

    def _read(self, about: Node) -> str | None:
        """Return the id of the one licence that a node names; None when it names none, several, or one that the register does not know."""
        found = {self._recognised(value) for value in self.g.objects(about, DCT.license)}
        return found.pop() if len(found) == 1 else None

    def _recognised(self, value: Node) -> str | None:
        if isinstance(value, Literal):
            return _recognise(title=str(value)).id
        identifier = self.g.value(value, DCT.identifier)
        known = bundled_register().licences.get(str(identifier)) if identifier is not None else None
        if known is not None and (isinstance(value, BNode) or bundled_register().at(str(value)) in (None, known)):
            return known.id
        titles = sorted(str(title) for predicate in (DCT.title, RDFS.label) for title in self.g.objects(value, predicate))
        if isinstance(value, URIRef):
            return _recognise(url=str(value)).id or next(
                (found for title in titles if (found := _recognise(url=str(value), title=title).id)), None)
        return next((found for title in titles if (found := _recognise(title=title).id)), None)


def _of_file(resource: dict[str, Any]) -> tuple[Licence | None, str]:
    """Return the licence that a file states for itself, or its words when the register does not know them; neither when it states none."""
    found = box.of_file(bundled_register(), resource, further.names())
    if found is None or found.state == "not-specified":
        return None, ""
    return found.licence, "" if found.licence else saying.words_of_file(resource)


def _recognise(**said: str) -> rules.Match:
    return rules.recognise(bundled_register(), **said, extra=further.names())


def _page_of(dataset_dict: dict[str, Any]) -> str:
    return tk.url_for("dataset.read", id=dataset_dict.get("name") or dataset_dict["id"], qualified=True, locale="default")
