"""What templates ask about the search of conversations."""

from __future__ import annotations

from ckanext.participation.search import server

__all__ = ["participation_conversations_are_searched"]


def participation_conversations_are_searched() -> bool:
    """Say whether the site has a search of conversations."""
    return server.is_set_up()
