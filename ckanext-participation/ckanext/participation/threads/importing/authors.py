"""Who wrote: accounts by their id, accounts that are gone under the name they bore, and people whom the peer never knew."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import authz, model

from ckanext.participation.common.model import Person
from ckanext.participation.threads.importing import texts
from ckanext.participation.threads.importing.reading import Source

# A person needs an account or an address. No account can bear these ids: CKAN's are UUIDs.
ANONYMOUS = "participation:anonymous"


class Authors:
    """Finds or makes persons, each once."""

    def __init__(self, source: Source, lang: str) -> None:
        self._source = source
        self._lang = lang
        self._known: dict[str, int] = {}

    def forget(self) -> None:
        """Drop what was made in a transaction that is rolled back."""
        self._known.clear()

    def person(self, user_id: str | None, *, alone: str | None = None) -> int:
        """Return the id of the account's person; without an account that of somebody nobody knows.

        All unknown authors are one person. With `alone` (the name of a row) the author is a person apart: stars are given
        once a person, and those of different unknown authors all count.
        """
        key = user_id or (f"{ANONYMOUS}:{alone}" if alone else ANONYMOUS)
        if key not in self._known:
            self._known[key] = self._account(user_id) if user_id else self._unknown(key)
        return self._known[key]

    def administers(self, user_id: str | None, organization_id: str | None) -> bool:
        """Say whether the account is an administrator of the organisation today."""
        user = model.User.get(user_id) if user_id else None
        return bool(user and organization_id and authz.users_role_for_group_or_org(organization_id, user.name) == "admin")

    def _account(self, user_id: str) -> int:
        person_id: int = Person.for_user(user_id)
        if model.Session.get(model.User, user_id) is None:
            there = self._source.user(user_id)
            if there and there.get("state") == "active":
                self._name(person_id, there.get("fullname") or there["name"])
        return person_id

    def _unknown(self, key: str) -> int:
        person_id: int = Person.for_user(key)
        self._name(person_id, texts.WORDS[self._lang]["anonymous"])
        return person_id

    @staticmethod
    def _name(person_id: int, name: str) -> None:
        model.Session.execute(sa.update(Person).where(Person.id == person_id, Person.public_name.is_(None)).values(public_name=name))
