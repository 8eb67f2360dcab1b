"""The quick way of describing datasets says what ckanext-dcat's profiles say of what `package_search` gives: the same bytes."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import pytest
from ckan.tests.helpers import call_action
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from rdflib import BNode, Graph
from rdflib.term import Node

from ckanext.participation.harvesting.offering import catalogue, making, suitable, triples
from ckanext.participation.harvesting.offering.sections import Kept
from ckanext.participation.harvesting.offering.statements import from_graph
from ckanext.participation.harvesting.offering.values import Unusual
from ckanext.participation.harvesting.running import run
from ckanext.participation.metadata import fields

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Make = Callable[..., Any]
HOSTILE = 'Snow "quoted" \\ back\nline\ttab <b> 😀 \u2028 \x0b \x85 ’ @fr . ;'
ADDRESSES = ("https://city.example/a", "http://city.example/a b(c)'é,;!$*", "https://creativecommons.org/licenses/by/4.0/", "urn:uuid:1",
             "https://city.example/é", " https://city.example/a ", "not an address", "http://", "mailto:a@b.example")
LICENCES = ("CC-BY-4.0", "CC0-1.0", "OGL-Canada-2.0", "notspecified", "other-open", "made up", "ODbL-1.0")
BOX = '{"type": "Polygon", "coordinates": [[[-80.5, 45.0], [-80.5, 62.25], [-57.0, 62.25], [-57.0, 45.0], [-80.5, 45.0]]]}'
COAST = '{"type": "LineString", "coordinates": [' + ", ".join(f"[{-70 + n / 10}, {45 + n / 7:.5f}]" for n in range(300)) + "]}"


@pytest.fixture
def maker() -> making.Maker:
    found = making.Maker(catalogue.organisations())
    assert found.form is not None, "this site's datasets can be described the quick way"
    return found


def one_value(field: dict[str, Any], chance: random.Random) -> Any:
    """Return a value that the schema takes for a field."""
    preset = field.get("preset", "")
    if "repeating_subfields" in field:
        return [{one["field_name"]: one_value(one, chance) for one in field["repeating_subfields"] if chance.random() < 0.8}
                for _ in range(1 if field.get("repeating_once") else chance.randint(1, 3))]
    if "choices" in field:
        values = [choice["value"] for choice in field["choices"]]
        return chance.sample(values, 2) if preset.endswith("choices") else chance.choice(values)
    number = chance.randint(1, 10_000)
    return {
        "participation_translated_text": {"fr": f"Neige à « {number} »", "en": HOSTILE},
        "participation_translated_markdown": {"fr": f"Une *chute*\n\n- de neige {number}", "en": "Snow " * chance.choice([1, 200])},
        "participation_keywords": {"fr": ["neige", f"été {number}"], "en": ["snow"]},
        "participation_date": chance.choice(["2020", "2020-03", "2020-03-04", "2020-03-04T05:06:07", "2020-03-04T05:06:07.120000"]),
        "participation_end_date": chance.choice(["2021", "2021-03", "2021-03-04"]),
        "participation_web_address": f"https://city.example/{number}?a=b&c=(d),é",
        "participation_identifier": chance.choice([f"https://city.example/id/{number}", f"urn:snow:{number}"]),
        "participation_identifiers": [f"https://city.example/id/{number}", f"urn:snow:{number}"],
        "participation_email": f"desk-{number}@city.example",
        "participation_texts": [f"text {number}", f"https://standards.example/{number}", "snow, ice"],
        "participation_size": number,
        "participation_geojson": chance.choice([BOX, COAST, '{"type": "Point", "coordinates": [-71.2, 46.8]}']),
    }.get(preset) or {
        "license": chance.choice([*LICENCES, *ADDRESSES[:3]]), "hash": chance.choice(["0A1b", "not hexadecimal", "abc"]),
        "hash_algorithm": chance.choice(["SHA-256", "http://spdx.org/rdf/terms#checksumAlgorithm_sha1"]),
        "temporal_resolution": chance.choice(["P1D", "PT36H", "daily"]), "spatial_resolution_in_meters": chance.choice(["10", "2.50", "ten"]),
        "mimetype": chance.choice(["text/csv", "https://www.iana.org/assignments/media-types/text/csv"]),
        "format": chance.choice(["CSV", "application/json", "http://publications.europa.eu/resource/authority/file-type/CSV"]),
        "rights": chance.choice(["See the page.", "https://city.example/rights", "CC0"]),
        "compress_format": "https://www.iana.org/assignments/media-types/application/gzip", "package_format": "application/zip",
    }.get(field["field_name"]) or f"{field['field_name']} {number} {HOSTILE.splitlines()[0]}"


def filled(chance: random.Random, part: float) -> dict[str, Any]:
    """Return what to create a dataset of, with this part of the fields."""
    own = {"name", "owner_org", "title", "title_translated", "uri"}
    made = {name: one_value(field, chance) for name, field in fields.definitions("dataset").items()
            if name not in own and chance.random() < part}
    made["license_id"] = chance.choice(LICENCES)
    if part == 1 or chance.random() < 0.2:
        made["uri"] = f"https://city.example/dataset/{chance.random()}"
    names = fields.definitions("resource")
    made["resources"] = [
        {"url": f"https://city.example/{number}.csv",
         **{name: one_value(field, chance) for name, field in names.items() if name not in {"url", "name", "uri"} and chance.random() < part}}
        for number in range(chance.choice([0, 1, 2, 3]) if part < 1 else 3)]
    return made


def both(maker: making.Maker) -> tuple[dict[str, Kept], dict[str, Kept], making.Made]:
    """Return each public dataset's pieces, by the quick way and by the profiles."""
    found = [row for batch in catalogue.batches() for row in batch.rows]
    made, quick = making.Made(), making.Made()
    maker._by_profiles(found, made)
    left = maker._quickly(found, quick)
    assert made.failed == []
    quick.failed = [row.id for row in left]
    return {one.id: one for one in quick.kept}, {one.id: one for one in made.kept}, quick


def the_same(quick: Kept, slow: Kept) -> None:
    assert quick.turtle == slow.turtle
    assert quick.json_ld == slow.json_ld
    assert {one.key: one for one in quick.shared} == {one.key: one for one in slow.shared}
    assert quick.data_json == slow.data_json
    assert quick.stamp == slow.stamp


def test_datasets_with_every_field_and_with_some_are_described_the_same(dataset: Make) -> None:
    chance = random.Random(20_261_122)
    for number in range(24):
        dataset(**filled(chance, 1 if number < 4 else chance.choice([0.2, 0.5, 0.8])))
    dataset(tags=[{"name": "plain"}, {"name": "Words"}], notes="Plain", resources=[{"url": "data.example/no-scheme.csv"}])
    quick, slow, made = both(making.Maker(catalogue.organisations()))
    assert len(slow) == 25
    assert made.failed == [], "none of them needs the profiles"
    for identifier, piece in slow.items():
        the_same(quick[identifier], piece)


def test_harvested_catalogues_are_described_the_same(make_source: Make) -> None:
    for path in ("csa", "us", "psdi"):
        run(make_source(path)["id"])
    quick, slow, made = both(making.Maker(catalogue.organisations()))
    assert len(slow) > 20
    assert len(made.failed) * 20 <= len(slow), "nearly all of them the quick way"
    for identifier, piece in quick.items():
        the_same(piece, slow[identifier])


def test_an_organisations_own_data_and_an_uploaded_file_are_described_the_same(dataset: Make) -> None:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    about = dataset(license_id="CC-BY-4.0", resources=[{"url": "Snow été (1).csv", "url_type": "upload"}])
    call_action("organization_patch", {"user": user}, id=about["owner_org"], email="snow@city.example", url="https://city.example/",
                dcat_type="http://purl.org/adms/publishertype/LocalAuthority", identifier="city")
    quick, slow, _ = both(making.Maker(catalogue.organisations()))
    the_same(quick[about["id"]], slow[about["id"]])
    assert "foaf:mbox" in quick[about["id"]].turtle


words = st.one_of(st.sampled_from([*ADDRESSES, HOSTILE, "", "CC-BY-4.0", "2020-01-01", "12"]), st.text(max_size=40))
address = st.sampled_from(ADDRESSES)
by_language = st.one_of(st.none(), st.dictionaries(st.sampled_from(["fr", "en"]), words, max_size=2))
dates = st.one_of(st.none(), st.sampled_from(["2020", "2020-01", "2020-01-02", "2020-01-02T03:04:05", "March 2020", "never", ""]), words)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.lists(values, max_size=3))


agents = some(st.fixed_dictionaries({}, optional={
    "uri": address, "name": words, "name_translated": by_language, "email": words, "url": address, "type": words, "identifier": words}))
files = st.fixed_dictionaries({"url": address}, optional={
    "license": st.one_of(address, st.sampled_from(LICENCES)), "rights": words, "uri": st.sampled_from(["https://city.example/1", "", "None"]),
    "mimetype": words, "format": words, "hash": words, "hash_algorithm": words, "size": st.one_of(st.none(), st.integers(-1, 10)),
    "documentation": some(words), "language": some(words), "conforms_to": some(words), "status": words, "access_url": address,
    "download_url": address, "availability": words, "temporal_resolution": words, "issued": dates, "modified": dates,
    "name": words, "name_translated": by_language, "description_translated": by_language, "spatial_resolution_in_meters": words})
datasets = st.fixed_dictionaries({}, optional={
    "title_translated": by_language, "notes_translated": by_language, "notes": words, "url": address, "license_id": st.sampled_from(LICENCES),
    "tags_translated": st.dictionaries(st.sampled_from(["fr", "en"]), st.lists(words, max_size=3)), "uri": st.just("https://city.example/own"),
    "theme": some(address), "language": some(words), "conforms_to": some(words), "documentation": some(words), "is_referenced_by": some(words),
    "alternate_identifier": some(words), "access_rights": words, "provenance": words, "frequency": words, "version": words,
    "version_notes": words, "identifier": words, "dcat_type": words, "issued": dates, "modified": dates, "temporal_resolution": words,
    "maintainer": words, "maintainer_email": words, "author": words, "author_email": words, "publisher": agents, "creator": agents,
    "contact": some(st.fixed_dictionaries({}, optional={"uri": address, "name": words, "email": words, "url": address, "identifier": words})),
    "temporal_coverage": some(st.fixed_dictionaries({}, optional={"start": dates, "end": dates})),
    "spatial_coverage": some(st.fixed_dictionaries({}, optional={
        "uri": address, "text": words, "geom": st.sampled_from([BOX, COAST, "POINT (1 2)", "nowhere"]), "bbox": st.just(BOX)})),
    "extras": st.lists(st.fixed_dictionaries({"key": st.sampled_from([
        "guid", "licence_as_published", "license_url", "harvest_source_id", "spatial", "dcat_issued", "publisher_name"]), "value": words}),
        max_size=2, unique_by=lambda row: row["key"])})


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(about=datasets, rows=st.lists(files, max_size=3), has_organisation=st.booleans())
def test_any_dataset_is_described_the_same_or_left_to_the_profiles(
        maker: making.Maker, about: dict[str, Any], rows: list[dict[str, Any]], has_organisation: bool) -> None:
    whole = {
        "id": "0b3c2d1e", "name": "snow", "title": "Snow", "extras": [], "type": "dataset", "metadata_created": "2020-01-02T03:04:05.678901",
        "metadata_modified": "2021-01-02T03:04:05", "organization": {"id": "city", "name": "city", "title": "City"} if has_organisation else None,
        **about, "resources": [{"id": f"file-{number}", "package_id": "0b3c2d1e", **row} for number, row in enumerate(rows)]}
    try:
        quick = maker._piece_of(copy.deepcopy(whole), "")
    except (Unusual, AttributeError, KeyError, TypeError, ValueError):
        event("left to the profiles")
        return
    event("described the quick way")
    if has_organisation:
        # Asked of the database where the index gives only its name.
        maker.serializer._profiles[0]._org_cache["city"] = {"title": "City"}
    the_same(quick, maker._piece(copy.deepcopy(whole), ""))


def content(graph: Graph) -> set[Any]:
    """Return a graph's statements, blank nodes replaced with what is said of them."""
    def of(node: Node) -> Any:
        return frozenset((predicate, of(value)) for predicate, value in graph.predicate_objects(node)) if isinstance(node, BNode) else node

    return {(subject, predicate, of(value)) for subject, predicate, value in graph if not isinstance(subject, BNode)}


def test_a_piece_says_what_the_profiles_graph_says(dataset: Make, maker: making.Maker) -> None:
    dataset(**filled(random.Random(5), 1))
    shown = call_action("package_search", q="*:*")["results"][0]
    maker.serializer.g = Graph()
    ref = maker.serializer.graph_from_dataset(shown)
    whole = maker.serializer.g
    piece = triples.piece(from_graph(whole), str(ref), maker.catalogue)
    prefixes, context = triples.head()
    turtle = Graph().parse(data=prefixes + piece.turtle + "".join(one.turtle for one in piece.shared), format="turtle")
    parts = ",".join([piece.json_ld, *(one.json_ld for one in piece.shared)])
    json_ld = Graph().parse(data=f'{{"@context":{context},"@graph":[{parts}]}}', format="json-ld")
    said = content(turtle)
    # The catalogue's statement about its dataset is the file's.
    assert {row for row in said if str(row[1]) != "http://www.w3.org/ns/dcat#dataset"} == {
        tuple(_as_written(one) for one in row) for row in content(whole)}
    assert content(json_ld) == {row for row in said if str(row[1]) != "http://www.w3.org/ns/dcat#dataset"}


def _as_written(term: Any) -> Any:
    if isinstance(term, frozenset):
        return frozenset((one, _as_written(value)) for one, value in term)
    if isinstance(term, BNode) or not hasattr(term, "n3"):
        return term
    text = str(term).replace("\x0b", "")
    return type(term)(text.replace(" ", "%20") if not hasattr(term, "language") else text,
                      **({"lang": term.language, "datatype": term.datatype} if hasattr(term, "language") else {}))


def test_another_profile_setting_or_plugin_leaves_all_datasets_to_the_profiles(
        maker: making.Maker, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    classes = list(maker.serializer._profiles)
    assert suitable.form(classes) is not None
    assert suitable.form(classes[:1]) is None
    assert suitable.form([*classes, making.RDFProfile]) is None
    with monkeypatch.context() as changed:
        changed.setitem(ckan_config, "ckanext.dcat.resource.inherit.license", "true")
        assert suitable.form(classes) is None

    class Changing(p.SingletonPlugin):
        p.implements(p.IPackageController, inherit=True)

        def after_dataset_show(self, context: Any, pkg_dict: dict[str, Any]) -> None:
            pkg_dict["title"] = "changed"

    whole = p.PluginImplementations

    with monkeypatch.context() as changed:
        changed.setattr(p, "PluginImplementations", lambda interface: [
            *whole(interface), *([Changing()] if interface is p.IPackageController else [])])
        assert suitable.form(classes) is None
