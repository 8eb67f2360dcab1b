"""Records as files, pages cut out of threads, and JSON-LD as text: nothing a spreadsheet, a header or a page would run."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.common import export_files
from ckanext.participation.threads import exports, jsonld

FORMULAS = ["=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", "  =1+1",
            "＝1+1", "- cmd|' /C calc'!A0"]


@given(st.lists(st.integers(1, 9), max_size=12), st.integers(1, 7))
def test_windows_cut_every_message_once_and_no_page_is_too_long(lengths: list[int], limit: int) -> None:
    sizes = list(enumerate(lengths, 1))
    seen: list[tuple[int, int]] = []
    after = exports.START
    while True:
        cut = exports.windows([row for row in sizes if row[0] >= after[0]], after, limit)
        page = [(thread, seq) for thread, low, high in cut for seq in range(low + 1, high + 1)]
        assert len(page) <= limit
        if not page:
            break
        seen += page
        after = cut[-1][0], cut[-1][2]
    assert seen == [(thread, seq) for thread, last in sizes for seq in range(1, last + 1)]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_cell_never_begins_like_a_formula(formula: str) -> None:
    assert export_files.inert(formula).startswith("'")


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("before", ["a;", "a\n", "a\t", 'a;"', "a; ", "a;;"])
def test_no_cell_begins_inside_a_text_either(before: str, formula: str) -> None:
    for piece in re.split(r"[;\t\n\r]", export_files.inert(f"{before}{formula}")):
        assert not re.match(r"[\"' ]*[=@+＝]|[\"' ]*-(?! )|[\"' ]*- .*\|", piece.replace("'", "\0"))


def test_a_list_of_points_stays_as_it_was_written() -> None:
    assert export_files.inert("Two things:\n- one\n- two; and -- three\n1 + 1 = 2") == "Two things:\n- one\n- two; and -- three\n1 + 1 = 2"


@given(st.text())
def test_only_apostrophes_are_added(text: str) -> None:
    assert export_files.inert(text).replace("'", "") == text.replace("'", "")


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_csv_gives_back_what_it_took(rows: list[tuple[str, str]]) -> None:
    records = [{"a": one, "b": two} for one, two in rows if "\0" not in one + two]
    text = b"".join(export_files.as_csv([records], ("a", "b"))).decode("utf-8-sig") if all(
        not re.search("[\ud800-\udfff]", one + two) for one, two in rows) else None
    if text is None:
        return
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert read == [{name: export_files.inert(value) for name, value in record.items()} for record in records]


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1", '"; filename="evil.exe', "../../etc/passwd", "Été", "", "x" * 500, "é\u202e"])
def test_a_file_name_is_plain_whatever_the_subject_is_called(name: str) -> None:
    assert re.fullmatch(r"conversations-[a-z0-9_-]{1,80}\.csv", export_files.file_name(name, "csv"))


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "a\u2028b\u2029c", '"}, "x": {"', "&lt;b&gt;", "\\u003c"])
def test_nothing_in_a_text_ends_the_element(text: str) -> None:
    told = jsonld.safe({"text": text})
    assert not re.search("[<>&\u2028\u2029]", told)
    assert json.loads(told) == {"text": text}


def test_a_very_long_text_is_cut_for_machines_only() -> None:
    row = {"seq": 1, "state": "visible", "body": "x" * 9000, "lang": "en", "created": "2026-01-01", "permalink": "/t#1", "author": None}
    thread = {"kind": "question", "title": "t", "lang": "en", "created": "2026-01-01", "url": "/t", "n_replies": 0, "subject": {}}
    assert len(jsonld.thread(thread, [row], "https://x.example")["mainEntity"]["text"]) == jsonld.LONGEST + 1
