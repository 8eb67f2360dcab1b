"""Where rooms enter what others assemble, so that no room imports another for it.

`registry` is the one instance of a process. An entry is keyed by its name; entering the same name again with the same
object is harmless (plugins are loaded more than once in tests), with another one it is a programming error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ckan.types import Context


class RegistryError(RuntimeError):
    """Two rooms claim one name."""


@dataclass(frozen=True)
class SubjectType:
    """A kind of thing that people talk about.

    `load(ref)` returns `{"ref", "title", "label", "url", "organization_id", …}` or None; it makes no check of rights. `title` is
    kept with what people say; `label` is the same in the reader's language; `name`, `guid`, `uri` and `landing_page`, where the
    object has them, find it again when it was lost.
    `check_read(context, ref)` raises NotAuthorized or ObjectNotFound unless the reader may see the object.
    """

    name: str
    load: Callable[[str], dict[str, Any] | None]
    check_read: Callable[[Context, str], None]


@dataclass(frozen=True)
class EventType:
    """A kind of event, and the mail it causes.

    `recipients(event)` returns the ids of the accounts to tell; `wording(event, lang)` the `(subject, body)` in "fr" or "en".
    """

    name: str
    recipients: Callable[[dict[str, Any]], list[str]] | None = None
    wording: Callable[[dict[str, Any], str], tuple[str, str]] | None = None


@dataclass(frozen=True)
class Panel:
    """A piece of a page that belongs to a room: `page` is "dataset", "organization", "home" or "desk"; low `order` comes first.

    `data(context)` returns the variables of `template`, or None for no panel at all.
    """

    name: str
    page: str
    template: str
    data: Callable[[dict[str, Any]], dict[str, Any] | None]
    order: int = 50


@dataclass(frozen=True)
class ModerationKind:
    """Texts that the queue can show: `held()` lists them, `change(id, state, reason)` gives one another visibility."""

    name: str
    held: Callable[[int], list[dict[str, Any]]]
    change: Callable[..., dict[str, Any]]


class Registry:
    """Named entries of each sort, in the order they were entered."""

    def __init__(self) -> None:
        self.subject_types: dict[str, SubjectType] = {}
        self.event_types: dict[str, EventType] = {}
        self.panels: dict[str, Panel] = {}
        self.moderation_kinds: dict[str, ModerationKind] = {}
        self._movers: dict[str, Callable[[int, int], int]] = {}
        self._index_fields: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}

    def add(self, entry: SubjectType | EventType | Panel | ModerationKind) -> None:
        """Enter `entry` under its name."""
        shelves: dict[type, dict[str, Any]] = {SubjectType: self.subject_types, EventType: self.event_types,
                                               Panel: self.panels, ModerationKind: self.moderation_kinds}
        self._put(shelves[type(entry)], entry.name, entry)

    def add_index_fields(self, name: str, function: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Enter a function that gives further fields of a dataset's search document; it is called at every indexing."""
        self._put(self._index_fields, name, function)

    def add_mover(self, name: str, function: Callable[[int, int], int]) -> None:
        """Enter a function that moves what hangs on one subject to another, `(from_id, to_id) -> rows moved`, without committing."""
        self._put(self._movers, name, function)

    def movers(self) -> list[Callable[[int, int], int]]:
        """Return the functions that move what hangs on a subject."""
        return list(self._movers.values())

    def index_fields(self) -> list[Callable[[dict[str, Any]], dict[str, Any]]]:
        """Return the functions that give further fields of a dataset's search document."""
        return list(self._index_fields.values())

    def panels_of(self, page: str) -> list[Panel]:
        """Return the panels of `page` in their order."""
        return sorted((panel for panel in self.panels.values() if panel.page == page), key=lambda panel: panel.order)

    @staticmethod
    def _put(shelf: dict[str, Any], name: str, entry: Any) -> None:
        if name in shelf and shelf[name] != entry:
            raise RegistryError(f"{name} is entered twice")
        shelf[name] = entry


registry = Registry()
