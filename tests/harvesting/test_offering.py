"""The whole catalogue's files: what is in them, that they are whole, and that a later build gives the same as the first."""

from __future__ import annotations

import datetime
import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pyshacl
import pytest
from ckan import model
from ckan.tests.helpers import call_action
from ckanext.dcat.processors import RDFSerializer
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCTERMS, RDF, SH

from ckanext.participation.harvesting.offering import building, files, renewing, sections
from ckanext.participation.harvesting.offering.commands import Builder
from ckanext.participation.harvesting.offering.store import NAME

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context", "feeds_folder")

Make = Callable[..., Any]
DCAT = Namespace("http://www.w3.org/ns/dcat#")
FILE = {"url": "https://data.example/snow.csv", "name_translated": {"fr": "Neige", "en": "Snow"}, "format": "CSV"}
SHAPES = Path(__file__).parents[1] / "licences" / "shapes"
HOSTILE = 'Snow "quoted" \\ back\\slash\nnew line\ttab </script><script>alert(1)</script> <!-- 😀 {{7*7}} \u2028 \x0b %s \' @fr . ;'


@pytest.fixture
def feeds_folder(tmp_path: Path, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(ckan_config, "participation.offering.folder", str(tmp_path / "feeds"))
    return tmp_path / "feeds"


def content(name: str) -> str:
    current = files.current()
    assert current is not None
    return gzip.decompress((files.folder() / current.feeds[name].file).read_bytes()).decode()


def everything() -> dict[str, bytes]:
    current = files.current()
    assert current is not None
    return {name: (files.folder() / feed.file).read_bytes() for name, feed in current.feeds.items()}


def records() -> list[dict[str, Any]]:
    return json.loads(content("data.json"))["dataset"]


def graph(name: str = "data.ttl") -> Graph:
    return Graph().parse(data=content(name), format="turtle" if name.endswith("ttl") else "json-ld")


def build(**more: Any) -> building.Report:
    return building.build(processes=1, **more)


def test_every_feed_holds_every_public_dataset(dataset: Make) -> None:
    made = {dataset(resources=[FILE])["id"] for _ in range(3)}
    report = build()
    assert (report.datasets, report.made, report.failed) == (3, 3, [])
    assert {record["landingPage"].rpartition("/")[2] for record in records()} == {
        call_action("package_show", id=one)["name"] for one in made}
    for name in ("data.ttl", "data.jsonld"):
        found = {str(node).rpartition("/")[2] for node in graph(name).subjects(RDF.type, DCAT.Dataset)}
        assert found == made, name


def test_turtle_and_json_ld_say_the_same_and_the_catalogue_names_its_datasets(dataset: Make) -> None:
    dataset(resources=[FILE, {**FILE, "url": "https://data.example/b.csv", "license": "CC0-1.0"}], license_id="CC-BY-4.0",
            contact=[{"name": "Snow desk", "email": "snow@city.example"}], temporal_coverage=[{"start": "2020", "end": "2021"}])
    dataset(resources=[FILE], license_id="CC-BY-4.0")
    build()
    turtle, json_ld = graph(), graph("data.jsonld")
    assert len(turtle) > 60
    assert turtle.isomorphic(json_ld)
    catalogue = turtle.value(None, RDF.type, DCAT.Catalog)
    assert len(list(turtle.objects(catalogue, DCAT.dataset))) == 2
    licence = URIRef("https://creativecommons.org/licenses/by/4.0/")
    # Two datasets and three files under it, which is described once.
    assert len(list(turtle.subjects(DCTERMS.license, licence))) == 4
    assert content("data.ttl").count("<https://creativecommons.org/licenses/by/4.0/> a ") == 1
    assert content("data.ttl").count("a odrl:Policy, odrl:Set") == 2


def test_the_pieces_of_a_dataset_are_the_triples_of_its_own_page(dataset: Make) -> None:
    about = dataset(resources=[FILE], license_id="OGL-Canada-2.0", tags_translated={"fr": ["neige"], "en": ["snow"]},
                    spatial_coverage=[{"text": "Québec"}], frequency="daily", access_rights="public")
    build()
    shown = Graph().parse(data=tk.get_action("dcat_dataset_show")({}, {
        "id": about["id"], "format": "ttl", "profiles": building.profiles()}), format="turtle")
    found = graph()
    catalogue = found.value(None, RDF.type, DCAT.Catalog)
    found.remove((catalogue, None, None))
    plain = {triple for triple in shown if isinstance(triple[0], URIRef) and isinstance(triple[2], (URIRef, Literal))}
    assert plain <= set(found)
    assert {triple for triple in found if isinstance(triple[0], URIRef) and isinstance(triple[2], (URIRef, Literal))} == plain


def test_private_draft_and_deleted_datasets_are_in_no_feed(dataset: Make, person: Make) -> None:
    staff = person()
    dataset(title_translated={"en": "Open secret"}, resources=[FILE])
    dataset(staff=staff, private=True, title_translated={"en": "Hidden private"})
    dataset(state="draft", title_translated={"en": "Hidden draft"})
    gone = dataset(title_translated={"en": "Hidden gone"})
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    call_action("package_delete", {"user": user}, id=gone["id"])
    build()
    for name in files.FEEDS:
        assert "Open secret" in content(name)
        assert "Hidden" not in content(name)


def test_what_becomes_private_or_is_deleted_leaves_with_the_next_build(dataset: Make) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    first, second, _third = (dataset(title_translated={"en": f"Number {number}"}) for number in "abc")
    build()
    dataset(title_translated={"en": "A new one"})
    assert building.due() is False, "the last build was a moment ago, and what came can wait"
    call_action("package_patch", {"user": user}, id=first["id"], private=True)
    assert building.due() is True, "what left cannot"
    report = build()
    assert (report.datasets, report.made, report.gone) == (3, 1, 1)
    assert building.due() is False
    call_action("package_delete", {"user": user}, id=second["id"])
    assert building.due() is True
    report = build()
    assert (report.datasets, report.made, report.gone) == (2, 0, 1)
    for name in files.FEEDS:
        assert "Number c" in content(name)
        assert "Number a" not in content(name)
        assert "Number b" not in content(name)


def test_a_private_dataset_that_the_index_still_calls_public_is_not_in(dataset: Make) -> None:
    about = dataset(title_translated={"en": "Stale index"})
    model.Session.execute(model.Package.__table__.update().where(model.Package.__table__.c.id == about["id"]).values(private=True))
    model.Session.commit()
    assert build().datasets == 0
    assert "Stale index" not in content("data.json")


def test_a_dataset_that_the_index_does_not_have_yet_waits_and_makes_the_next_build_due(dataset: Make) -> None:
    from ckan.lib import search

    about = dataset()
    search.clear(about["id"])
    report = build()
    assert (report.datasets, report.waiting) == (0, 1)
    search.rebuild(about["id"])
    assert build().datasets == 1


def test_an_index_that_is_behind_costs_no_change(dataset: Make) -> None:
    about = dataset(version="before")
    table = model.Package.__table__
    model.Session.execute(table.update().where(table.c.id == about["id"]).values(
        version="after", metadata_modified=table.c.metadata_modified + datetime.timedelta(seconds=5)))
    model.Session.commit()
    build()
    assert '"after"' in content("data.ttl")
    assert '"before"' not in content("data.ttl")


def test_a_build_after_changes_gives_the_same_bytes_as_a_build_from_nothing(dataset: Make) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    made = [dataset(resources=[FILE], license_id="CC-BY-4.0", tags_translated={"en": [f"word {n}"]}) for n in range(4)]
    build()
    call_action("package_patch", {"user": user}, id=made[1]["id"], title_translated={"en": "Another", "fr": "Autre"}, license_id="CC0-1.0")
    call_action("package_delete", {"user": user}, id=made[2]["id"])
    dataset(resources=[FILE], license_id="OGL-Canada-2.0")
    report = build()
    assert (report.datasets, report.made, report.gone) == (4, 2, 1)
    later = everything()
    assert build(anew=True).made == 4
    assert everything() == later
    (files.folder() / NAME).write_bytes(b"not a database at all" * 1000)
    assert build().made == 4
    assert everything() == later


def test_sections_that_begin_elsewhere_since_a_change_give_the_same_bytes_and_take_over_what_is_known(
        dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "MOST", 3)
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    made = sorted((dataset(resources=[FILE], title_translated={"en": f"Number {number}"}) for number in range(8)), key=lambda one: one["id"])
    assert build().made == 8
    # Every section behind these begins with another dataset.
    for gone in (made[0], made[4]):
        call_action("package_delete", {"user": user}, id=gone["id"])
    call_action("package_patch", {"user": user}, id=made[6]["id"], title_translated={"en": "Another"})
    dataset(resources=[FILE])
    report = build()
    assert (report.datasets, report.made, report.gone) == (7, 2, 2)
    later = everything()
    assert build().made == 0
    assert everything() == later
    assert build(anew=True).made == 7
    assert everything() == later


def test_a_build_that_is_killed_among_the_sections_leaves_what_it_made(dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "MOST", 2)
    monkeypatch.setattr(renewing, "UNIT", 2)
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    made = sorted((dataset(resources=[FILE]) for _ in range(6)), key=lambda one: one["id"])
    build()
    before = everything()
    for one in made:
        call_action("package_patch", {"user": user}, id=one["id"], title_translated={"en": "Changed"})
    call_action("package_delete", {"user": user}, id=made[0]["id"])
    model.Session.remove()
    child = os.fork()
    if child == 0:
        model.meta.engine.dispose(close=False)
        build(progress=lambda _done, made: os.kill(os.getpid(), signal.SIGKILL) if made > 2 else None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert everything() == before
    report = build()
    assert 0 < report.made < 5, "the killed build's work is kept"
    assert (report.datasets, report.gone) == (5, 1)
    later = everything()
    build(anew=True)
    assert everything() == later


def test_a_renamed_organisation_renames_its_datasets_publisher(dataset: Make) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    about = dataset()
    build()
    call_action("organization_patch", {"user": user}, id=about["owner_org"],
                title_translated={"en": "City of New Snow", "fr": "Ville de Neige-Neuve"})
    assert build().made == 1
    assert records()[0]["publisher"]["name"] == "City of New Snow"
    assert "City of New Snow" in content("data.ttl")


def test_a_new_name_of_a_licence_renews_the_pieces_of_unchanged_datasets(dataset: Make, person: Make, as_user: Make) -> None:
    dataset(extras=[{"key": "licence_as_published", "value": "Snow City Open Terms"}], license_id="notspecified", resources=[FILE])
    assert build().made == 1
    assert build().made == 0
    assert "license" not in records()[0]
    as_user(person(sysadmin=True), "participation_licence_alias_create", text="Snow City Open Terms", licence="CC-BY-4.0")
    assert build().made == 1
    assert records()[0]["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert "dct:license <https://creativecommons.org/licenses/by/4.0/>" in content("data.ttl")


def test_a_dataset_without_keywords_has_its_themes_or_its_publisher_as_one_because_the_format_asks_for_one(dataset: Make) -> None:
    eu = "http://publications.europa.eu/resource/authority/data-theme"
    dataset(name="with-theme", theme=[f"{eu}/ENVI", f"{eu}/AGRI"])
    dataset(name="with-nothing", publisher=[{"name_translated": {"en": "City of Snow"}}])
    dataset(name="with-words", tags_translated={"en": ["snow"]}, theme=[f"{eu}/ENVI"])
    build()
    assert {record["landingPage"].rpartition("/")[2]: record["keyword"] for record in records()} == {
        "with-theme": ["Environment", "Agriculture, fisheries, forestry and food"], "with-nothing": ["City of Snow"], "with-words": ["snow"]}


@pytest.fixture
def own_ini(feeds_folder: Path, tmp_path: Path, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings that a process of the clock's own reads, too."""
    ini = tmp_path / "own.ini"
    ini.write_text(f"[app:main]\nuse = config:{os.environ['CKAN_INI']}\nparticipation.offering.folder = {feeds_folder}\n")
    monkeypatch.setitem(ckan_config, "__file__", str(ini))
    return ini


def test_the_clock_has_a_build_made_when_one_is_due_and_again_when_a_dataset_becomes_private(dataset: Make, own_ini: Path) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    about = dataset(title_translated={"en": "Open secret"})
    dataset()
    with Builder() as builder:
        builder.tick()
        first = builder.process
        assert first is not None
        builder.tick()
        assert builder.process is first, "one at a time"
        assert first.wait(timeout=300) == 0
        assert "Open secret" in content("data.json")
        builder.tick()
        assert builder.process is first, "nothing is due"
        call_action("package_patch", {"user": user}, id=about["id"], private=True)
        builder.tick()
        assert builder.process is not None
        assert builder.process is not first
        assert builder.process.wait(timeout=300) == 0
    for name in files.FEEDS:
        assert "Open secret" not in content(name)
    assert own_ini.exists()


def test_the_clock_does_not_begin_a_failed_build_again_at_once_and_ends_one_with_itself(dataset: Make, own_ini: Path) -> None:
    dataset()
    with files.lock(files.folder()), Builder() as builder:
        builder.tick()
        first = builder.process
        assert first is not None
        assert first.wait(timeout=300) == 1, "another one builds"
        builder.tick()
        assert builder.process is first
    with Builder() as builder:
        builder.tick()
        running = builder.process
    assert running is not None
    assert running.returncode == -signal.SIGTERM
    assert own_ini.exists()


def test_nothing_changed_gives_the_same_files_with_their_dates(dataset: Make) -> None:
    dataset(resources=[FILE])
    first = build().current
    second = build().current
    assert first is not None
    assert second is not None
    assert first.feeds == second.feeds


def test_many_processes_give_what_one_gives(dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewing, "WORTH_A_PROCESS", 2)
    monkeypatch.setattr(renewing, "UNIT", 2)
    monkeypatch.setattr(sections, "MOST", 2)
    for number in range(5):
        dataset(resources=[FILE], title_translated={"en": f"Number {number}"})
    build()
    alone = everything()
    assert building.build(processes=2, anew=True).made == 5
    assert everything() == alone


def test_a_build_that_is_killed_leaves_the_old_files_whole(dataset: Make, feeds_folder: Path, ckan_config: Any) -> None:
    dataset(title_translated={"en": "First"})
    build()
    before = everything()
    dataset(title_translated={"en": "Second"})
    model.Session.remove()
    child = os.fork()
    if child == 0:
        # Between the pieces and the last step: the drafts are written, nothing is in its place.
        model.meta.engine.dispose(close=False)
        files.publish = lambda *_args, **_more: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        build()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert list(feeds_folder.glob("*.draft"))
    assert everything() == before
    report = build()
    assert (report.datasets, report.made) == (2, 0), "the killed build's work is kept"
    assert list(feeds_folder.glob("*.draft")) == []
    assert "Second" in content("data.json")


def test_two_builds_at_once_are_refused(dataset: Make) -> None:
    with files.lock(files.folder()), pytest.raises(files.Busy):
        build()


def test_hostile_words_arrive_unchanged_and_break_nothing(dataset: Make) -> None:
    dataset(title_translated={"en": HOSTILE, "fr": "Neige"}, notes_translated={"en": HOSTILE}, resources=[
        {**FILE, "name_translated": {"en": HOSTILE}, "url": 'https://data.example/a b"<>{}|^`.csv?q=é'}],
        license_id="notspecified", extras=[{"key": "licence_as_published", "value": HOSTILE}])
    build()
    stored = call_action("package_search", q="*:*")["results"][0]["title_translated"]["en"]
    assert records()[0]["title"] == stored
    # Characters that XML cannot hold are left out of RDF.
    plain = stored.replace("\x0b", "")
    for name in ("data.ttl", "data.jsonld"):
        titles = {str(title) for node in graph(name).subjects(RDF.type, DCAT.Dataset) for title in graph(name).objects(node, DCTERMS.title)}
        assert titles == {plain, "Neige"}, name


def violations(data: Graph) -> set[tuple[str, str]]:
    shapes = Graph()
    for file in sorted(SHAPES.glob("*.ttl")):
        shapes.parse(file)
    _conforms, found, _text = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    return {(str(found.value(row, SH.resultPath)), str(found.value(row, SH.resultMessage)))
            for row in found.subjects(SH.resultSeverity, SH.Violation)}


def test_the_feed_breaks_no_rule_of_dcat_ap_that_the_datasets_own_rdf_keeps(dataset: Make) -> None:
    about = dataset(license_id="CC-BY-4.0", resources=[FILE], tags_translated={"en": ["snow"]}, contact=[{"name": "Desk"}],
                    notes_translated={"en": "Snow", "fr": "Neige"})
    build()
    own = RDFSerializer(profiles=building.profiles())
    own.graph_from_dataset(call_action("package_show", id=about["id"]))
    own.graph_from_catalog()
    assert violations(graph()) - violations(own.g) == set()


def test_an_empty_catalogue_gives_empty_valid_files() -> None:
    assert build().datasets == 0
    assert records() == []
    assert list(graph("data.jsonld").subjects(RDF.type, DCAT.Catalog)) == list(graph().subjects(RDF.type, DCAT.Catalog))


def test_one_dataset_that_cannot_be_written_costs_no_other(dataset: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = dataset(), dataset()
    whole = building.Maker._kept

    def kept(self: building.Maker, row: dict[str, Any], *rest: Any) -> Any:
        if row["id"] == bad["id"]:
            raise ValueError("a profile of an extension fails")
        return whole(self, row, *rest)

    monkeypatch.setattr(building.Maker, "_kept", kept)
    report = build()
    assert (report.datasets, report.failed) == (1, [bad["id"]])
    assert records()[0]["landingPage"].endswith(good["name"])


def test_the_command_builds_and_says_so(dataset: Make, feeds_folder: Path, tmp_path: Path) -> None:
    dataset()
    model.Session.remove()
    ini = tmp_path / "own.ini"
    ini.write_text(f"[app:main]\nuse = config:{os.environ['CKAN_INI']}\nparticipation.offering.folder = {feeds_folder}\n")
    done = subprocess.run([sys.executable, "-c", "from ckan.cli.cli import ckan; ckan()", "-c", str(ini), "participation", "feeds", "build"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "1 datasets in the feeds: 1 worked out" in done.stdout
    assert len(records()) == 1
