"""Parts of a gzip stream that were packed apart, and the sections of a catalogue."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.harvesting.offering import packing, sections
from ckanext.participation.harvesting.offering.catalogue import Row

texts = st.one_of(st.binary(max_size=200), st.binary(min_size=1, max_size=5).map(lambda text: text * 5000))


@given(st.lists(texts, max_size=6))
def test_parts_put_together_are_one_gzip_stream_with_a_single_member(parts: list[bytes]) -> None:
    whole, checksum = b"".join(parts), 0
    stream = packing.HEAD
    for part in map(packing.packed, parts):
        stream += part.data
        checksum = packing.joined(checksum, part.checksum, part.size)
    stream += packing.end(len(whole), checksum)
    assert gzip.decompress(stream) == whole
    one = zlib.decompressobj(31)
    assert one.decompress(stream) == whole
    assert one.eof
    assert one.unused_data == b"", "a second member would be left out by some browsers"


@given(texts, texts)
def test_the_checksum_of_two_texts_is_worked_out_of_theirs(first: bytes, second: bytes) -> None:
    assert packing.joined(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)
    assert packing.unpacked(packing.packed(first)) == first


@pytest.mark.parametrize("size", [1, 2**20 - 1, 2**32 + 5])
def test_checksums_of_long_texts_are_joined_without_the_texts(size: int) -> None:
    """Nothing but zeros, doubled and doubled: the checksum of the whole is that of zlib for what fits into memory."""
    checksum, length = zlib.crc32(b"\0"), 1
    for bit in bin(size)[3:]:
        checksum, length = packing.joined(checksum, checksum, length), length * 2
        if bit == "1":
            checksum, length = packing.joined(checksum, zlib.crc32(b"\0"), 1), length + 1
    assert length == size
    if size < 2**24:
        assert checksum == zlib.crc32(bytes(size))
    # What one more zero gives does not depend on the way there.
    assert packing.joined(checksum, zlib.crc32(b"\0"), 1) == packing.joined(zlib.crc32(b"\0"), checksum, size)


def row(number: int) -> Row:
    return Row(f"{random.Random(number).getrandbits(128):032x}", "2026-01-01T00:00:00", "")


def test_one_dataset_more_or_less_changes_no_section_but_those_around_it() -> None:
    rows = sorted((row(number) for number in range(5000)), key=lambda one: one.id)
    before = {tuple(one.id for one in some) for some in sections.cut(rows)}
    assert 5000 / 64 < len(before) < 5000 / 16
    assert [one.id for one in rows] == [one for some in sorted(before) for one in some]
    for place in (0, 1, 777, 4999, *(rows.index(next(one for one in rows if one.id == some[0])) for some in sorted(before)[3:6])):
        after = {tuple(one.id for one in some) for some in sections.cut(rows[:place] + rows[place + 1:])}
        assert len(before - after) <= 2
        assert len(after - before) <= 2


def test_ids_that_never_end_a_section_are_cut_at_the_most_that_one_holds() -> None:
    never = [one for one in map(row, range(20_000)) if zlib.crc32(one.id.encode()) % sections.USUAL][:600]
    assert [len(some) for some in sections.cut(never)] == [256, 256, 88]


def test_a_section_gives_back_the_pieces_that_it_was_packed_of() -> None:
    pieces = [sections.piece(sections.Kept(f"id-{number}", "now", f'{{"é":{number}}}', "<a> <b> 'ü\n\n' .\n" * number, "{}"))
              for number in range(4)]
    packed = sections.section(pieces)
    assert list(packed.pieces()) == [one._replace(shared=()) for one in pieces]
    assert packing.unpacked(packed.texts[0]) == '{"é":0},\n{"é":1},\n{"é":2},\n{"é":3}'.encode()
