"""What this room enters for others: the events of an account with their mails, and the removal of accounts never confirmed."""

from __future__ import annotations

from ckanext.participation.common.registry import EventType, Registry
from ckanext.participation.people import accounts, mails


def register(registry: Registry) -> None:
    """Enter the room's events and its chore."""
    registry.add(EventType("person.registered", mails.recipients, mails.confirm_wording, mails.address_of_new))
    registry.add(EventType("person.link_asked", mails.recipients, mails.confirm_wording, mails.address_of_new))
    registry.add(EventType("person.sign_up_repeated", mails.recipients, mails.repeated_wording, mails.address_of_account))
    registry.add(EventType("person.reset_asked", mails.recipients, mails.reset_wording, mails.address_of_account))
    registry.add(EventType("person.email_asked", mails.both_addresses, mails.address_wording, mails.address_asked))
    registry.add(EventType("person.password_set", mails.recipients, mails.password_wording))
    for name in ("person.confirmed", "person.updated", "person.email_changed", "person.closed"):
        registry.add(EventType(name))
    registry.add_chore("people.sweep", accounts.sweep, hourly)


def hourly() -> float:
    """Return the seconds between two removals of accounts that were never confirmed."""
    return 3600


__all__ = ["register"]
