"""What kind of change it is, from the terms of the two licences."""

from __future__ import annotations

import itertools

import pytest

from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licensing import rules

REGISTER = bundled_register()


def terms(identifier: str, words: str = "") -> rules.Terms:
    return rules.Terms(identifier, REGISTER.licences.get(identifier), words)


@pytest.mark.parametrize(("before", "after", "kind"), [
    ("OGL-Canada-2.0", "CC-BY-NC-4.0", "narrowed"),
    ("CC-BY-NC-4.0", "OGL-Canada-2.0", "widened"),
    ("CC-BY-4.0", "CC-BY-SA-4.0", "narrowed"),
    ("CC-BY-4.0", "CC-BY-ND-4.0", "narrowed"),
    ("CC0-1.0", "CC-BY-4.0", "narrowed"),
    ("CC-BY-4.0", "CC0-1.0", "widened"),
    ("CC-BY-SA-4.0", "CC-BY-NC-4.0", "mixed"),
    ("OGL-Canada-2.0", "CC-BY-4.0", "mixed"),
    ("OGL-Canada-2.0", "notspecified", "dropped"),
    ("unrecognised", "notspecified", "dropped"),
    ("OGL-Canada-2.0", "unrecognised", "unclear"),
    ("notspecified", "unrecognised", "unclear"),
    ("notspecified", "OGL-Canada-2.0", "stated"),
    ("unrecognised", "OGL-Canada-2.0", "stated"),
])  # fmt: skip
def test_the_kind_follows_from_the_terms(before: str, after: str, kind: str) -> None:
    assert rules.kind(terms(before), terms(after)) == kind


def test_what_one_change_takes_the_way_back_gives() -> None:
    """Over every pair of licences that state terms."""
    opposite = {"narrowed": "widened", "widened": "narrowed", "same": "same", "mixed": "mixed"}
    stating = [terms(licence.id) for licence in REGISTER if licence.states_terms]
    wrong = [(a.id, b.id) for a, b in itertools.combinations(stating, 2) if rules.kind(b, a) != opposite[rules.kind(a, b)]]
    assert wrong == []


def test_a_licence_that_forbids_commercial_use_is_never_wider_than_one_that_allows_it() -> None:
    free = [licence for licence in REGISTER if "commercial-use" in licence.permissions]
    tied = [licence for licence in REGISTER if "no-commercial-use" in licence.prohibitions]
    assert free
    assert tied
    assert [(a.id, b.id) for a in free for b in tied if rules.kind(terms(a.id), terms(b.id)) in ("widened", "same", "stated")] == []


def test_the_difference_names_each_term_once() -> None:
    found = rules.difference(REGISTER.licences["OGL-Canada-2.0"], REGISTER.licences["CC-BY-NC-4.0"])
    assert found.gone == ("commercial-use",)
    assert "no-commercial-use" in found.forbidden
    assert "indicate-changes" in found.asked
    assert not found.less & found.more


def test_words_that_nobody_recognises_are_compared_without_their_spelling() -> None:
    assert not rules.differ(terms("unrecognised", "House rules!"), terms("unrecognised", "house  rules"))
    assert rules.differ(terms("unrecognised", "House rules"), terms("unrecognised", "Garden rules"))


def test_only_what_takes_away_or_leaves_in_doubt_waits_for_a_word() -> None:
    assert {kind for kind in rules.KINDS if rules.state_at_first(kind) == "open"} == {"narrowed", "mixed", "dropped", "unclear"}
