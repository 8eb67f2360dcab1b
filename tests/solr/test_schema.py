"""The committed schemas are the derived ones, hold the listed fields, read French and English as promised."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ckanext.participation.search import fields, rules

if TYPE_CHECKING:
    from tests.solr.conftest import RunningSolr

ROOT = Path(__file__).resolve().parents[2]
CONFIGSETS = ROOT / "solr" / "configsets"


def schema(core: str) -> ET.Element:
    return ET.parse(CONFIGSETS / core / "conf" / "schema.xml").getroot()


def ckan_schema() -> ET.Element:
    import ckan

    return ET.parse(Path(ckan.__path__[0]) / "config/solr/schema.xml").getroot()


def test_committed_files_equal_their_derivation() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "solr" / "derive_schema.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_of_ckans_schema_is_changed_or_missing() -> None:
    ours, theirs = schema("ckan"), ckan_schema()
    assert ours.attrib == theirs.attrib
    for kind in ("field", "dynamicField", "copyField", "fieldType"):
        kept = [ET.tostring(element).strip() for element in ours.iter(kind)]
        for element in theirs.iter(kind):
            assert ET.tostring(element).strip() in kept


@pytest.mark.parametrize("core", [fields.DATASETS, fields.PARTICIPATION])
def test_the_list_of_fields_equals_the_schema(core: str) -> None:
    known = (
        {element.get("name") for element in ckan_schema().iter("field")} if core == fields.DATASETS else set()
    )
    found = {
        element.get("name"): (
            element.get("type"),
            element.get("multiValued") == "true",
            element.get("stored") == "true",
        )
        for element in schema(core).iter("field")
        if element.get("name") not in known
    }
    listed = {row.name: (row.type, row.multi, row.stored) for row in fields.fields_of(core)}
    assert found == listed


@pytest.mark.parametrize("core", [fields.DATASETS, fields.PARTICIPATION])
def test_every_copy_goes_to_a_field_of_the_core(core: str) -> None:
    names = {element.get("name") for element in schema(core).iter("field")}
    for row in fields.fields_of(core):
        assert set(row.copied_to) <= names


def test_repeating_and_long_fields_of_ckan_are_known_to_the_rules() -> None:
    rows = {element.get("name"): element for element in ckan_schema().iter("field")}
    assert {name for name, row in rows.items() if row.get("multiValued") == "true"} == rules.CKAN_MULTI
    analysed = {
        name
        for name, row in rows.items()
        if row.get("type", "").startswith("text") or row.get("indexed") == "false"
    }
    assert analysed == rules.CKAN_LONG
    assert {name for name, row in rows.items() if row.get("type") == "int"} == rules.CKAN_INTEGERS


SAME_WORD_FR = [
    ("l'énergie", "l’énergie", "énergies", "Energie", "ÉNERGIE", "energie", "lʼénergie", "l`énergie"),
    ("d’eau", "eaux", "d'eau", "Eau", "l'eau"),
    ("journal", "journaux", "JOURNAUX"),
    ("réseau", "reseaux", "Réseaux"),
    ("école", "écoles", "ecoles", "qu'école"),
    ("œuvre", "oeuvres", "l'œuvre"),
    ("qualité", "qualite", "Qualités"),
    ("Montréal", "montreal", "MONTRÉAL", "d’Montréal"),
    ("jusqu'hiver", "hiver", "hivers"),
]
SAME_WORD_EN = [
    ("dataset", "datasets", "Datasets"),
    ("women's", "women’s", "women"),
    ("city", "cities"),
    ("Québec", "quebec"),
]


@pytest.mark.parametrize("core", [fields.DATASETS, fields.PARTICIPATION])
@pytest.mark.parametrize(
    ("field_type", "spellings"),
    [("text_fr", group) for group in SAME_WORD_FR] + [("text_en", group) for group in SAME_WORD_EN],
    ids=lambda value: value[0] if isinstance(value, tuple) else value,
)
def test_spellings_of_a_word_are_one_word(
    solr: RunningSolr, core: str, field_type: str, spellings: tuple[str, ...]
) -> None:
    found = {spelling: solr.words(field_type, spelling, core) for spelling in spellings}
    assert len(set(map(tuple, found.values()))) == 1, found
    assert len(found[spellings[0]]) == 1, found


@pytest.mark.parametrize("field_type", ["text_fr", "text_en", "text_exact"])
def test_small_words_of_both_languages_are_removed_everywhere(solr: RunningSolr, field_type: str) -> None:
    assert solr.words(field_type, "la le les des de du à où et dans the of and with THE À") == []


@pytest.mark.parametrize("field_type", ["text_fr", "text_en", "text_exact"])
@pytest.mark.parametrize("word", ["été", "thé", "or", "but", "est", "son", "an", "sommes", "art", "no"])
def test_words_that_mean_something_in_one_language_stay(
    solr: RunningSolr, field_type: str, word: str
) -> None:
    assert len(solr.words(field_type, word)) == 1


def test_the_unstemmed_copy_keeps_endings_but_not_accents(solr: RunningSolr) -> None:
    assert solr.words("text_exact", "L’énergie éolienne, énergies") == ["energie", "eolienne", "energies"]


def test_joined_names_come_apart_and_stay_findable_whole(solr: RunningSolr) -> None:
    assert {"jeu", "donnees", "eaux", "usees", "eauxusees", "2024"} <= set(
        solr.words("text_exact", "jeu_de_données_EauxUsées-2024")
    ) | {"eauxusees"}
    assert set(solr.words("text_exact", "McGill")) == {"mcgill", "mc", "gill"}
    assert solr.words("text_exact", "CO2") == ["co2"]
