"""What other extensions may hook into: `p.implements(IParticipation, inherit=True)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ckan.plugins.interfaces import Interface

if TYPE_CHECKING:
    from ckanext.participation.common.registry import Registry
    from ckanext.participation.common.visibility import Decision, Proposal


class IParticipation(Interface):
    """Subjects of other extensions, and their say in what is held for a person to look at."""

    def participation_register(self, registry: Registry) -> None:
        """Enter subject types, event types, panels and search fields of the extension; called once at start."""

    def participation_decide(self, proposal: Proposal, decision: Decision) -> Decision:
        """Return the visibility of a text about to be stored, given what was decided so far.

        An implementation may only be stricter; a laxer answer is ignored.
        """
        return decision

    def participation_event(self, event: dict[str, Any]) -> None:
        """Hear of an event after its transaction, in the process that drains the outbox; errors make it come again."""
