"""A licence in RDF and back: addresses, what it permits, whom to credit, and what may not be made up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pyshacl
import pytest
from ckanext.dcat.processors import RDFParser, RDFSerializer
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF, RDFS, SH, SKOS

from ckanext.participation.harvesting.from_rdf import from_rdf
from ckanext.participation.harvesting.record import Mapper
from ckanext.participation.licences.profile import address_of, kinds_of
from ckanext.participation.licences.register import bundled_register

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
DCAT, SCHEMA = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://schema.org/")
CC, ODRL = Namespace("http://creativecommons.org/ns#"), Namespace("http://www.w3.org/ns/odrl/2/")
BY = "https://creativecommons.org/licenses/by/4.0/"
CANADA = "https://open.canada.ca/en/open-government-licence-canada"
# What a dataset must name to be valid in DCAT-AP whatever its licence is.
FILE = {"url": "https://data.example/snow.csv", "name_translated": {"fr": "Neige", "en": "Snow"}, "format": "CSV"}
SHAPES = Path(__file__).parent / "shapes"


def graph_of(about: dict[str, Any], profiles: list[str] | None = None) -> tuple[Graph, URIRef]:
    serializer = RDFSerializer(profiles=profiles)
    ref = serializer.graph_from_dataset(tk.get_action("package_show")({"ignore_auth": True}, {"id": about["id"]}))
    return serializer.g, URIRef(str(ref))


def back(graph: Graph) -> dict[str, Any]:
    """Read the RDF as stock ckanext-dcat does with our profile."""
    parser = RDFParser()
    parser.g = graph
    found, = parser.datasets()
    return found


def test_a_licence_has_one_address_for_the_dataset_and_its_files(dataset: Make) -> None:
    graph, ref = graph_of(dataset(license_id="CC-BY-4.0", resources=[FILE]))
    distribution = graph.value(ref, DCAT.distribution)
    assert list(graph.objects(ref, DCTERMS.license)) == list(graph.objects(distribution, DCTERMS.license)) == [URIRef(BY)]
    assert (URIRef(BY), RDF.type, DCTERMS.LicenseDocument) in graph
    assert {title.language for title in graph.objects(URIRef(BY), DCTERMS.title)} == {"fr", "en"}
    same = {str(other) for other in graph.objects(URIRef(BY), SKOS.exactMatch)}
    assert same == {"http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", "https://spdx.org/licenses/CC-BY-4.0"}


def test_a_file_with_a_licence_of_its_own_keeps_it(dataset: Make) -> None:
    graph, ref = graph_of(dataset(license_id="CC-BY-4.0", resources=[
        FILE, {**FILE, "url": "https://data.example/b.csv", "license": "OGL-Canada-2.0"}]))
    found = {str(graph.value(node, DCAT.accessURL)): str(graph.value(node, DCTERMS.license)) for node in graph.objects(ref, DCAT.distribution)}
    assert found == {"https://data.example/snow.csv": BY, "https://data.example/b.csv": CANADA}


def test_words_that_name_no_known_licence_are_rights_and_not_a_licence(dataset: Make) -> None:
    graph, ref = graph_of(dataset(license_id="CC-BY-4.0", resources=[{**FILE, "license": "Ask Marie at the desk"}]))
    distribution = graph.value(ref, DCAT.distribution)
    assert graph.value(distribution, DCTERMS.license) is None
    statement = graph.value(distribution, DCTERMS.rights)
    assert (statement, RDF.type, DCTERMS.RightsStatement) in graph
    assert graph.value(statement, RDFS.label) == Literal("Ask Marie at the desk")


def test_a_dataset_without_a_licence_gets_none_in_rdf(dataset: Make) -> None:
    graph, _ref = graph_of(dataset(license_id="notspecified", resources=[FILE]))
    assert not list(graph.triples((None, DCTERMS.license, None)))
    assert not list(graph.triples((None, ODRL.hasPolicy, None)))


def test_the_policy_says_what_is_permitted_asked_for_and_forbidden(dataset: Make) -> None:
    graph, ref = graph_of(dataset(license_id="CC-BY-NC-4.0", resources=[FILE]))
    policy = graph.value(ref, ODRL.hasPolicy)
    assert (policy, RDF.type, ODRL.Set) in graph
    assert policy == graph.value(graph.value(ref, DCAT.distribution), ODRL.hasPolicy)
    allowed = {graph.value(rule, ODRL.action) for rule in graph.objects(policy, ODRL.permission)}
    duties = {graph.value(duty, ODRL.action) for rule in graph.objects(policy, ODRL.permission) for duty in graph.objects(rule, ODRL.duty)}
    forbidden = {graph.value(rule, ODRL.action) for rule in graph.objects(policy, ODRL.prohibition)}
    assert CC.Distribution in allowed
    assert CC.Attribution in duties
    assert forbidden == {CC.CommercialUse}


def test_whom_to_credit_is_said(dataset: Make) -> None:
    about = dataset(license_id="CC-BY-4.0", publisher=[{"name": "City of Snow"}], resources=[FILE])
    graph, ref = graph_of(about)
    assert [str(name) for name in graph.objects(ref, CC.attributionName)] == ["City of Snow"]
    assert str(graph.value(ref, CC.attributionURL)).endswith(f"/dataset/{about['name']}")
    assert not list(graph_of(dataset(license_id="CC0-1.0", resources=[FILE]))[0].triples((None, CC.attributionName, None)))


def test_search_engines_get_the_same_address_and_the_credit_line(dataset: Make) -> None:
    about = dataset(license_id="OGL-Canada-2.0", resources=[{**FILE, "license": "CC-BY-4.0"}])
    graph, ref = graph_of(about, tk.config["ckanext.dcat.structured_data.profiles"])
    assert list(graph.objects(ref, SCHEMA.license)) == [Literal(CANADA)]
    assert "Contains information licensed under the Open Government Licence – Canada." in str(graph.value(ref, SCHEMA.creditText))
    assert [str(value) for value in graph.objects(graph.value(ref, SCHEMA.distribution), SCHEMA.license)] == [BY]


def test_croissant_gets_the_same_address(dataset: Make) -> None:
    graph, ref = graph_of(dataset(license_id="CC-BY-4.0", resources=[FILE]), ["croissant", "participation_licences"])
    assert list(graph.objects(ref, URIRef("https://schema.org/license"))) == [Literal(BY)]


def test_dcat_us_gets_the_same_address(dataset: Make) -> None:
    graph, ref = graph_of(dataset(license_id="US-Government-Works", resources=[FILE]), ["dcat_us_3", "participation_licences"])
    address = URIRef(address_of(bundled_register().licences["US-Government-Works"]))
    assert [graph.value(node, DCTERMS.license) for node in (ref, graph.value(ref, DCAT.distribution))] == [address, address]


@pytest.mark.parametrize(("identifier", "kinds"), [
    ("CC-BY-4.0", {"Attribution", "ReservedNames-Endorsement-OfficialStatus"}), ("CC0-1.0", {"PublicDomain"}),
    ("CC-BY-NC-ND-4.0", {"Attribution", "NoDerivativeWork", "NonCommercialUseOnly", "ReservedNames-Endorsement-OfficialStatus"}),
    ("ODbL-1.0", {"Attribution", "ViralEffect-ShareAlike"}), ("other-open", {"UnknownIPR"})])
def test_a_licence_is_of_the_kinds_that_its_terms_make_it(identifier: str, kinds: set[str]) -> None:
    assert set(kinds_of(bundled_register().licences[identifier])) == kinds


def test_what_is_written_is_read_back_as_the_same_licence() -> None:
    wrong = {}
    for identifier in bundled_register().licences:
        serializer = RDFSerializer()
        serializer.graph_from_dataset({"id": "a", "name": "a", "type": "dataset", "title": "A", "license_id": identifier, "resources": [
            {"id": "r", "package_id": "a", "url": "https://data.example/a.csv", "format": "CSV"}]})
        graph = Graph().parse(data=serializer.g.serialize(format="xml"), format="xml")
        read = back(graph)
        ref, = graph.subjects(RDF.type, DCAT.Dataset)
        harvested = from_rdf(graph, ref, read, Mapper(bundled_register(), {}, "en")).dataset
        found = {read.get("license_id"), read["resources"][0].get("license"), harvested["license_id"]}
        if found != {identifier} and identifier != "notspecified":
            wrong[identifier] = found
    assert wrong == {}


def test_the_licences_of_all_datasets_are_valid_in_dcat_ap() -> None:
    """The shapes of DCAT-AP 3.0.1 with its value ranges and vocabularies: nothing about a licence, a right or a policy is violated."""
    serializer = RDFSerializer()
    for identifier in bundled_register().licences:
        serializer.graph_from_dataset({
            "id": identifier, "name": identifier.lower(), "type": "dataset", "title": identifier, "notes": "Words.", "license_id": identifier,
            "resources": [{"id": f"{identifier}-{place}", "package_id": identifier, "url": "https://data.example/a.csv", "license": words}
                          for place, words in enumerate(("", "CC-BY-4.0", "Ask Marie at the desk"))]})
    shapes = Graph()
    for file in sorted(SHAPES.glob("*.ttl")):
        shapes.parse(file)
    _conforms, report, _text = pyshacl.validate(serializer.g, shacl_graph=shapes, inference="none", advanced=False)
    violated = {(str(report.value(result, SH.resultPath)), str(report.value(result, SH.focusNode)), str(report.value(result, SH.value)))
                for result in report.subjects(RDF.type, SH.ValidationResult) if report.value(result, SH.resultSeverity) == SH.Violation}
    documents = {str(node) for node in serializer.g.subjects(RDF.type, DCTERMS.LicenseDocument)}
    statements = {str(node) for node in serializer.g.subjects(RDF.type, DCTERMS.RightsStatement)}
    ours = {str(name) for name in (DCTERMS.license, DCTERMS.rights, ODRL.hasPolicy)}
    assert {found for found in violated if found[0] in ours or found[1] in documents | statements} == set()
    assert len(documents) > 50
