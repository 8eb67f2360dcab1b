"""Who sees a text: visible, held, hidden or removed. Every citizen's text passes through `decide` before it is stored.

The policy here is small: a text full of links by somebody new is held until a person has looked at it. The moderation room
later replaces the policy, never the column that holds its outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ckan.plugins as p

from ckanext.participation import config
from ckanext.participation.common import text

VISIBLE = "visible"
HELD = "held"
HIDDEN = "hidden"
REMOVED = "removed"
STATES = (VISIBLE, HELD, HIDDEN, REMOVED)
_STRICTNESS = {VISIBLE: 0, HELD: 1, HIDDEN: 2, REMOVED: 3}


@dataclass(frozen=True)
class Proposal:
    """A text about to be stored: its kind, rendered form, author, and whether the author speaks for the publishing organisation.

    `review_first` says that the organisation looks at texts before they are shown.
    """

    kind: str
    html: str
    person_id: int
    account_age_days: float
    speaks_for_organization: bool
    is_sysadmin: bool
    subject: dict[str, Any]
    review_first: bool = False


@dataclass(frozen=True)
class Decision:
    """What becomes of a text, and the code of the reason ("" when it is simply shown)."""

    state: str = VISIBLE
    reason: str = ""


def decide(proposal: Proposal) -> Decision:
    """Return the visibility of `proposal`: our policy first, then other extensions', each of which may only be stricter."""
    decision = policy(proposal, hold_links=config.hold_links(), new_days=config.new_person_days())
    from ckanext.participation.interfaces import IParticipation

    for plugin in p.PluginImplementations(IParticipation):
        other = plugin.participation_decide(proposal, decision)
        if _STRICTNESS[other.state] > _STRICTNESS[decision.state]:
            decision = other
    return decision


def policy(proposal: Proposal, *, hold_links: int, new_days: int) -> Decision:
    """Return our own decision: staff are shown; where the organisation looks first, and for many links by somebody new, texts are held."""
    if proposal.is_sysadmin or proposal.speaks_for_organization:
        return Decision()
    if proposal.review_first:
        return Decision(HELD, "review")
    many = hold_links > 0 and text.count_links(proposal.html) >= hold_links
    if many and proposal.account_age_days < new_days:
        return Decision(HELD, "links")
    return Decision()
