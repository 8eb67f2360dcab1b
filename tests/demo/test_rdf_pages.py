"""The recorded RDF catalogue is the same in three formats and can be walked page by page."""

from __future__ import annotations

import pytest
import requests
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from replay import Replay

DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")

FORMATS = [
    ("ttl", "turtle", "text/turtle"),
    ("rdf", "xml", "application/rdf+xml"),
    ("jsonld", "json-ld", "application/ld+json"),
]


def page(replay: Replay, extension: str, number: int) -> Graph:
    reply = requests.get(replay.url(f"/psdi/catalog.{extension}?page={number}"), timeout=10)
    assert reply.status_code == 200
    return Graph().parse(data=reply.content, format={each[0]: each[1] for each in FORMATS}[extension])


def next_page(graph: Graph) -> str | None:
    """As ckanext-dcat reads it: the first ``hydra:next`` of a paged collection, else ``hydra:nextPage``."""
    for node in graph.subjects(RDF.type, HYDRA.PagedCollection):
        for predicate in (HYDRA.next, HYDRA.nextPage):
            for value in graph.objects(node, predicate):
                return str(value)
    return None


@pytest.mark.parametrize(("extension", "name", "content_type"), FORMATS)
def test_walking_the_pages_finds_every_dataset_once(
    replay: Replay, extension: str, name: str, content_type: str
) -> None:
    address: str | None = replay.url(f"/psdi/catalog.{extension}")
    found: list[str] = []
    pages = 0
    while address:
        reply = requests.get(address, timeout=10)
        assert reply.headers["Content-Type"] == f"{content_type}; charset=utf-8"
        graph = Graph().parse(data=reply.content, format=name)
        found += [str(dataset) for dataset in graph.subjects(RDF.type, DCAT.Dataset)]
        address = next_page(graph)
        pages += 1
    assert pages == 5
    assert len(found) == len(set(found)) == 46


def test_the_formats_say_the_same(replay: Replay) -> None:
    graphs = [page(replay, extension, 2) for extension, _, _ in FORMATS]
    for graph in graphs:
        for node in list(graph.subjects(RDF.type, HYDRA.PagedCollection)):
            graph.remove((node, None, None))
    assert len(graphs[0]) > 500
    assert isomorphic(graphs[0], graphs[1])
    assert isomorphic(graphs[0], graphs[2])


def test_a_page_holds_what_its_datasets_point_at(replay: Replay) -> None:
    graph = page(replay, "ttl", 1)
    files = set(graph.objects(None, DCAT.Distribution))
    assert len(files) > 10
    assert all((file, DCT.title, None) in graph for file in files)


def test_without_a_number_the_first_page_is_meant(replay: Replay) -> None:
    address = replay.url("/psdi/catalog.ttl")
    assert requests.get(address, timeout=10).content == requests.get(address + "?page=1", timeout=10).content


@pytest.mark.parametrize(
    "path",
    [
        "/psdi/catalog.ttl?page=6",
        "/psdi/catalog.ttl?page=0",
        "/psdi/catalog.ttl?page=two",
        "/psdi/catalog.ttl?page=²",
        "/psdi/catalog.n3",
        "/psdi/catalog",
        "/psdi",
    ],
)
def test_what_is_not_there_is_not_found(replay: Replay, path: str) -> None:
    assert requests.get(replay.url(path), timeout=10).status_code == 404


def test_each_page_has_its_own_tag_and_date(replay: Replay) -> None:
    replies = [
        requests.get(replay.url(f"/psdi/catalog.ttl?page={number}"), timeout=10) for number in range(1, 6)
    ]
    assert len({reply.headers["ETag"] for reply in replies}) == 5
    assert len({reply.headers["Last-Modified"] for reply in replies}) > 1
    for reply in replies:
        assert (
            requests.get(reply.url, headers={"If-None-Match": reply.headers["ETag"]}, timeout=10).status_code
            == 304
        )
        date = {"If-Modified-Since": reply.headers["Last-Modified"]}
        assert requests.get(reply.url, headers=date, timeout=10).status_code == 304


def test_links_follow_the_address_that_was_asked(replay: Replay) -> None:
    reply = requests.get(replay.url("/psdi/catalog.ttl"), headers={"Host": "portal.example:8080"}, timeout=10)
    assert (
        next_page(Graph().parse(data=reply.content, format="turtle"))
        == "http://portal.example:8080/psdi/catalog.ttl?page=2"
    )
    reply = requests.get(replay.url("/psdi/catalog.ttl"), headers={"Host": 'bad"host'}, timeout=10)
    assert next_page(Graph().parse(data=reply.content, format="turtle")) == replay.url(
        "/psdi/catalog.ttl?page=2"
    )


def test_a_removed_dataset_is_gone_from_every_format_and_only_its_page_changes(replay: Replay) -> None:
    before = [
        requests.get(replay.url(f"/psdi/catalog.ttl?page={number}"), timeout=10).headers["ETag"]
        for number in (1, 3)
    ]
    gone = replay.psdi.datasets[2][0]
    replay.psdi.remove(gone)
    after = [
        requests.get(replay.url(f"/psdi/catalog.ttl?page={number}"), timeout=10).headers["ETag"]
        for number in (1, 3)
    ]
    assert after[0] == before[0]
    assert after[1] != before[1]
    for extension, _, _ in FORMATS:
        graph = page(replay, extension, 3)
        assert (URIRef(gone), RDF.type, DCAT.Dataset) not in graph
        assert len(set(graph.subjects(RDF.type, DCAT.Dataset))) == 9
        assert next_page(graph) == replay.url(f"/psdi/catalog.{extension}?page=4")


def test_an_edited_dataset_is_edited_in_every_format(replay: Replay) -> None:
    dataset = URIRef(replay.psdi.datasets[0][0])

    def rename(graph: Graph) -> None:
        graph.set((dataset, DCT.title, Literal("Renamed")))

    replay.psdi.edit(1, rename)
    assert [str(page(replay, extension, 1).value(dataset, DCT.title)) for extension, _, _ in FORMATS] == [
        "Renamed"
    ] * 3


def test_removing_what_is_not_there_is_an_error(replay: Replay) -> None:
    with pytest.raises(KeyError):
        replay.psdi.remove("http://nowhere.example/1")
