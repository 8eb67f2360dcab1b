"""What reading a DCAT catalogue asks for and parses, and how records without identifiers are known again, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.plugins import get_plugin
from ckanext.harvest.model import HarvestObject

from ckanext.participation.harvesting import settings
from ckanext.participation.harvesting.engine.model import HarvestPage, HarvestRun
from ckanext.participation.harvesting.running import Report, run
from ckanext.participation.harvesting.stages import mapper

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]
HEAD = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
"""
FIRST = '[] a dcat:Dataset ; dct:title "Snow" ; dcat:distribution [ dcat:downloadURL <http://x.example/a.csv> ] .\n'
SECOND = '[] a dcat:Dataset ; dct:title "Snow" ; dcat:distribution [ dcat:downloadURL <http://x.example/b.csv> ] .\n'
THIRD = '[] a dcat:Dataset ; dct:title "Rain" ; dct:identifier "rain-1" .\n'
FOURTH = '<http://x.example/4> a dcat:Dataset ; dct:title "Hail" .\n'


@pytest.fixture
def pages(allowed: Any) -> list[str]:
    """The Turtle pages of the RDF catalogue, which a test writes."""
    allowed.psdi.pages["ttl"][:] = [HEAD + FIRST + THIRD, HEAD + FOURTH]
    allowed.psdi.pages["ttl"][0] += following(allowed, 2)
    return allowed.psdi.pages["ttl"]


def following(allowed: Any, number: int) -> str:
    here = allowed.url("/psdi/catalog.ttl?page=")
    return f'<{here}1> a hydra:PagedCollection ; hydra:nextPage "{here}{number}" .\n'


def packages(state: str = "active") -> dict[str, str]:
    model.Session.expire_all()
    return {row.id: row.title for row in model.Session.query(model.Package).filter_by(type="dataset", state=state)}


def objects() -> int:
    return model.Session.scalar(sa.select(sa.func.count()).select_from(HarvestObject)) or 0


def last_run() -> HarvestRun:
    model.Session.expire_all()
    return model.Session.scalars(sa.select(HarvestRun).order_by(HarvestRun.id.desc())).first()  # type: ignore[return-value]


def said(report: Report, words: str) -> bool:
    return any(words in sentence for sentence in report.sentences)


def test_pages_that_did_not_change_are_not_even_sent(make_source: Make, pages: list[str], allowed: Any) -> None:
    source = make_source("psdi")
    assert run(source["id"]).counts == {"added": 3}
    before = objects()
    assert run(source["id"]).counts == {"not modified": 3}
    assert (last_run().requests, last_run().bytes) == (2, 0)
    assert objects() == before


def test_pages_of_a_server_without_etags_are_known_by_their_content(make_source: Make, pages: list[str], allowed: Any) -> None:
    source = make_source("psdi")
    answer = allowed.psdi.answer

    def plain(*asked: Any) -> Any:
        reply = answer(*asked)
        if reply is not None:
            reply.last_modified = None
        return reply

    allowed.psdi.answer = plain
    run(source["id"])
    before = objects()
    assert run(source["id"]).counts == {"not modified": 3}
    assert objects() == before
    assert last_run().bytes > 0


def test_of_a_page_that_changed_only_the_changed_record_is_imported(make_source: Make, pages: list[str], allowed: Any) -> None:
    source = make_source("psdi")
    run(source["id"])
    pages[0] = pages[0].replace('"Rain"', '"Rain and hail"')
    before = objects()
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}
    assert objects() == before + 1
    assert run(source["id"]).counts == {"not modified": 3}


def test_a_record_that_failed_on_a_page_that_did_not_change_is_tried_again(make_source: Make, pages: list[str], allowed: Any) -> None:
    pages[1] = HEAD + "<http://x.example/4> a dcat:Dataset .\n"
    source = make_source("psdi")
    assert run(source["id"]).counts == {"added": 2, "errored": 1}
    assert run(source["id"]).counts == {"errored": 1, "not modified": 2}
    pages[1] = HEAD + FOURTH
    assert run(source["id"]).counts == {"added": 1, "not modified": 2}


def test_blank_nodes_are_known_again_whatever_their_order_and_title_twins_are_told_apart(
        make_source: Make, pages: list[str], allowed: Any) -> None:
    pages[:] = [HEAD + FIRST + SECOND + THIRD]
    source = make_source("psdi")
    assert run(source["id"]).counts == {"added": 3}
    whole = packages()
    pages[0] = HEAD + THIRD + "# another order\n" + SECOND + FIRST
    assert run(source["id"]).counts == {"not modified": 3}
    pages[0] = pages[0].replace('"Snow" ; dcat:distribution [ dcat:downloadURL <http://x.example/b', '"Snow" ; dct:description "Deep" ; dcat:distribution [ dcat:downloadURL <http://x.example/b')
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}
    assert packages() == whole


def test_a_second_page_out_of_reach_keeps_what_the_first_brought_and_is_read_when_it_is_back(
        make_source: Make, pages: list[str], allowed: Any) -> None:
    source = make_source("psdi")
    allowed.fail("/psdi/catalog.ttl?page=2", status=502)
    report = run(source["id"])
    assert report.counts == {"added": 2}
    assert said(report, "Page 2 of the catalogue answered with the error 502.")
    assert model.Session.scalars(sa.select(HarvestPage)).all() == []
    assert run(source["id"]).counts == {"not modified": 2}
    allowed.recover()
    assert run(source["id"]).counts == {"added": 1, "not modified": 2}
    pages[1] = HEAD + FOURTH.replace("/4", "/5").replace("Hail", "Wind")
    assert run(source["id"]).counts == {"added": 1, "deleted": 1, "not modified": 2}


def test_a_record_that_moves_to_another_page_is_neither_lost_nor_written(make_source: Make, pages: list[str], allowed: Any) -> None:
    source = make_source("psdi")
    run(source["id"])
    pages[0], pages[1] = pages[0].replace(THIRD, ""), pages[1] + THIRD
    assert run(source["id"]).counts == {"not modified": 3}
    pages[0] += "# touched\n"
    assert run(source["id"]).counts == {"not modified": 3}
    pages[1] = HEAD + FOURTH
    assert run(source["id"]).counts == {"deleted": 1, "not modified": 2}


def test_the_same_identifier_a_thousand_times_is_one_dataset_and_one_sentence(make_source: Make, allowed: Any) -> None:
    allowed.us.datasets[:] = [{**allowed.us.datasets[0], "title": f"Title {number}"} for number in range(1000)]
    source = make_source("us")
    report = run(source["id"])
    assert report.counts == {"added": 1}
    assert said(report, "999 records have the identifier of another one")
    before = objects()
    assert run(source["id"]).counts == {"not modified": 1}
    assert objects() == before


def test_a_file_that_did_not_change_is_not_even_sent(make_source: Make, allowed: Any) -> None:
    del allowed.us.datasets[3:]
    source = make_source("us")
    assert run(source["id"]).counts == {"added": 3}
    assert run(source["id"]).counts == {"not modified": 3}
    assert (last_run().requests, last_run().bytes) == (1, 0)
    allowed.us.datasets[0]["title"] = "Other"
    assert run(source["id"]).counts == {"updated": 1, "not modified": 2}


def test_a_record_is_kept_as_n_triples_shown_as_turtle_and_read_from_both(make_source: Make, pages: list[str], allowed: Any) -> None:
    run(make_source("psdi")["id"])
    harvester: Any = get_plugin("participation_harvest_dcat")
    chosen = settings.read("{}")
    for row in model.Session.scalars(sa.select(HarvestObject).order_by(HarvestObject.guid)):
        content = json.loads(row.content)
        shown = harvester.readable(content)
        assert "a dcat:Dataset" in shown
        earlier = {**{name: value for name, value in content.items() if name != "ntriples"}, "turtle": shown}
        assert harvester.record(earlier, mapper(chosen), row.source).digest() == harvester.record(
            content, mapper(chosen), row.source).digest()
