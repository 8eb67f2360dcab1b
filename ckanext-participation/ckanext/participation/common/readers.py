"""Which datasets a reader may see, asked for many of them at once."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import authz, model
from ckan.lib.plugins import get_permission_labels
from ckan.types import Context


class Gate:
    """Which datasets one reader may see: the answer of `package_show`'s auth function, for many datasets in one statement."""

    def __init__(self, context: Context) -> None:
        self.context = context
        name = context.get("user")
        self._user = model.User.get(name) if name else None
        self._labels: frozenset[str] | None = None

    def passes(self, ids: set[str]) -> set[str]:
        """Return those of the datasets that the reader may see."""
        if not ids:
            return set()
        return {row.id for row in model.Session.scalars(sa.select(model.Package).where(model.Package.id.in_(ids))) if self.allows(row)}

    def allows(self, package: model.Package) -> bool:
        """Say whether the reader may see one dataset: by CKAN's permission labels, which its own auth function compares.

        Where an extension decides in its place, it is asked for each dataset: labels would not know.
        """
        if getattr(authz._AuthFunctions.get("package_show"), "__module__", "") != "ckan.logic.auth.get":
            return authz.is_authorized_boolean("package_show", {**self.context, "auth_user_obj": self._user}, {"id": package.id})
        if self.context.get("ignore_auth") or (self._user and self._user.sysadmin):
            return True
        labels = get_permission_labels()
        if self._labels is None:
            self._labels = frozenset(labels.get_user_dataset_labels(self._user))  # type: ignore[arg-type]
        return not self._labels.isdisjoint(labels.get_dataset_labels(package))
