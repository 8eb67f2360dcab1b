"""Validated input of the room's actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import ckan.plugins.toolkit as tk

from ckanext.participation.common.errors import field_error
from ckanext.participation.licences.box import NOT_SPECIFIED
from ckanext.participation.licences.folding import LONGEST_TEXT, LONGEST_URL, clean, looks_like_url, name_key
from ckanext.participation.licences.register import bundled_register
from ckanext.participation.licences.rules import recognise

MOST_LICENCES = 200
LONGEST_NOTE: Final = 500
# PostgreSQL's indexes hold no longer ones.
_LONGEST_KEY: Final = 2_000

Data = dict[str, Any]


def licences(data: Data, field: str) -> tuple[str, ...]:
    """Return a list of register ids, in the register's order; a named error for anything else. Nothing gives an empty list."""
    raw = data.get(field) or []
    rows = [raw] if isinstance(raw, str) else raw
    if not isinstance(rows, list | tuple) or len(rows) > MOST_LICENCES or not all(isinstance(row, str) for row in rows):
        raise field_error(field, tk._("Must be a list of licence ids, at most {most}.").format(most=MOST_LICENCES))
    register = bundled_register()
    unknown = sorted({row for row in rows if row not in register.licences})
    if unknown:
        raise field_error(field, tk._("There is no licence with this id: {ids}. See participation_licence_list.").format(
            ids=", ".join(row[:80] for row in unknown[:5])))
    return tuple(name for name in register.licences if name in rows)


def default(data: Data, allowed: tuple[str, ...]) -> str | None:
    """Return the licence that forms begin with, or None; it must be one of those allowed."""
    chosen = data.get("default") or None
    if chosen is not None and chosen not in allowed:
        raise field_error("default", tk._("Must be one of the licences that you allow."))
    return chosen


@dataclass(frozen=True, slots=True)
class Name:
    """A name that somebody wants to give to a licence: what was typed, an address or a text, and its key."""

    text: str
    kind: Literal["text", "url"]
    key: str


def name(data: Data) -> Name:
    """Return the name in `text`, which nobody recognises yet; a named error that says what to do otherwise."""
    raw = data.get("text")
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        raise field_error("text", tk._("Write the name or the address as publishers write it."))
    if not isinstance(raw, str):
        raise field_error("text", tk._("Must be a text."))
    text = " ".join(raw.split())
    if clean(text) != text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise field_error("text", tk._("It holds characters that nobody sees. Type it instead of pasting it."))
    kind: Literal["text", "url"] = "url" if looks_like_url(text) else "text"
    longest = LONGEST_URL if kind == "url" or text.casefold().startswith(("http://", "https://", "www.")) else LONGEST_TEXT
    key = name_key(text) if len(text) <= longest else ""
    if len(text) > longest or len(key.encode()) > _LONGEST_KEY:
        raise field_error("text", tk._("Too long: a name has at most {text} characters, an address {url}.").format(
            text=LONGEST_TEXT, url=LONGEST_URL))
    if not key:
        raise field_error("text", tk._("Nothing is left of this when spaces, punctuation and articles do not count. Give a name with "
                                       "letters or digits, or an address that begins with http:// or https://."))
    known = recognise(bundled_register(), url=text) if kind == "url" else recognise(bundled_register(), title=text)
    if known.id is not None:
        title = bundled_register().licences[known.id].name(str(tk.h.lang()))
        raise field_error("text", tk._("The register recognises this already: it is “{licence}”. Nothing needs to be added.").format(
            licence=title))
    return Name(text, kind, key)


def licence(data: Data) -> str:
    """Return the register id in `licence`; any name that the register knows will do. A named error for anything else."""
    raw = data.get("licence")
    if raw is None or raw == "":
        raise field_error("licence", tk._("Choose the licence that is meant."))
    found = bundled_register().get(raw) if isinstance(raw, str) and len(raw) <= LONGEST_TEXT else None
    if found is None:
        raise field_error("licence", tk._("The register has no licence “{name}”.").format(name=clean(raw)[:100]))
    if found.id == NOT_SPECIFIED:
        raise field_error("licence", tk._("“Not specified” is no licence. What nobody can name stays unrecognised."))
    return found.id


def note(data: Data) -> str:
    """Return the remark in `note`, on one line; a named error when it is no text or too long."""
    raw = data.get("note") or ""
    if not isinstance(raw, str) or len(raw) > LONGEST_NOTE or any("\ud800" <= letter <= "\udfff" for letter in raw):
        raise field_error("note", tk._("Must be a text of at most {most} characters.").format(most=LONGEST_NOTE))
    return clean(raw)
