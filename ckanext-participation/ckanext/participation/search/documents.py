"""What the search holds of one message: a document. No CKAN here: what threads give in, dictionaries out."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ckanext.participation.common.registry import Entry, Part
from ckanext.participation.search.fields import LANGUAGES

Document = dict[str, Any]


def reference(entry_id: int, number: int) -> str:
    """Return how a message is called in marks and documents."""
    return f"{entry_id}#{number}"


def read_reference(ref: str) -> tuple[int, int]:
    """Return the two numbers of a reference. Raises ValueError for anything else."""
    entry_id, mark, number = ref.partition("#")
    if not (mark and entry_id.isascii() and entry_id.isdigit() and number.isascii() and number.isdigit()):
        raise ValueError(ref)
    return int(entry_id), int(number)


def key(site_id: str, kind: str, entry_id: int, number: int) -> str:
    """Return a document's unique key. A cluster of servers keeps together what is alike before `!`: one hit per conversation needs it."""
    return f"{site_id}:{kind}:{entry_id}!{number}"


def document(site_id: str, kind: str, entry: Entry, part: Part) -> Document | None:
    """Return a message's document; None when it must not be found. A text in neither French nor English is read as both."""
    if entry.fields is None or part.fields is None:
        return None
    said, texts = entry.fields, part.fields["texts"]
    made: Document = {
        "index_id": key(site_id, kind, part.entry_id, part.number), "id": reference(part.entry_id, part.number), "site_id": site_id,
        "type": kind, "entry": f"{kind}:{part.entry_id}", "about": said["about"], "subject_title": said["subject_title"],
        "state": said["state"], "kind": said["kind"], "lang": sorted(texts), "organization": said["organization"],
        "permission_labels": said["labels"], "created": part.fields["created"]}
    for language in LANGUAGES:
        if said["lang"] == language or said["lang"] not in LANGUAGES:
            made[f"title_{language}"] = said["title"]
        bodies = [text for lang, text in texts.items() if text and (lang == language or lang not in LANGUAGES)]
        if bodies:
            made[f"body_{language}"] = bodies
    kept = {name: value for name, value in made.items() if value not in (None, "", [])}
    kept["checksum"] = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:32]
    return kept
