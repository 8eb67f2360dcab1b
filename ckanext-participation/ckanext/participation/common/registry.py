"""Where rooms enter what others assemble, so that no room imports another for it.

`registry` is the one instance of a process. An entry is keyed by its name; entering the same name again with the same
object is harmless (plugins are loaded more than once in tests), with another one it is a programming error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ckan.types import Context


class RegistryError(RuntimeError):
    """Two rooms claim one name."""


@dataclass(frozen=True)
class Access:
    """Who may find what is said about an object: CKAN's permission labels, and the organisation that answers for it.

    `removed`: a harvest removed it, and only what was said about it is still to be found.
    """

    labels: tuple[str, ...]
    organization_id: str | None = None
    removed: bool = False


@dataclass(frozen=True)
class SubjectType:
    """A kind of thing that people talk about.

    `load(ref)` returns `{"ref", "title", "label", "url", "organization_id", …}` or None; it makes no check of rights. `title` is
    kept with what people say; `label` is the same in the reader's language; `name`, `guid`, `uri` and `landing_page`, where the
    object has them, find it again when it was lost.
    `check_read(context, ref)` raises NotAuthorized or ObjectNotFound unless the reader may see the object.
    `access(refs)` says for the search who may find what is said about each: an object that is missing there is found by nobody, and so
    is everything about a type without this function.
    `kept(ref)` says whether the object was removed in such a way that everybody still reads what was said about it; `load` then gives
    when, under "removed".
    """

    name: str
    load: Callable[[str], dict[str, Any] | None]
    check_read: Callable[[Context, str], None]
    access: Callable[[list[str]], dict[str, Access]] | None = None
    kept: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class EventType:
    """A kind of event, and the mail it causes.

    `recipients(event)` returns the ids of the accounts to tell; `wording(event, lang)` the `(subject, body)` in "fr" or "en", where
    `event["recipient"]` is who the mail is for. `address(event)` says where a mail goes that is not for an active account's own
    address: `(name, e-mail address)`, or None when it is not needed any more; its recipients may be an account's id, a blank and a word.
    With `gather` mails wait so long, and all of this type that one recipient is owed by then leave as one: `digest(events, lang)` is
    its wording, in the order in which they happened. For what one write or one harvest does a thousand times.
    """

    name: str
    recipients: Callable[[dict[str, Any]], list[str]] | None = None
    wording: Callable[[dict[str, Any], str], tuple[str, str]] | None = None
    address: Callable[[dict[str, Any]], tuple[str, str] | None] | None = None
    gather: timedelta | None = None
    digest: Callable[[list[dict[str, Any]], str], tuple[str, str]] | None = None

    def __post_init__(self) -> None:
        if self.gather and not self.digest:
            raise ValueError(f"{self.name} gathers its mails and has no wording for several")


@dataclass(frozen=True)
class Panel:
    """A piece of a page that belongs to a room: `page` is "dataset", "organization", "home", "desk", "person", or "removed" for what stands
    in the place of a dataset that a harvest removed; low `order` comes first.

    `data(context)` returns the variables of `template`, or None for no panel at all.
    """

    name: str
    page: str
    template: str
    data: Callable[[dict[str, Any]], dict[str, Any] | None]
    order: int = 50


@dataclass(frozen=True)
class ModerationKind:
    """Texts that the queue can show.

    `held(limit, organization_id)` lists them, for one organisation or (None) for the site; `change(id, state, reason)` gives one another
    visibility; `owner(id)` returns the id of the organisation that answers for the place where it stands, or None.
    """

    name: str
    held: Callable[[int, str | None], list[dict[str, Any]]]
    change: Callable[..., dict[str, Any]]
    owner: Callable[[str], str | None] = lambda _identifier: None


@dataclass(frozen=True)
class Supportable:
    """Something that people find useful, or not. An id has one spelling, so that nobody counts twice.

    `read_id(raw)` is pure: it returns the id or raises ValidationError on `target_id`. `check_read(context, id)` raises
    NotAuthorized or ObjectNotFound unless the reader may see it. `open_to(id, person_id)` raises ValidationError when this person
    can't support it, else returns the subject's row id and the two counts. `apply(id, support, against)` adds to the counts in the
    transaction under way and returns them, or None when it is not shown any more. `votes()` says whether −1 is allowed.
    """

    name: str
    read_id: Callable[[Any], str]
    check_read: Callable[[Context, str], None]
    open_to: Callable[[str, int], tuple[int | None, int, int]]
    apply: Callable[[str, int, int], tuple[int, int] | None]
    votes: Callable[[], bool]


@dataclass(frozen=True)
class Followable:
    """Something that people are told about. `read_id` and `check_read` are as for a Supportable.

    `accept(id)` raises ValidationError when nobody can follow it now, else returns the subject's row id. `describe(context, ids)`
    returns `{id: {"title", "url"}}` of those that the reader may see.
    """

    name: str
    read_id: Callable[[Any], str]
    check_read: Callable[[Context, str], None]
    accept: Callable[[str], int | None]
    describe: Callable[[Context, list[str]], dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Chore:
    """Work that comes again by itself in the sending process; `seconds()` between two runs."""

    name: str
    run: Callable[[], Any]
    seconds: Callable[[], float]


@dataclass(frozen=True)
class Finding:
    """What one check of the stored counters found: how many rows differ, how many of them were mended, a few in words."""

    check: str
    differences: int
    repaired: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """What all search documents of one entry say alike, such as a thread; `fields` is None when it must not be found.

    `about` is a digest of what they say of the subject, `said` one of everything in `fields`.
    """

    id: int
    about: str
    said: str
    fields: dict[str, Any] | None


@dataclass(frozen=True)
class Part:
    """One search document of an entry, such as a message; `fields` is None when it must not be found."""

    entry_id: int
    number: int
    fields: dict[str, Any] | None


@dataclass(frozen=True)
class Searchable:
    """Texts that the search finds: entries of kind `name` (threads) with numbered parts of kind `part` (comments, `42#7`).

    Marks have these kinds; events of the types `silent` change nothing that is searched. `entries(ids)` and `these([(id, number)])` give
    them as they are now; `parts([(id, after)], most)` at most so many parts of each entry after a number, in their order.
    `ids(after, limit)` returns the next ids of all entries, in their order; `mark_about(subject_ids)` marks the entries about these
    subjects. `outdated(dataset_id)` returns the subjects of which the search says something that is not so any more.
    `shown(context, [(id, number)])` returns what the reader may see of these parts, from the database: `{"texts": {lang: text},
    "title", "conversation", "message"}`. `kinds` and `states` are what an entry can be.
    """

    name: str
    part: str
    silent: frozenset[str]
    entries: Callable[[list[int]], dict[int, Entry]]
    these: Callable[[list[tuple[int, int]]], list[Part]]
    parts: Callable[[list[tuple[int, int]], int], list[Part]]
    mark_about: Callable[[list[int]], None]
    ids: Callable[[int, int], list[int]]
    outdated: Callable[[str], list[int]]
    shown: Callable[[Context, list[tuple[int, int]]], dict[tuple[int, int], dict[str, Any]]]
    kinds: tuple[str, ...]
    states: tuple[str, ...]


class Registry:
    """Named entries of each sort, in the order they were entered."""

    def __init__(self) -> None:
        self.subject_types: dict[str, SubjectType] = {}
        self.event_types: dict[str, EventType] = {}
        self.panels: dict[str, Panel] = {}
        self.moderation_kinds: dict[str, ModerationKind] = {}
        self.supportables: dict[str, Supportable] = {}
        self.followables: dict[str, Followable] = {}
        self.searchables: dict[str, Searchable] = {}
        self._movers: dict[str, Callable[[int, int], int]] = {}
        self._index_fields: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self._chores: dict[str, Chore] = {}
        self._verifiers: dict[str, Callable[[bool], Iterable[Finding]]] = {}
        self._movement_watchers: dict[str, Callable[[list[int]], None]] = {}
        self._subject_facts: dict[str, Callable[[list[int]], dict[int, dict[str, Any]]]] = {}
        self._licence_names: dict[str, Callable[[bool], Mapping[str, str]]] = {}
        self._origins: dict[str, Callable[[list[str]], Mapping[str, Mapping[str, str]]]] = {}
        self._uses: dict[str, Callable[[list[str]], Mapping[str, int]]] = {}

    def add(self, entry: SubjectType | EventType | Panel | ModerationKind | Supportable | Followable | Searchable) -> None:
        """Enter `entry` under its name."""
        shelves: dict[type, dict[str, Any]] = {SubjectType: self.subject_types, EventType: self.event_types,
                                               Panel: self.panels, ModerationKind: self.moderation_kinds,
                                               Supportable: self.supportables, Followable: self.followables,
                                               Searchable: self.searchables}
        self._put(shelves[type(entry)], entry.name, entry)

    def add_index_fields(self, name: str, function: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Enter a function that gives further fields of a dataset's search document; it is called at every indexing."""
        self._put(self._index_fields, name, function)

    def add_mover(self, name: str, function: Callable[[int, int], int]) -> None:
        """Enter a function that moves what hangs on one subject to another, `(from_id, to_id) -> rows moved`, without committing."""
        self._put(self._movers, name, function)

    def add_chore(self, name: str, function: Callable[[], Any], every_seconds: Callable[[], float]) -> None:
        """Enter work for the sending process; `every_seconds()` says how long to wait between two runs."""
        self._put(self._chores, name, Chore(name, function, every_seconds))

    def add_verifier(self, name: str, function: Callable[[bool], Iterable[Finding]]) -> None:
        """Enter a function that compares stored counters with what they count: `(repair) -> findings`; it commits its own repairs."""
        self._put(self._verifiers, name, function)

    def add_movement_watcher(self, name: str, function: Callable[[list[int]], None]) -> None:
        """Enter a function that hears, before the commit, which subjects the sweep lost, found, moved or received something for."""
        self._put(self._movement_watchers, name, function)

    def add_subject_facts(self, name: str, function: Callable[[list[int]], dict[int, dict[str, Any]]]) -> None:
        """Enter a function that says more about subjects in the list of orphans, by their numbers, such as how many threads hang on one."""
        self._put(self._subject_facts, name, function)

    def add_licence_names(self, name: str, function: Callable[[bool], Mapping[str, str]]) -> None:
        """Enter a function that gives more names of licences, `{key: register id}`; with True as they are now, else as of lately."""
        self._put(self._licence_names, name, function)

    def add_origins(self, name: str, function: Callable[[list[str]], Mapping[str, Mapping[str, str]]]) -> None:
        """Enter a function that says which datasets come from elsewhere and are mended there, `(ids) -> {id: {"title", "url"}}`."""
        self._put(self._origins, name, function)

    def add_use(self, name: str, function: Callable[[list[str]], Mapping[str, int]]) -> None:
        """Enter a function that says how much people make of datasets, `(ids) -> {id: number}`; `name` says what is counted."""
        self._put(self._uses, name, function)

    def origins(self, ids: list[str]) -> dict[str, Mapping[str, str]]:
        """Return where datasets come from, by their ids; those that are written here are not among them."""
        return {identifier: said for function in self._origins.values() for identifier, said in function(ids).items()}

    def uses(self, ids: list[str]) -> dict[str, Mapping[str, int]]:
        """Return what is counted of datasets' use: `{what: {id: number}}`."""
        return {name: function(ids) for name, function in self._uses.items()}

    def licence_names(self, fresh: bool) -> Mapping[str, str]:
        """Return the names of licences that the register does not have."""
        found = [function(fresh) for function in self._licence_names.values()]
        return found[0] if len(found) == 1 else {key: value for names in found for key, value in names.items()}

    def chores(self) -> list[Chore]:
        """Return the work that the sending process does between mails."""
        return list(self._chores.values())

    def verifiers(self) -> dict[str, Callable[[bool], Iterable[Finding]]]:
        """Return the functions that compare stored counters with what they count, by name."""
        return dict(self._verifiers)

    def movement_watchers(self) -> list[Callable[[list[int]], None]]:
        """Return the functions that hear which subjects the sweep touched."""
        return list(self._movement_watchers.values())

    def subject_facts(self, ids: list[int]) -> dict[int, dict[str, Any]]:
        """Return what the rooms say about subjects, by number."""
        facts: dict[int, dict[str, Any]] = {}
        for function in self._subject_facts.values():
            for identifier, said in function(ids).items():
                facts.setdefault(identifier, {}).update(said)
        return facts

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
