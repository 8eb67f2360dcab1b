"""The policy that holds texts, and other extensions' say in it."""

from __future__ import annotations

import pytest

from ckanext.participation.common.visibility import Decision, Proposal, policy

LINKS = '<a href="x">a</a>' * 3


def proposal(**changes: object) -> Proposal:
    return Proposal(**{"kind": "comment", "html": LINKS, "person_id": 1, "account_age_days": 1, "speaks_for_organization": False,
                       "is_sysadmin": False, "subject": {}, **changes})  # type: ignore[arg-type]


def test_many_links_by_somebody_new_are_held() -> None:
    assert policy(proposal(), hold_links=3, new_days=7) == Decision("held", "links")


@pytest.mark.parametrize("changes", [{"html": '<a href="x">a</a>' * 2}, {"account_age_days": 8}, {"speaks_for_organization": True},
                                     {"is_sysadmin": True}])
def test_everything_else_is_shown(changes: dict[str, object]) -> None:
    assert policy(proposal(**changes), hold_links=3, new_days=7).state == "visible"


def test_zero_turns_holding_off() -> None:
    assert policy(proposal(), hold_links=0, new_days=7).state == "visible"
