"""The licence register: reads `licences/*.yaml`, checks it whole, and finds licences by id, alias or address.

Every mistake is reported with file and line, all at once, so that one run of `ckan participation licences
check` is enough to mend them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from ckanext.participation.licences.folding import LONGEST_TEXT, LONGEST_URL, text_key, url_keys

from .document import shown
from .licence import Licence
from .reading import Entry, Problem, read_file
from .terms import TERMS

_KINDS: Final = {"text": f"name (at most {LONGEST_TEXT} characters)", "url": f"address (at most {LONGEST_URL} characters)"}


class RegisterError(ValueError):
    """The register's files contradict themselves or the schema; `problems` says where."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True)
class Register:
    """All licences, with the indexes that recognition needs."""

    licences: Mapping[str, Licence]
    by_text: Mapping[str, str] = field(repr=False)
    by_url: Mapping[str, str] = field(repr=False)
    words: Mapping[str, frozenset[str]] = field(repr=False)

    def __iter__(self) -> Iterator[Licence]:
        return iter(self.licences.values())

    def __len__(self) -> int:
        return len(self.licences)

    def get(self, id_or_alias: str) -> Licence | None:
        """The licence with this id, or whose id, name or alias is spelled like this."""
        found = self.licences.get(id_or_alias)
        if found is None:
            found = self.licences.get(self.by_text.get(text_key(id_or_alias), ""))
        return found

    def at(self, url: str) -> Licence | None:
        """The licence that this address stands for."""
        for key in url_keys(url):
            if key in self.by_url:
                return self.licences[self.by_url[key]]
        return None

    def generic_ids(self, licence_id: str) -> frozenset[str]:
        """The version-less or catch-all entries that this licence makes precise."""
        return frozenset(licence.id for licence in self if licence_id in licence.generic_for)


def load_register(folder: str | Path) -> Register:
    """Read and check every licence file of a folder.

    :raises RegisterError: with every problem found, each naming its file and line.
    """
    problems: list[Problem] = []
    entries: list[Entry] = []
    for path in sorted(Path(folder).glob("*.yaml")):
        entry, found = read_file(path)
        problems.extend(found)
        if entry is not None:
            entries.append(entry)
    if not entries and not problems:
        problems.append(Problem(str(folder), 0, "holds no licence file"))
    by_id = {entry.licence.id: entry for entry in entries}
    filed = {path.stem for path in Path(folder).glob("*.yaml")}
    by_text = _claims(entries, "text", problems)
    by_url = _claims(entries, "url", problems)
    for entry in entries:
        problems.extend(_references(entry, by_id, filed))
    if problems:
        raise RegisterError(problems)
    licences = {
        entry.licence.id: entry.licence for entry in sorted(entries, key=lambda e: e.licence.id.casefold())
    }
    words: dict[str, set[str]] = {licence_id: set() for licence_id in licences}
    for key, licence_id in by_text.items():
        words[licence_id].update(key.split())
    return Register(licences, by_text, by_url, {name: frozenset(found) for name, found in words.items()})


def _references(entry: Entry, by_id: Mapping[str, Entry], filed: set[str]) -> Iterator[Problem]:
    """What is wrong with the ids of other licences that a file names."""
    named = [(key, other) for key in ("supersedes", "generic_for", "compatible_with") for other in getattr(entry.licence, key)]
    if entry.licence.port_of:
        named.append(("port_of", entry.licence.port_of))
    if entry.licence.share_alike:
        named += [("share_alike", other) for other in entry.licence.share_alike.also]
    for key, other in named:
        if other == entry.licence.id:
            yield entry.problem(key, other, f"{key} names the licence itself")
        elif other not in filed:
            yield entry.problem(key, other, f"{key} names {shown(other)}, which has no file")
        elif key == "port_of" and other in by_id and by_id[other].licence.port_of:
            yield entry.problem(key, other, f"port_of names {shown(other)}, which is a ported licence itself")
    if entry.licence.id in _earlier(entry.licence.id, by_id) - set(entry.licence.supersedes):
        yield entry.problem("supersedes", "", "supersedes leads back to the licence itself")


def _earlier(licence_id: str, by_id: Mapping[str, Entry]) -> set[str]:
    """Every licence that this one supersedes, over any number of versions."""
    found: set[str] = set()
    waiting = [licence_id]
    while waiting:
        entry = by_id.get(waiting.pop())
        new = set(entry.licence.supersedes) - found if entry else set()
        found |= new
        waiting += new
    return found


def _claims(entries: list[Entry], kind: str, problems: list[Problem]) -> dict[str, str]:
    """Which licence each spelling or address belongs to; two claims on one are a problem."""
    claimed: dict[str, str] = {}
    where: dict[str, str] = {}
    for entry in entries:
        for value, line in entry.spellings(kind):
            keys = [text_key(value)] if kind == "text" else url_keys(value)[:1]
            if not keys or not keys[0]:
                problems.append(Problem(entry.file, line, f"{shown(value)} is not a usable {_KINDS[kind]}"))
                continue
            owner = claimed.setdefault(keys[0], entry.licence.id)
            here = f"{entry.file}:{line}"
            if owner != entry.licence.id:
                problems.append(
                    Problem(entry.file, line, f"{shown(value)} is already claimed at {where[keys[0]]}")
                )
            where.setdefault(keys[0], here)
    return claimed


def bundled_folder() -> Path:
    """Where the distribution keeps its licence files (wheel and source checkout alike)."""
    return Path(str(resources.files("ckanext.participation") / "data" / "licences"))


@lru_cache(maxsize=1)
def bundled_register() -> Register:
    """The register of this distribution, read once per process."""
    return load_register(bundled_folder())


def as_dict(licence: Licence) -> dict[str, Any]:
    """The licence as the API shows it: every stated fact, terms with their wording in both languages."""

    def terms(names: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"id": name, "en": TERMS[name].en, "fr": TERMS[name].fr, "same_as": TERMS[name].same_as}
                for name in names]  # fmt: skip

    share = licence.share_alike
    return {
        "id": licence.id,
        "family": licence.family,
        "version": licence.version,
        "names": dict(licence.names),
        "short_name": licence.short_name,
        "jurisdiction": licence.jurisdiction,
        "url": licence.url,
        "url_fr": licence.url_fr,
        "deed": dict(licence.deed),
        "urls": list(licence.urls),
        "spdx": licence.spdx,
        "eu_uri": licence.eu_uri,
        "aliases": list(licence.aliases),
        "permissions": terms(licence.permissions),
        "duties": terms(licence.duties),
        "prohibitions": terms(licence.prohibitions),
        "clauses": dict(licence.clauses),
        "rights": list(licence.rights),
        "share_alike": share and {"binds": share.binds, "later": share.later, "also": list(share.also)},
        "compatible_with": list(licence.compatible_with),
        "port_of": licence.port_of,
        "attribution": dict(licence.attribution),
        "open_definition": licence.open_definition,
        "supersedes": list(licence.supersedes),
        "notes": dict(licence.notes),
        "sources": [dict(source) for source in licence.sources],
    }


__all__ = [
    "Register",
    "RegisterError",
    "as_dict",
    "bundled_folder",
    "bundled_register",
    "load_register",
]
