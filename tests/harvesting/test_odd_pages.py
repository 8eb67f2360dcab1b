"""Pages that break off, records that are very large, and catalogues within other formats: what is whole comes in, and nothing is removed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import call_action

from ckanext.participation.harvesting import profiles, rdf_pages, sentences
from ckanext.participation.harvesting.engine import ckan_reading
from ckanext.participation.harvesting.running import Report, run

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]
Serve = Callable[[str | bytes, str], dict[str, Any]]
HEAD = "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
RDF = ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
       'xmlns:dct="http://purl.org/dc/terms/">{}</rdf:RDF>')
FOUR = range(4)


@pytest.fixture
def serve(make_source: Make, allowed: Any) -> Serve:
    """Serve a page at a DCAT address; its source, the same each time."""
    made: list[dict[str, Any]] = []

    def serving(body: str | bytes, content_type: str) -> dict[str, Any]:
        allowed.fail("/psdi/catalog.ttl", body=body.encode() if isinstance(body, str) else body, content_type=content_type)
        if not made:
            made.append(make_source("psdi", config=""))
        return made[0]

    return serving


def titles() -> set[str]:
    model.Session.expire_all()
    return {row.title for row in model.Session.query(model.Package).filter_by(type="dataset", state="active")}


def roads(numbers: Any) -> set[str]:
    return {f"Road {number}" for number in numbers}


def said(report: Report, words: str) -> bool:
    return any(words in sentence for sentence in report.sentences)


# -- pages that break off ------------------------------------------------------------------------------------------------


def row(number: int) -> dict[str, Any]:
    return {"@type": "dcat:Dataset", "title": f"Road {number}", "identifier": f"https://x.example/{number}",
            "distribution": [{"title": "File", "downloadURL": f"https://x.example/{number}.csv"}]}


def turtle(number: int) -> str:
    return f'<https://x.example/{number}> a dcat:Dataset ; dct:title "Road {number}" .\n'


def node(number: int) -> str:
    return f'<dcat:Dataset rdf:about="https://x.example/{number}"><dct:title>Road {number}</dct:title></dcat:Dataset>'


def linked(number: int) -> dict[str, str]:
    return {"@id": f"https://x.example/{number}", "@type": "dcat:Dataset", "dct:title": f"Road {number}"}


def quad(number: int) -> str:
    about = f"<https://x.example/{number}>"
    return (f"{about} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/ns/dcat#Dataset> .\n"
            f'{about} <http://purl.org/dc/terms/title> "Road {number}" .\n')


CONTEXT = {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"}
WHOLE = {
    "data.json": ("application/json", json.dumps({"dataset": [row(number) for number in FOUR]})),
    "a bare list": ("application/json", json.dumps([row(number) for number in FOUR], indent=1)),
    "a record a line": ("application/json", "\n".join(json.dumps(row(number)) for number in FOUR)),
    "JSON-LD": ("application/ld+json", json.dumps({"@context": CONTEXT, "@graph": [linked(number) for number in FOUR]})),
    "Turtle": ("text/turtle", HEAD + "".join(turtle(number) for number in FOUR)),
    "N-Triples": ("application/n-triples", "".join(quad(number) for number in FOUR)),
    "RDF/XML": ("application/rdf+xml", RDF.format("".join(node(number) for number in FOUR))),
    "RDF/XML in a catalogue": ("application/rdf+xml", RDF.format('<dcat:Catalog rdf:about="https://x.example/c">' + "".join(
        f"<dcat:dataset>{node(number)}</dcat:dataset>" for number in FOUR) + "</dcat:Catalog>")),
}  # fmt: skip


@pytest.mark.parametrize("form", WHOLE)
def test_of_a_page_that_breaks_off_what_is_whole_comes_in_and_nothing_is_removed(form: str, serve: Serve) -> None:
    content_type, text = WHOLE[form]
    cut = text[: text.index("Road 2") + 5]
    source = serve(cut, content_type)
    for counts in ({"added": 2}, {"not modified": 2}):
        report = run(source["id"])
        assert (+report.counts, report.sentences[-1]) == (counts, sentences.PAGE_CUT(page=1))
        # In N-Triples a dataset's first statements may stand before the break.
        assert report.sentences[:-1] in ([], [f"https://x.example/2: {rdf_pages.NOT_WHOLE}"])
    serve(text, content_type)
    report = run(source["id"])
    assert (report.counts, report.sentences) == ({"added": 2, "not modified": 2}, [])
    serve(cut, content_type)
    assert said(run(source["id"]), "breaks off")
    assert titles() == roads(FOUR)
    serve(text, content_type)
    assert run(source["id"]).counts == {"not modified": 4}


def test_rdf_xml_that_ends_between_two_datasets_is_not_taken_for_whole(serve: Serve) -> None:
    content_type, text = WHOLE["RDF/XML"]
    source = serve(text, content_type)
    run(source["id"])
    serve(text[: text.index(node(3))], content_type)
    assert said(run(source["id"]), "breaks off")
    assert titles() == roads(FOUR)


@pytest.mark.parametrize(("form", "before"), [
    ("data.json", "Road 2"),
    # It ends between two datasets: that it is not whole is known by its length alone.
    ("Turtle", "<https://x.example/2>"),
])  # fmt: skip
def test_of_an_answer_whose_connection_ends_too_early_what_came_is_read(form: str, before: str, serve: Serve, allowed: Any) -> None:
    content_type, text = WHOLE[form]
    source = serve(text, content_type)
    run(source["id"])
    changed = text.replace("Road 0", "Road nought")
    allowed.fail("/psdi/catalog.ttl", status=200, body=changed.encode(), content_type=content_type, keep_bytes=changed.index(before))
    report = run(source["id"])
    assert (report.counts, report.sentences) == ({"updated": 1, "not modified": 1}, [sentences.PAGE_CUT(page=1)])
    assert titles() == {"Road nought", *roads((1, 2, 3))}


def test_a_packed_file_that_breaks_off_is_read_as_far_as_it_goes(serve: Serve) -> None:
    rows = [{**row(number), "description": gzip.compress(str(number).encode() * number).hex()} for number in range(200)]
    packed = gzip.compress(json.dumps({"dataset": rows}).encode())
    report = run(serve(packed[: len(packed) // 2], "application/gzip")["id"])
    assert 0 < report.counts["added"] < 200
    assert said(report, "breaks off")


def test_a_dataset_whose_files_are_behind_the_break_stays_as_it_is(serve: Serve) -> None:
    datasets = "".join(turtle(number).replace(" .\n", f" ; dcat:distribution <https://x.example/f{number}> .\n") for number in FOUR)
    files = "".join(f'<https://x.example/f{number}> a dcat:Distribution ; dct:title "File" ; dcat:downloadURL <https://x.example/{number}.csv> .\n'
                    for number in FOUR)
    text = HEAD + datasets + files
    source = serve(text, "text/turtle")
    run(source["id"])
    serve(text[: text.index("/1.csv")], "text/turtle")
    report = run(source["id"])
    assert report.counts["updated"] == 0
    assert said(report, rdf_pages.NOT_WHOLE)
    assert all(call_action("package_show", id=f"road-{number}")["num_resources"] == 1 for number in FOUR)
    serve(text, "text/turtle")
    assert run(source["id"]).counts == {"not modified": 4}


def test_an_address_that_none_can_be_does_not_end_the_reading(serve: Serve) -> None:
    text = HEAD + "@prefix hydra: <http://www.w3.org/ns/hydra/core#> .\n" + turtle(0).replace("x.example", "x[example") + turtle(1)
    for more, words in (('<#> a hydra:PagedCollection ; hydra:nextPage "http://[x/2" .\n', "not a public web address"), ("<https://x.ex", "breaks off")):
        report = run(serve(text + more, "text/turtle")["id"])
        assert said(report, words), report.sentences
    assert titles() == roads((0, 1))


@pytest.mark.parametrize("form", ["data.json", "a bare list", "a record a line", "JSON-LD", "RDF/XML", "RDF/XML in a catalogue"])
def test_a_record_that_is_broken_costs_no_other(form: str, serve: Serve) -> None:
    content_type, text = WHOLE[form]
    source = serve(text.replace("Road 1", 'Road <"1'), content_type)
    for counts in ({"added": 3}, {"not modified": 3}):
        report = run(source["id"])
        assert report.counts == counts
        assert said(report, "1 records of the catalogue are broken and were left out. No dataset was removed. They begin with: ")
    assert titles() == roads((0, 2, 3))


@pytest.fixture
def portal(allowed: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A CKAN with five datasets, asked for three at a time."""
    monkeypatch.setattr(ckan_reading, "WHOLE_ROWS", 3)
    datasets = allowed.csa.datasets
    first = next(iter(datasets.values()))
    datasets.clear()
    for number in range(5):
        datasets[f"road-{number}"] = {**first, "id": f"{number}0000000-0000-4000-8000-000000000000", "name": f"road-{number}", "resources": [],
                                      "title": f"Road {number}", "title_translated": {"en": f"Road {number}"}}
    return allowed


def broken_search(portal: Any, monkeypatch: pytest.MonkeyPatch, harm: Callable[[bytes], bytes]) -> None:
    answer = portal.csa.answer

    def harmed(path: str, parameters: Any, base: str) -> Any:
        reply = answer(path, parameters, base)
        if path.endswith("package_search"):
            reply.body = harm(reply.body)
        return reply

    monkeypatch.setattr(portal.csa, "answer", harmed)


def test_a_ckan_whose_answers_break_off_is_asked_on_behind_what_was_whole(
        make_source: Make, portal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = len(json.dumps(portal.csa.datasets["road-0"]))
    broken_search(portal, monkeypatch, lambda body: body[: int(2.5 * one)])
    source = make_source("csa")
    first, second = run(source["id"]), run(source["id"])
    assert first.counts == {"added": 5}
    assert said(first, "answers of the catalogue broke off before their end. The rest was asked for again, and given.")
    assert second.counts == {"not modified": 5}


def test_a_ckan_whose_answers_break_off_within_the_first_dataset_loses_none(
        make_source: Make, portal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_source("csa")
    run(source["id"])
    broken_search(portal, monkeypatch, lambda body: body[: body.index(b"Road 0")])
    report = run(source["id"])
    assert report.sentences
    assert titles() == roads(range(5))


def test_a_dataset_of_a_ckan_that_is_broken_costs_no_other(make_source: Make, portal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_source("csa")
    broken_search(portal, monkeypatch, lambda body: body.replace(b'"Road 1"', b'"Road "1"'))
    first, second = run(source["id"]), run(source["id"])
    assert (first.counts, second.counts) == ({"added": 4}, {"not modified": 4})
    assert said(first, "1 records of the catalogue are broken and were left out.")
    assert titles() == roads((0, 2, 3, 4))


# -- values that no program takes ----------------------------------------------------------------------------------------

FILE = '<https://x.example/1> dcat:distribution [ dcat:downloadURL <https://x.example/1.csv> ; dcat:byteSize {} ] .\n'


@pytest.mark.parametrize(("size", "is_said"), [("1e400", True), ('"1e400"', True), ('"INF"^^<http://www.w3.org/2001/XMLSchema#double>', True),
                                               ('"' + "9" * 500 + '"', True), ('"NaN"', False), ("12", False)])
def test_a_size_that_is_none_costs_no_record(size: str, is_said: bool, serve: Serve) -> None:
    source = serve(HEAD + turtle(1) + FILE.format(size), "text/turtle")
    report = run(source["id"])
    assert report.counts["added"] == 1
    assert said(report, " was left out: “") == is_said
    assert [(file["url"], file.get("size")) for file in call_action("package_show", id="road-1")["resources"]] == [
        ("https://x.example/1.csv", 12 if size == "12" else None)]
    assert run(source["id"]).counts == {"not modified": 1}


def test_a_thousand_sizes_that_are_none_cost_no_record(serve: Serve) -> None:
    files = "".join(FILE.format(f"{number}e400").replace("/1.csv", f"/{number}.csv") for number in range(1, 41))
    report = run(serve(HEAD + turtle(1) + files, "text/turtle")["id"])
    assert report.counts["added"] == 1
    assert len(call_action("package_show", id="road-1")["resources"]) == 40


@pytest.mark.parametrize("form", ["data.json", "JSON-LD"])
def test_a_size_that_is_none_in_json_costs_no_record(form: str, serve: Serve) -> None:
    said_of = row(1) if form == "data.json" else {**linked(1), "dcat:distribution": {"dcat:downloadURL": {"@id": "https://x.example/1.csv"}}}
    files = said_of["distribution"] if form == "data.json" else [said_of["dcat:distribution"]]
    files[0]["byteSize" if form == "data.json" else "dcat:byteSize"] = 12345
    document = {"dataset": [said_of]} if form == "data.json" else {"@context": CONTEXT, "@graph": [said_of]}
    source = serve(json.dumps(document).replace("12345", "1e400"), WHOLE[form][0])
    report = run(source["id"])
    assert report.counts["added"] == 1
    assert said(report, " was left out: “inf” is not a value it takes.")
    assert run(source["id"]).counts == {"not modified": 1}


def test_a_size_that_is_none_costs_no_dataset_of_a_ckan(make_source: Make, portal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    portal.csa.datasets["road-1"]["resources"] = [{"id": "90000000-0000-4000-8000-000000000000", "url": "https://x.example/1.csv", "size": 12345}]
    broken_search(portal, monkeypatch, lambda body: body.replace(b"12345", b"1e400"))
    first, second = (run(source["id"]) for source in [make_source("csa")] * 2)
    assert (first.counts, second.counts) == ({"added": 5}, {"not modified": 5})
    assert said(first, "size was left out: “inf” is not a value it takes.")


def test_a_blank_nodes_label_is_no_value_and_changes_nothing(serve: Serve) -> None:
    text = HEAD + turtle(1) + '<https://x.example/1> foaf:page [ ], <https://x.example/page> ; dct:conformsTo [ a dct:Standard ] .\n'
    source = serve(text, "text/turtle")
    run(source["id"])
    assert call_action("package_show", id="road-1")["documentation"] == ["https://x.example/page"]
    model.Session.execute(sa.text("UPDATE harvest_source SET config = :config"), {"config": json.dumps({"remove_up_to": 30})})
    model.Session.commit()
    assert run(source["id"]).counts == {"not modified": 1}


# -- very large records --------------------------------------------------------------------------------------------------


def large(files: int, more: str = "") -> str:
    named = "".join(f"<https://x.example/1> dcat:distribution <https://x.example/f{number}> .\n<https://x.example/f{number}> a dcat:Distribution ; "
                    f'dct:title "File {number}" ; dcat:downloadURL <https://x.example/{number}.csv> .\n' for number in range(files))
    return HEAD + turtle(1) + turtle(2) + named + more


def test_a_dataset_of_very_many_statements_comes_in(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdf_pages, "MOST_SHARED", 100)
    # Files are read a part at a time, too.
    monkeypatch.setattr(profiles, "FILES_AT_ONCE", 25)
    source = serve(large(60), "text/turtle")
    report = run(source["id"])
    assert (report.counts, report.sentences) == ({"added": 2}, [])
    assert len(call_action("package_show", id="road-1")["resources"]) == 60
    assert run(source["id"]).counts == {"not modified": 2}


@pytest.mark.ckan_config("participation.harvest.max_statements", 100)
def test_of_a_dataset_that_is_larger_than_the_option_says_what_is_nearest_comes_in(serve: Serve) -> None:
    source = serve(large(60), "text/turtle")
    report = run(source["id"])
    assert report.counts["added"] == 2
    assert said(report, sentences.MANY_STATEMENTS(number=100))
    assert 5 < len(call_action("package_show", id="road-1")["resources"]) < 25
    assert run(source["id"]).counts == {"not modified": 2}
    serve(large(60) + "# again\n", "text/turtle")
    assert run(source["id"]).counts == {"not modified": 2}


def test_what_datasets_share_is_not_copied_without_end(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rdf_pages, "MOST_SHARED", 50)
    themes = ("<https://x.example/1> dcat:theme <https://x.example/t> .\n<https://x.example/2> dcat:theme <https://x.example/t> .\n" + "".join(
        f'<https://x.example/t> foaf:made <https://x.example/t{number}> .\n<https://x.example/t{number}> dct:title "Theme {number}" .\n'
        for number in range(200)))
    report = run(serve(large(60, themes), "text/turtle")["id"])
    assert report.counts["added"] == 2
    assert len(call_action("package_show", id="road-1")["resources"]) == 60
    assert said(report, "very many that it shares with others")


# -- catalogues within other formats -------------------------------------------------------------------------------------

GRAPHS = HEAD + "".join((turtle(0), f"<https://x.example/g> {{ {turtle(1)} }}\n", f"GRAPH <https://x.example/h> {{ {turtle(2)} }}\n", turtle(3)))
QUADS = "".join(quad(number).replace(" .\n", f" <https://x.example/g{number}> .\n" if number else " .\n") for number in FOUR)


@pytest.mark.parametrize(("text", "content_type"), [
    (GRAPHS, "application/trig"), (GRAPHS, "text/plain"), (QUADS, "application/n-quads"), (QUADS, "text/plain"),
    (QUADS, "application/n-triples")])  # fmt: skip
def test_all_graphs_of_a_page_are_read_as_one(text: str, content_type: str, serve: Serve) -> None:
    source = serve(text, content_type)
    report = run(source["id"])
    assert (report.counts, report.sentences) == ({"added": 4}, [])
    assert titles() == roads(FOUR)
    assert run(source["id"]).counts == {"not modified": 4}


def csw(records: str, attributes: str = "") -> str:
    return ('<?xml version="1.0"?><csw:GetRecordsResponse xmlns:csw="http://www.opengis.net/cat/csw/2.0.2"><csw:SearchStatus/>'
            f"<csw:SearchResults {attributes}>{records}</csw:SearchResults></csw:GetRecordsResponse>")


def test_dcat_within_the_answer_of_a_geographic_catalogue_is_read(serve: Serve) -> None:
    records = RDF.format(node(0)) + RDF.format(node(1)).replace("<rdf:RDF", "<rdf:RDF xml:lang='en'") + RDF.format("")[:-10].replace(
        "<rdf:RDF", "<holder") + node(2) + "</holder>"
    source = serve(csw(records), "application/xml")
    report = run(source["id"])
    assert (report.counts, report.sentences) == ({"added": 3}, [])
    assert titles() == roads(range(3))
    assert run(source["id"]).counts == {"not modified": 3}


def test_the_pages_of_a_geographic_catalogue_are_asked_for_one_after_the_other(make_source: Make, allowed: Any) -> None:
    path = "/psdi/csw?service=CSW&request=GetRecords&outputSchema=http%3A%2F%2Fwww.w3.org%2Fns%2Fdcat%23"
    following = path + "&startPosition=3"
    of_two = 'numberOfRecordsMatched="4" numberOfRecordsReturned="2" nextRecord="{}"'
    for address, numbers, at in ((path, (0, 1), 3), (following, (2, 3), 0)):
        allowed.fail(address, status=200, body=csw("".join(RDF.format(node(number)) for number in numbers), of_two.format(at)).encode(),
                     content_type="application/xml")
    source = make_source("psdi", config="", url=allowed.url(path))
    report = run(source["id"])
    assert (report.counts, report.sentences) == ({"added": 4}, [])
    assert run(source["id"]).counts == {"not modified": 4}


@pytest.mark.parametrize(("records", "words"), [
    ('<gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd" xmlns:dcat="http://www.w3.org/ns/dcat#"/>', "ISO 19115"),
    ("<csw:Record/>", "Dublin Core")])  # fmt: skip
def test_other_answers_of_geographic_catalogues_are_called_what_they_are(records: str, words: str, serve: Serve) -> None:
    report = run(serve(csw(records), "application/xml")["id"])
    assert not report.counts
    assert said(report, words)
