"""The benchmark's conversations have the shape that the product would have given them."""

from __future__ import annotations

import io

from bench.conversations import SMALL, _Reader, shape_of

from ckanext.participation.threads import rules


def columns(size: int) -> list[dict[str, str]]:
    names = ("seq", "parent_seq", "path", "depth", "on_behalf_of", "lang", "state")
    return [dict(zip(names, f"{before}\t{after}".split("\t"), strict=False)) for before, after, _ in shape_of(size, "agency")]


def test_numbers_are_dense_and_every_reply_answers_an_earlier_message() -> None:
    rows = columns(500)
    assert [int(row["seq"]) for row in rows] == list(range(1, 501))
    assert rows[0]["parent_seq"] == "\\N"
    assert all(int(row["parent_seq"]) < int(row["seq"]) for row in rows[1:])


def test_places_are_those_that_the_rules_give() -> None:
    rows = columns(500)
    paths = {int(row["seq"]): row["path"] for row in rows}
    for row in rows[1:]:
        parent = int(row["parent_seq"])
        assert (row["path"], int(row["depth"])) == rules.path_of(int(row["seq"]), paths[parent] if parent != 1 else None)


def test_replies_nest_down_to_the_cap() -> None:
    assert {int(row["depth"]) for row in columns(2000)} == set(range(rules.DEPTH_CAP + 1))


def test_some_messages_are_removed() -> None:
    assert sum(row["state"] == "removed" for row in columns(300)) == 3
    assert [seen for _, _, seen in shape_of(300, "agency")].count(False) == 3


def test_the_organisation_answers_in_small_threads_only() -> None:
    assert sum(row["on_behalf_of"] == "agency" for row in columns(SMALL)) == 3
    assert all(row["on_behalf_of"] == "\\N" for row in columns(3 * SMALL))


def test_the_same_size_gives_the_same_thread() -> None:
    assert list(shape_of(120, "agency")) == list(shape_of(120, "agency"))


def test_copy_reads_every_line_whatever_the_size_of_its_reads() -> None:
    lines = [f"{number}\tété\n" for number in range(1000)]
    whole = "".join(lines).encode()
    for size in (1, 7, 64, 100_000):
        reader, out = _Reader(lines), io.BytesIO()
        while part := reader.read(size):
            assert len(part) <= size
            out.write(part)
        assert out.getvalue() == whole
