"""From what publishers wrote to a licence of the register: the real strings, and anything at all."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.participation.licences import rules
from ckanext.participation.licences.register import Register, bundled_register

RECORDED = list(csv.DictReader((Path(__file__).parent / "recorded_licences.csv").open(encoding="utf-8")))


def recognised(register: Register, **given: object) -> str | None:
    return rules.recognise(register, **given).id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row", RECORDED, ids=lambda row: f"{row['source']}:{row['id'] or row['title'] or row['url']}"[:60]
)
def test_recorded_strings_are_recognised_as_a_person_reads_them(
    register: Register, row: dict[str, str]
) -> None:
    match = rules.recognise(register, licence_id=row["id"], title=row["title"], url=row["url"])
    if row["licence"] == "?":
        assert match.confidence == "ambiguous"
        assert match.id is None
    elif row["licence"] == "-":
        assert (match.id, match.confidence) == (None, "unknown")
    else:
        assert match.id == row["licence"], match.why


@pytest.mark.parametrize(
    "url",
    [
        "https://creativecommons.org/licenses/by/4.0/",
        "http://creativecommons.org/licenses/by/4.0",
        "https://www.creativecommons.org/licenses/by/4.0/deed.fr",
        "https://creativecommons.org/licenses/by/4.0/deed",
        "https://creativecommons.org/licenses/by/4.0/deed.fr_CA",
        "https://creativecommons.org/licenses/by/4.0/legalcode.en",
        "HTTPS://CREATIVECOMMONS.ORG/licenses/BY/4.0/legalcode",
        "https://creativecommons.org/licenses/by/4.0/legalcode.txt",
        "https://creativecommons.org:443/licenses//by/4.0/?ref=chooser-v1",
        "www.creativecommons.org/licenses/by/4.0/",
        "https://spdx.org/licenses/CC-BY-4.0.html",
        "https://spdx.org/licenses/CC-BY-4.0",
        "https://creativecommons.org/licenses/by/4.0/deed.de#x",
    ],
)
def test_every_form_of_an_address_names_the_licence(register: Register, url: str) -> None:
    assert recognised(register, url=url) == "CC-BY-4.0"
    assert recognised(register, licence_id=url) == "CC-BY-4.0"
    assert recognised(register, title=f"See {url}") == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("title", "licence"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("cc_by 4.0", "CC-BY-4.0"),
        ("  CREATIVE COMMONS Attribution 4.0 ", "CC-BY-4.0"),
        ("Attribution (CC-BY 4.0)", "CC-BY-4.0"),
        ("Attribution - Pas d'utilisation commerciale (CC-BY-NC 4.0)", "CC-BY-NC-4.0"),
        ("Open Government License - Canada", "OGL-Canada-2.0"),
        ("Licence du gouvernement ouvert – Québec", None),
        ("Licence du Gouvernement Ouvert - Ile-du-Prince-Edouard", "OGL-Prince-Edward-Island"),
        ("Open Government Licence v3.0", "OGL-UK-3.0"),
        ("Open Government Licence version 2.0", None),
        ("Open Government Licence – Toronto", "OGL-Toronto"),
        ("Contains information licensed under the Open Government Licence – Toronto.", "OGL-Toronto"),
        ("Contains public sector information licensed under the Open Government Licence v3.0.", "OGL-UK-3.0"),
        ("This dataset is made available under the Open Data Commons Attribution License", "ODC-BY-1.0"),
        ("Jeu de données diffusé sous Licence Ouverte version 2.0", "etalab-2.0"),
        ("Not licensed under the Open Government Licence – Canada", None),
        ("Open Government Licence – Canada, except the pictures", None),
        ("CC BY 4.0 DE", None),
        ("Creative Commons Attribution 4.0 AU", None),
        ("Creative Commons Attribution 3.0 Germany", None),
    ],
)
def test_titles_are_read_without_guessing(register: Register, title: str, licence: str | None) -> None:
    assert recognised(register, title=title) == licence


def test_a_ported_licence_is_not_taken_for_the_international_one(register: Register) -> None:
    assert recognised(register, url="https://creativecommons.org/licenses/by/3.0/de/") is None
    assert recognised(register, url="https://creativecommons.org/licenses/by/3.0/igo/") == "CC-BY-3.0-IGO"


def test_a_name_that_several_licences_share_is_said_to_be_ambiguous(register: Register) -> None:
    match = rules.recognise(register, title="Creative Commons 4.0")
    assert match.confidence == "ambiguous"
    assert {"CC-BY-4.0", "CC-BY-NC-4.0"} <= set(match.candidates)
    assert rules.recognise(register, title="Open Government Licence").confidence == "ambiguous"


def test_parts_that_contradict_each_other_are_said_to_be_ambiguous(register: Register) -> None:
    match = rules.recognise(
        register, licence_id="cc-by", url="https://creativecommons.org/publicdomain/zero/1.0/"
    )
    assert (match.id, match.confidence) == (None, "ambiguous")
    assert match.candidates == ("CC0-1.0", "cc-by")
    assert "id says cc-by" in match.why


def test_a_version_makes_a_version_less_id_precise(register: Register) -> None:
    assert recognised(register, licence_id="cc-by") == "cc-by"
    assert (
        recognised(register, licence_id="cc-by", url="https://creativecommons.org/licenses/by/3.0/")
        == "CC-BY-3.0"
    )
    assert recognised(register, licence_id="uk-ogl", title="Open Government Licence v2.0") == "OGL-UK-2.0"


def test_nothing_given_is_not_the_same_as_not_specified(register: Register) -> None:
    assert rules.recognise(register) == rules.Match(None, "unknown", "No licence was given.")
    assert recognised(register, title="License Not Specified") == "notspecified"


def test_every_licence_is_recognised_by_its_own_credit_line(register: Register) -> None:
    for licence in register:
        if licence.family == "OGL":
            line = rules.credit_line(licence, "en")
            assert recognised(register, title=line) == licence.id, line


anything = st.one_of(
    st.none(),
    st.text(),
    st.integers(),
    st.binary(),
    st.lists(st.text()),
    st.sampled_from(
        [
            "http://[",
            "https://\x00",
            "www.",
            "http://a:b@c:99999/%zz",
            "licence " * 50_000,
            "https://example.org/" + "x" * 100_000,
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(anything, anything, anything)
def test_recognition_never_raises_and_never_half_answers(
    licence_id: object, title: object, url: object
) -> None:
    match = rules.recognise(bundled_register(), licence_id=licence_id, title=title, url=url)
    assert (match.id is not None) == (match.confidence in ("certain", "probable"))
    assert match.why


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RECORDED), st.sampled_from(["id", "title", "url"]))
def test_recognising_a_recognised_id_gives_the_same_licence(row: dict[str, str], field: str) -> None:
    register = bundled_register()
    first = rules.recognise(register, **{"licence_id" if field == "id" else field: row[field]})
    if first.id:
        assert rules.recognise(register, licence_id=first.id).id == first.id
        again = register.licences[first.id]
        assert (
            rules.recognise(register, licence_id=again.id, title=again.name("fr"), url=again.url or None).id
            == first.id
        )


def test_recognition_is_fast_enough_for_a_harvest(register: Register) -> None:
    started = time.perf_counter()
    for row in RECORDED * 10:
        rules.recognise(register, licence_id=row["id"], title=row["title"], url=row["url"])
    assert (time.perf_counter() - started) / (len(RECORDED) * 10) < 0.002
