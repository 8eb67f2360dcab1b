"""What the files table says of a file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.theme import files


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ({"format": "CSV"}, "CSV"),
        ({"format": "csv"}, "CSV"),
        ({"format": ".csv"}, "CSV"),
        ({"mimetype": "text/csv; charset=utf-8"}, "CSV"),
        ({"format": "http://publications.europa.eu/resource/authority/file-type/JSON"}, "JSON"),
        ({"format": "NetCDF"}, "NetCDF"),
        ({"mimetype": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}, "XLSX"),
        ({"mimetype": "application/octet-stream"}, ""),
        ({}, ""),
        ({"format": None}, ""),
    ],
)
def test_a_format_is_a_short_name(resource: dict[str, str], name: str) -> None:
    assert files.file_format(resource) == name


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example",
        "/local",
        "",
        None,
        "http://",
        "http://[bad",
        7,
    ],
)
def test_an_address_a_browser_must_not_follow_is_no_link(url: object) -> None:
    assert files.safe_address(url) == ""


@pytest.mark.parametrize(
    "url", ["https://example.org/a.csv", "http://example.org", "ftp://example.org/a", " HTTPS://example.org/a "]
)
def test_an_ordinary_address_is_a_link(url: str) -> None:
    assert files.safe_address(url) == url.strip()


def test_pages_and_services_open_and_files_download() -> None:
    assert files.opens({"format": "HTML"})
    assert files.opens({"format": "wms"})
    assert not files.opens({"format": "CSV"})


def test_each_format_is_named_once() -> None:
    assert files.formats([{"format": "CSV"}, {"format": "csv"}, {}, {"format": "PDF"}]) == ["CSV", "PDF"]


def test_a_file_without_a_name_is_called_by_its_address() -> None:
    assert files.base_name("https://example.org/data/roads.csv?x=1") == "roads.csv"
    assert files.base_name("https://example.org/") == "example.org"


@given(st.text(max_size=60))
def test_no_address_makes_a_page_fail(url: str) -> None:
    assert isinstance(files.safe_address(url), str)
    assert isinstance(files.base_name(url), str)
    assert isinstance(files.file_format({"format": url}), str)
