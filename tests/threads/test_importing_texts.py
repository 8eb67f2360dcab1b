"""The peers' texts become ours without losing or inventing anything. Pure: no database."""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.common import text
from ckanext.participation.threads.importing import texts
from ckanext.participation.threads.importing.report import REASONS
from ckanext.participation.threads.importing.shapes import Message, in_order

START = datetime(2021, 3, 1, tzinfo=UTC)
# What Markdown gives a meaning to, among ordinary letters.
MARKS = st.text(alphabet="ab é_*`#>-+=~|[]()!<&;:.1\\\n\t\"'", max_size=60)


def seen(markdown: str) -> str:
    """Return what a reader sees of rendered Markdown, without white space."""
    shown = text.render(markdown)
    return re.sub(r"[\s\u00a0]", "", html.unescape(re.sub(r"<[^>]*>", "", shown)))


def bare(words: str) -> str:
    return re.sub(r"[\s\u00a0]", "", texts.cleaned(words))


def plain(words: str) -> str:
    return texts.from_plain(texts.cleaned(words))


@given(MARKS)
def test_plain_text_reads_as_it_did(words: str) -> None:
    assert seen(plain(words)) == bare(words)


@given(MARKS)
def test_plain_text_never_becomes_anything_but_paragraphs(words: str) -> None:
    assert set(re.findall(r"<(\w+)", text.render(plain(words)))) <= {"p", "br"}


@given(st.text(max_size=80))
def test_any_text_at_all_can_be_taken(words: str) -> None:
    bodies = texts.bodies(words, marked=False, most=1000, without="(no text)")
    assert bodies
    assert all(text.clean(body, 1000) == body for body in bodies)


@given(st.lists(MARKS.filter(lambda words: words.strip()), min_size=1, max_size=60), st.sampled_from(["\n\n", "\n", " "]))
def test_a_long_text_is_split_and_nothing_of_it_is_lost(parts: list[str], between: str) -> None:
    words = between.join(parts)
    bodies = texts.bodies(words, marked=False, most=100, without="")
    assert all(len(body.encode()) <= 100 for body in bodies)
    assert "".join(map(seen, bodies)) == bare(words)


def test_line_breaks_of_plain_text_stay() -> None:
    assert text.render(plain("one\ntwo\n\nthree")) == "<p>one<br>\ntwo</p>\n<p>three</p>\n"


def test_addresses_in_plain_text_become_links_without_the_end_of_the_sentence() -> None:
    shown = text.render(plain("See https://example.org/a_b*c (or https://example.org/x_(y))."))
    assert re.findall(r'href="([^"]*)"', shown) == ["https://example.org/a_b*c", "https://example.org/x_(y)"]
    assert seen(plain("See https://example.org/a_b.")) == "Seehttps://example.org/a_b."


@pytest.mark.parametrize(("given_", "shown"), [
    ("![a plan](https://example.org/p.png)", '<a href="https://example.org/p.png" rel="nofollow ugc noopener">a plan</a>'),
    ("![](https://example.org/p.png)", ">https://example.org/p.png</a>"),
    ("at https://example.org/x, yes", '<a href="https://example.org/x" rel="nofollow ugc noopener">https://example.org/x</a>, yes'),
    ("[here](https://example.org/x)", '<a href="https://example.org/x" rel="nofollow ugc noopener">here</a>'),
    ("<b>bold</b><br>next", "<strong>bold</strong><br>"),
    ('<a href="https://example.org/x" target=_blank>there</a>', '<a href="https://example.org/x" rel="nofollow ugc noopener">there</a>'),
    ("**bold** and `https://example.org`", "<strong>bold</strong> and <code>https://example.org</code>"),
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
])
def test_markdown_of_ckan_keeps_its_sense(given_: str, shown: str) -> None:
    assert shown in text.render(texts.from_markdown(given_))


def test_a_code_block_that_is_split_stays_code() -> None:
    code = "Before.\n\n```\n" + "\n".join(f"row {number}, *1*" for number in range(200)) + "\n```\n\nAfter."
    bodies = texts.bodies(code, marked=True, most=1000, without="")
    assert len(bodies) > 2
    assert all("<em>" not in text.render(body) for body in bodies)
    assert "".join(map(seen, bodies)) == bare(code.replace("```", ""))


def test_an_empty_text_keeps_its_place() -> None:
    assert texts.bodies(None, marked=False, most=100, without="(no text)") == ["(no text)"]
    assert texts.bodies(" \u200b\n", marked=True, most=100, without="(no text)") == ["(no text)"]


def test_a_title_is_the_beginning_of_the_first_line() -> None:
    assert texts.title_of("Short?\nMore.", most=300, without="-") == "Short?"
    long = texts.title_of("word " * 40, most=300, without="-")
    assert long.endswith("word…")
    assert len(long) <= 80
    assert len(texts.title_of("雪" * 200, most=100, without="-").encode()) <= 100
    assert texts.title_of(None, most=300, without="(no text)") == "(no text)"


def test_a_title_that_is_cut_is_given_back_whole() -> None:
    title, whole = texts.fitting_title("long " * 100, most=300, without="-")
    assert len(title.encode()) <= 300
    assert whole == unicodedata.normalize("NFC", ("long " * 100).strip())
    assert texts.fitting_title("fits", most=300, without="-") == ("fits", None)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(-5, 5)), max_size=20))
def test_messages_are_in_the_order_of_their_dates_but_never_before_what_they_answer(drawn: list[tuple[int, int]]) -> None:
    messages = [Message(row="0", at=START, text="")]
    for number, (parent, hours) in enumerate(drawn, start=1):
        messages.append(Message(row=str(number), at=START + timedelta(hours=hours), text="", parent=str(parent % number)))
    ordered = in_order(messages)
    assert sorted(message.row for message in ordered) == sorted(message.row for message in messages)
    places = {message.row: place for place, message in enumerate(ordered)}
    assert places["0"] == 0
    assert all(places[message.parent] < places[message.row] for message in messages[1:] if message.parent)
    for before, after in itertools.pairwise(ordered[1:]):
        assert before.at <= after.at or places[after.parent or "0"] >= places[before.row]


def test_every_reason_is_a_sentence_for_the_operator() -> None:
    assert all(words and words == words.strip() for words in REASONS.values())
