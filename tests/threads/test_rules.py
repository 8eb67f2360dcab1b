"""The order of replies and the states of threads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.threads import rules


@given(st.integers(0, 62**5 - 1), st.integers(0, 62**5 - 1))
def test_text_order_of_numbers_is_number_order(one: int, other: int) -> None:
    assert (rules.base62(one) < rules.base62(other)) == (one < other)


@pytest.mark.parametrize("number", [-1, 62**5])
def test_a_number_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="at most"):
        rules.base62(number)


def test_a_reply_stands_behind_its_parent_and_before_the_next_message() -> None:
    first, _ = rules.path_of(1, None)
    second, _ = rules.path_of(2, None)
    reply, depth = rules.path_of(3, first)
    assert first < reply < second
    assert depth == 1


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_depth_never_passes_the_cap_and_order_is_kept(parents: list[int]) -> None:
    paths: dict[int, str] = {1: rules.path_of(1, None)[0]}
    for seq, parent in enumerate(parents, start=2):
        chosen = 1 + parent % (seq - 1)
        path, depth = rules.path_of(seq, paths[chosen])
        assert depth <= rules.DEPTH_CAP
        assert path > paths[chosen][: rules.WIDTH * rules.DEPTH_CAP]
        paths[seq] = path
    assert len(set(paths.values())) == len(paths)


def test_the_organisations_answer_answers_a_question() -> None:
    assert rules.state_after_reply("question", "open", official=True, by_asker=False) == "answered"


def test_a_citizens_reply_does_not_answer_a_question() -> None:
    assert rules.state_after_reply("question", "open", official=False, by_asker=False) == "open"


def test_the_askers_next_message_opens_the_question_again() -> None:
    assert rules.state_after_reply("question", "answered", official=False, by_asker=True) == "open"


@pytest.mark.parametrize(("state", "takes"), [("open", True), ("answered", True), ("closed", False), ("locked", False)])
def test_only_open_and_answered_threads_take_messages(state: str, takes: bool) -> None:
    assert rules.takes_messages(state) is takes
