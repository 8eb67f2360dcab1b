"""Single values of catalogues in the one form we keep."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.harvesting import formats, values
from ckanext.participation.harvesting.record import Mapper

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(("written", "both"), [
    ("Canadian Space Agency | Agence spatiale canadienne", {"en": "Canadian Space Agency", "fr": "Agence spatiale canadienne"}),
    ("Agence spatiale canadienne | Canadian Space Agency", {"en": "Canadian Space Agency", "fr": "Agence spatiale canadienne"}),
    ("Données Québec", {"fr": "Données Québec"}),
    ("Department of the Treasury", {"en": "Department of the Treasury"}),
    ("NASA", {"en": "NASA"}),
    ("", {}),
])  # fmt: skip
def test_a_bilingual_name_is_split(written: str, both: dict[str, str]) -> None:
    assert values.split_bilingual(written) == both


def test_what_is_known_elsewhere_decides_which_half_is_french() -> None:
    known = {"en": "Infra X", "fr": "Infra Y"}
    assert values.split_bilingual("Infra Y | Infra X", known) == {"fr": "Infra Y", "en": "Infra X"}


@pytest.mark.parametrize(("stated", "media_type", "address", "shape"), [
    ("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "", "XLSX"),
    ("", "application/vnd.ms-excel", "", "XLS"),
    ("xlsx", "", "", "XLSX"),
    (".csv", "", "", "CSV"),
    ("text/csv", "", "", "CSV"),
    ("", "http://www.iana.org/assignments/media-types/text/csv", "", "CSV"),
    ("http://publications.europa.eu/resource/authority/file-type/CSV", "", "", "CSV"),
    ("other", "", "https://example.org/a/file.GEOJSON?x=1", "GeoJSON"),
    ("other", "", "https://example.org/page", ""),
    ("PDF/A-1", "", "", "PDF"),
    ("jpg", "", "", "JPEG"),
    ("application/octet-stream", "", "https://example.org/a.zip", "ZIP"),
    ("Strange Format", "", "", "Strange Format"),
    (None, None, None, ""),
    ("", "", "http://[bad", ""),
])  # fmt: skip
def test_a_format_gets_its_short_name(mapper: Mapper, stated: Any, media_type: Any, address: Any, shape: str) -> None:
    assert formats.file_format(stated, media_type, address, mapper.formats) == shape


@pytest.mark.parametrize(("stated", "code"), [
    ("en-US", "en"), ("us-EN", "en"), ("sp-US", "es"), ("fr_CA", "fr"), ("FRA", "fr"), ("eng", "en"), ("zxx", ""), ("", ""), (None, ""),
    ("http://publications.europa.eu/resource/authority/language/FRA", "fr"), ("http://id.loc.gov/vocabulary/iso639-1/en", "en"), ("de", "de"),
])  # fmt: skip
def test_a_language_gets_its_two_letters(stated: Any, code: str) -> None:
    assert values.language_code(stated) == code


@pytest.mark.parametrize(("stated", "kept"), [
    ("2015-10-27 00:00:00", "2015-10-27"), ("2024-10-20T00:00:00+00:00", "2024-10-20"), ("2024-10-20T11:30:00Z", "2024-10-20T11:30:00Z"),
    ("R/P1D", ""), ("2020", "2020"), (None, ""), (2020, "2020"),
])  # fmt: skip
def test_a_date_loses_a_midnight_that_means_nothing(stated: Any, kept: str) -> None:
    assert values.date(stated) == kept


def test_a_period_and_a_place_become_rows() -> None:
    assert values.period("2007-02-01T00:00:00Z/2017-12-31T00:00:00Z") == [{"start": "2007-02-01", "end": "2017-12-31"}]
    assert values.period("") == []
    assert values.place("United States") == {"text": "United States"}
    assert values.place("https://sws.geonames.org/6115047/") == {"uri": "https://sws.geonames.org/6115047/"}
    assert "Polygon" in values.place("-71.5,46.5,-71,47")["bbox"]
    assert values.place({"type": "Point", "coordinates": [0, 0]})["geom"].startswith("{")


@pytest.mark.parametrize(
    ("written", "slug"),
    [
        ("Plan de mise en œuvre: l'été 2020", "plan-de-mise-en-oeuvre-lete-2020"),
        ("日本", ""),
        ("a", ""),
        ("A b" * 80, None),
    ],
)
def test_a_page_address_is_made_of_a_title(written: str, slug: str | None) -> None:
    made = values.slug(written)
    assert len(made) <= 100
    if slug is not None:
        assert made == slug


@given(ANYTHING)
def test_no_value_makes_the_readers_raise(value: Any) -> None:
    for reader in (
        values.text,
        values.texts,
        values.by_language,
        values.language_code,
        values.date,
        values.period,
        values.place,
        formats.media_type,
    ):
        reader(value)
    formats.file_format(value, value, value, {"csv": "CSV"})
