"""Bytes of which nobody said what they are."""

from __future__ import annotations

import gzip

import pytest

from ckanext.participation.common import decoding

TEXT = '{"title": "Été à Québec"}'


@pytest.mark.parametrize(("content", "declared"), [
    (TEXT.encode(), ""),
    (TEXT.encode("utf-8-sig"), ""),
    (TEXT.encode("utf-16"), ""),
    (TEXT.encode("utf-16-le"), ""),
    (TEXT.encode("utf-16-be"), ""),
    (TEXT.encode("latin-1"), "application/json; charset=ISO-8859-1"),
    (TEXT.encode("latin-1"), ""),
    (TEXT.encode("latin-1"), "application/json; charset=utf-8"),
    (TEXT.encode("latin-1"), "text/plain; charset=no-such-charset"),
])  # fmt: skip
def test_the_same_text_comes_out_of_every_charset(content: bytes, declared: str) -> None:
    assert decoding.text_of(content, declared) == TEXT


def test_one_bad_byte_among_good_characters_costs_only_itself() -> None:
    assert decoding.text_of("Été à Québec".encode() + b"\xff") == "Été à Québec\ufffd"


def test_a_packed_file_is_unpacked_within_the_limit() -> None:
    packed = gzip.compress(b"x" * 1000)
    assert decoding.unpacked(packed, 1000) == b"x" * 1000
    with pytest.raises(decoding.TooLarge):
        decoding.unpacked(packed, 999)


def test_a_packed_file_that_breaks_off_is_unpacked_as_far_as_it_goes() -> None:
    content = b"".join(str(number).encode() for number in range(10_000))
    unpacked = decoding.unpacked(gzip.compress(content)[:-2000], 100_000)
    assert 1000 < len(unpacked) < len(content)
    assert content.startswith(unpacked)


def test_what_only_begins_like_a_packed_file_is_left_as_it_is() -> None:
    assert decoding.unpacked(b"\x1f\x8b\x08nonsense", 1000) == b"\x1f\x8b\x08nonsense"
