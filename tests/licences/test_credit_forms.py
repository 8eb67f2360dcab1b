"""The credit in the forms that people paste: each holds the licence's own sentence, and nothing in a title gets out of its place."""

from __future__ import annotations

import json
import re
from datetime import date
from html.parser import HTMLParser
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ckanext.participation.licences import credit
from ckanext.participation.licences.register import bundled_register

DAY = date(2026, 11, 1)
REGISTER = bundled_register()
CANADA = credit.Credited(
    REGISTER.licences["OGL-Canada-2.0"], "snow-2026", "City of Snow", "Snow & ice", "2021-02", "2022-03-04", "2.1", "https://example.org/dataset/snow")
HOSTILE = '</p><script>alert(1)</script> [x](javascript:a) {}%\\_"$&#~^ “'


class Reader(HTMLParser):
    """The elements and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def forms(lang: str = "en", **changed: str) -> dict[str, str]:
    fields = {name: getattr(CANADA, name) for name in ("licence", "id", "publisher", "title", "published", "updated", "version", "url")}
    return credit.forms(credit.Credited(**{**fields, **changed}), lang, DAY)


def test_text_is_the_licences_sentence_with_version_and_day() -> None:
    assert forms()["text"] == (
        "City of Snow. “Snow & ice”. 2021. Contains information licensed under the Open Government Licence – Canada. "
        "Source: https://example.org/dataset/snow Licence: https://open.canada.ca/en/open-government-licence-canada "
        "Version 2.1. Retrieved on November 1, 2026.")
    assert forms("fr")["text"].endswith("Version 2.1. Données obtenues le 1er novembre 2026.")


def test_html_links_the_dataset_and_the_licence() -> None:
    read = Reader(forms()["html"])
    assert [attrs.get("href") for tag, attrs in read.tags if tag == "a"] == [
        "https://example.org/dataset/snow", "https://example.org/dataset/snow", "https://open.canada.ca/en/open-government-licence-canada"]
    assert next(attrs for _tag, attrs in read.tags if attrs.get("rel"))["href"] == "https://open.canada.ca/en/open-government-licence-canada"
    assert read.text == forms()["text"]


def test_markdown_shows_the_same_words() -> None:
    read = Reader(MarkdownIt().render(forms()["markdown"]))
    assert read.text.strip() == forms()["text"]
    assert len([tag for tag, _attrs in read.tags if tag == "a"]) == 3


def test_bibtex_is_one_entry_with_balanced_braces() -> None:
    entry = forms()["bibtex"]
    assert entry.startswith("@misc{snow-2026,\n")
    assert "  title = {{Snow \\& ice}}," in entry
    assert "  urldate = {2026-11-01}," in entry
    assert "  year = {2021}," in entry
    assert entry.count("{") == entry.count("}")


def test_csl_json_has_the_parts_of_the_dates() -> None:
    item, = json.loads(forms()["csl_json"])
    assert (item["type"], item["issued"], item["accessed"]) == (
        "dataset", {"date-parts": [[2021, 2]]}, {"date-parts": [[2026, 11, 1]]})
    assert item["author"] == [{"literal": "City of Snow"}]
    assert "Open Government Licence – Canada" in item["note"]


def test_json_ld_is_a_dataset_with_its_licence_and_credit() -> None:
    item = json.loads(forms()["json_ld"])
    assert (item["@type"], item["@id"], item["license"]) == (
        "Dataset", "https://example.org/dataset/snow", "https://open.canada.ca/en/open-government-licence-canada")
    assert item["creditText"] == forms()["text"]


def test_what_is_missing_is_left_out() -> None:
    bare = forms(publisher="", title="", published="", updated="", version="", url="")
    assert bare["text"].endswith("open-government-licence-canada Retrieved on November 1, 2026.")
    assert not re.search(r"(author|title|year|version|url) = ", bare["bibtex"])
    assert set(json.loads(bare["csl_json"])[0]) == {"id", "type", "accessed", "language", "license", "note"}


def test_a_licence_without_a_credit_line_has_no_forms() -> None:
    assert credit.forms(credit.Credited(REGISTER.licences["notspecified"], "a"), "en", DAY) == {}


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_licence_of_the_register_has_all_forms_or_none(lang: str) -> None:
    for licence in REGISTER:
        made = credit.forms(credit.Credited(licence, "a", "P", "T", "2021", "2021-01-01", "1", "https://example.org/a"), lang, DAY)
        assert set(made) in ({*credit.FORMS}, set()), licence.id
        assert bool(made) == bool(licence.attribution), licence.id


def closes_only_at_its_end(entry: str) -> bool:
    """Whether the brace that ends a BibTeX entry is its last letter; BibTeX counts braces behind a backslash too."""
    depths = list(accumulate((letter == "{") - (letter == "}") for letter in entry))
    return depths.index(0, entry.index("{")) == len(entry) - 1


@given(st.text() | st.just(HOSTILE), st.text() | st.just(HOSTILE), st.sampled_from(["CC-BY-4.0", "OGL-Canada-2.0", "etalab-2.0", "ODbL-1.0"]))
def test_nothing_in_a_title_or_an_address_gets_out_of_its_place(title: str, url: str, licence: str) -> None:
    made = credit.forms(credit.Credited(REGISTER.licences[licence], title, title, title, url[:10], url, title, url), "fr", DAY)
    read = Reader(made["html"])
    assert {tag for tag, _attrs in read.tags} <= {"p", "cite", "a"}
    assert all(str(attrs["href"]).casefold().startswith(("http://", "https://", "www.")) for tag, attrs in read.tags if tag == "a")
    shown = Reader(MarkdownIt("commonmark", {"html": True}).render(made["markdown"]))
    assert "script" not in {tag for tag, _attrs in shown.tags}
    assert closes_only_at_its_end(made["bibtex"])
    assert "</" not in made["json_ld"]
    json.loads(made["csl_json"])
    json.loads(made["json_ld"])
