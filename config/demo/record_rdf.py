"""Makes the recording of a DCAT catalogue in RDF: without people, in pages, in three formats."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rdflib import RDF, XSD, Graph, Literal, Namespace, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.term import Node
from record_common import ORIGIN, refuse_people, without_emails, write

NAME_BY_FORM = re.compile(r"\b(?:Dr|Prof|Professor)\.?(?: [A-Z](?:\.|[\w-]+))+|\b(?:[A-Z]\. ?)+[A-Z][a-z]+\b")

DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
PSDI = Namespace("http://metadata.psdi.ac.uk/psdi-dcat-ext#")

PSDI_PAGE = 10
PSDI_FORMATS = {"ttl": "turtle", "rdf": "pretty-xml", "jsonld": "json-ld"}
PERSON_PAGE = re.compile(
    r"https?://(orcid\.org|www\.linkedin\.com/in|github\.com/[^/]+$|www\.webofscience\.com/wos/author"
    r"|en\.wikipedia\.org/wiki)"
)


def record_psdi(originals: Path, target: Path) -> None:
    graph = Graph().parse(originals / "B/psdi/psdi-dcat.ttl", format="turtle")
    people: set[str] = set()
    graph = _without_people(graph, people)
    datasets = sorted(graph.subjects(RDF.type, DCAT.Dataset), key=str)
    pages = [datasets[at : at + PSDI_PAGE] for at in range(0, len(datasets), PSDI_PAGE)]
    facts = []
    for number, members in enumerate(pages, 1):
        page = _psdi_page(graph, members)
        facts.append(
            {"datasets": [str(member) for member in members], "modified": _last_change(graph, members)}
        )
        for extension, rdf_format in PSDI_FORMATS.items():
            paged = _with_paging(page, extension, number, len(pages), len(datasets))
            text = paged.serialize(format=rdf_format)
            refuse_people(text, people, f"psdi page {number}")
            write(target / f"psdi/catalog-{number}.{extension}.gz", text)
    (target / "psdi/pages.json").write_text(
        json.dumps({"total": len(datasets), "pages": facts}, indent=1) + "\n", "utf-8"
    )


def _without_people(graph: Graph, people: set[str]) -> Graph:
    """The same graph with every person's page and name replaced by a number, e-mail addresses by roles."""
    agents = sorted((agent for agent in graph.subjects(FOAF.name) if PERSON_PAGE.match(str(agent))), key=str)
    names = sorted({str(name) for agent in agents for name in graph.objects(agent, FOAF.name)})
    number = {name: at for at, name in enumerate(names, 1)}
    people.update(names)
    uris = {
        agent: URIRef(f"https://people.example/contributor/{number[str(graph.value(agent, FOAF.name))]}")
        for agent in agents
    }
    longest_first = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))

    def clean(node: Node) -> Node:
        if isinstance(node, URIRef) and (node in uris or "@" in node):
            return uris.get(node) or URIRef(without_emails(str(node), "psdi"))
        if isinstance(node, Literal):
            text = longest_first.sub(
                lambda found: f"Contributor {number[found[0]]}", without_emails(str(node), "psdi")
            )
            text = NAME_BY_FORM.sub("a contributor", text)
            return node if text == str(node) else Literal(text, lang=node.language, datatype=node.datatype)
        return node

    cleaned = _new_graph(graph)
    for subject, predicate, value in sorted(graph):
        cleaned.add((clean(subject), predicate, clean(value)))
    return cleaned


def _psdi_page(graph: Graph, members: list[Node]) -> Graph:
    """The catalogue, the members of one page and what they point at; other datasets and tools stay links."""
    page = _new_graph(graph)
    links = {DCAT.Catalog, DCAT.DataService}
    for catalogue in graph.subjects(DCAT.Catalog):
        for predicate, value in graph.predicate_objects(catalogue):
            if predicate not in links:
                page.add((catalogue, predicate, value))
    waiting, seen = list(members), set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for predicate, value in graph.predicate_objects(node):
            page.add((node, predicate, value))
            kinds = set(graph.objects(value, RDF.type))
            if kinds and not kinds & {DCAT.Dataset, DCAT.Catalog, PSDI.Tool, PSDI.Guidance}:
                waiting.append(value)
    # Blank nodes get names that depend on their content: otherwise each run would name them anew.
    ordered = _new_graph(graph)
    for triple in sorted(to_canonical_graph(page)):
        ordered.add(triple)
    return ordered


def _with_paging(page: Graph, extension: str, number: int, last: int, total: int) -> Graph:
    paged = _new_graph(page)
    for triple in page:
        paged.add(triple)
    address = f"{ORIGIN}/psdi/catalog.{extension}"
    here = URIRef(f"{address}?page={number}")
    paged.add((here, RDF.type, HYDRA.PagedCollection))
    paged.add((here, HYDRA.totalItems, Literal(total, datatype=XSD.integer)))
    paged.add((here, HYDRA.itemsPerPage, Literal(PSDI_PAGE, datatype=XSD.integer)))
    links = {"first": 1, "last": last, "next": number + 1 if number < last else 0, "previous": number - 1}
    for name, target in links.items():
        if target:
            for predicate in (HYDRA[name], HYDRA[f"{name}Page"]):
                paged.add((here, predicate, Literal(f"{address}?page={target}")))
    return paged


def _new_graph(like: Graph) -> Graph:
    graph = Graph(bind_namespaces="none")
    for prefix, namespace in like.namespaces():
        graph.bind(prefix, namespace)
    graph.bind("hydra", HYDRA)
    return graph


def _last_change(graph: Graph, members: list[Node]) -> str:
    dates = [
        str(value)
        for member in members
        for term in (DCT.modified, DCT.issued)
        for value in graph.objects(member, term)
    ]
    return max(dates, default="2025-01-07T00:00:00+00:00")
