"""Citizens' text: cleaned, rendered once, harmless, and quick whatever is typed."""

from __future__ import annotations

import pytest
from bounded import costs_at_most
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.participation.common import text

CAP = 10_000


@pytest.mark.parametrize(("raw", "kept"), [
    ("e\u0301te\u0301", "été"), ("a\r\nb\rc", "a\nb\nc"), ("a\x00b\x07c", "abc"), ("safe\u202egnp.exe", "safegnp.exe"),
    ("zero\u200bwidth\ufeff", "zerowidth"), ("  x  ", "x"), ("👩‍🚀 family", "👩‍🚀 family")])
def test_what_hides_or_reorders_is_taken_out_and_the_rest_kept(raw: str, kept: str) -> None:
    assert text.clean(raw, CAP) == kept


@pytest.mark.parametrize(("raw", "code"), [("", "empty"), (" \n\u200b", "empty"), ("é" * 5001, "too_long"), ("x" * 10**6, "too_long"),
                                           ("\ud800", "characters")])
def test_what_cannot_be_taken_says_why(raw: str, code: str) -> None:
    with pytest.raises(text.TextError) as refusal:
        text.clean(raw, CAP)
    assert refusal.value.code == code


def test_a_text_of_exactly_the_limit_is_taken_whole() -> None:
    assert len(text.clean("é" * 5000, CAP).encode()) == CAP


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    try:
        once = text.clean(raw, CAP)
    except text.TextError:
        return
    assert text.clean(once, CAP) == once


@pytest.mark.parametrize(("markdown", "html"), [
    ("**b** *i* `c`", "<p><strong>b</strong> <em>i</em> <code>c</code></p>\n"),
    ("[a](https://a.example)", '<p><a href="https://a.example" rel="nofollow ugc noopener">a</a></p>\n'),
    ("# Big", "<h3>Big</h3>\n"), ("![x](https://a.example/p.png)", "<p></p>\n"),
    ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"), ("a\n\n- b", "<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n")])
def test_markdown_becomes_the_expected_html(markdown: str, html: str) -> None:
    assert text.render(markdown) == html


@pytest.mark.parametrize("evil", [
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html;base64,PHNjcmlwdD4=)", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "[x](vbscript:msgbox)", "<svg/onload=alert(1)>", "[x](https://a.example \"onmouseover=alert(1)\")",
    "<a href='java&#10;script:alert(1)'>x</a>", "&lt;script&gt;alert(1)&lt;/script&gt;", "[x]: javascript:alert(1)\n[x]"])
def test_nothing_that_runs_comes_through(evil: str) -> None:
    html = text.render(evil).lower()
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert "<svg" not in html


@given(st.text(alphabet="<>[]()`*_~#!&;:/\"'= \nabonclick", max_size=200))
def test_sanitising_the_result_again_changes_nothing(markdown: str) -> None:
    import nh3

    html = text.render(markdown)
    assert nh3.clean(html, tags=text.TAGS, attributes=text.ATTRIBUTES, url_schemes=text.SCHEMES, link_rel=text.REL) == html


# Families of texts that make Markdown programmes slow (SECURITY B2), each up to the cap.
BOMBS = ["`" * CAP, "*" * CAP, "[" * CAP, "](" * (CAP // 2), "> " * (CAP // 2), "- " * (CAP // 2), "_a" * (CAP // 2), "<" * CAP,
         "![" * (CAP // 2), "[a](" * (CAP // 4), "`a" * (CAP // 2), "&" * CAP, "|" * CAP, "|a" * (CAP // 2) + "\n|-|-|", "~" * CAP]


@pytest.mark.parametrize("bomb", BOMBS, ids=[bomb[:4] for bomb in BOMBS])
def test_no_text_up_to_the_cap_takes_long(bomb: str) -> None:
    costs_at_most(0.5, lambda: text.render(bomb))


@settings(max_examples=30)
@given(st.integers(0, 12))
def test_links_are_counted(number: int) -> None:
    assert text.count_links(text.render(" ".join("[a](https://a.example)" for _ in range(number)))) == number
