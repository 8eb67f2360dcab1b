"""What is true of a harvest run: what may be removed, which files are the same, what a refusal costs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ckanext.participation.harvesting import sentences

_NEEDED = frozenset({"title", "title_translated", "name", "owner_org", "type"})


def may_remove(gone: int, before: int, percent: int) -> bool:
    """Whether so many datasets may vanish in one run without a person: a share of the source, never all of several.

    A single one may, unless none may: it is more than a fifth of every small source.
    """
    if gone == before and before > 1 and percent < 100:
        return False
    return gone * 100 <= before * percent or (gone == 1 and percent > 0)


def keep_file_ids(existing: Sequence[Mapping[str, Any]], incoming: list[dict[str, Any]]) -> None:
    """Give incoming files the ids of the same files here: by id, then URI, then address and name, then address alone.

    A file keeps its page, its threads and its links when only its description changed.
    """
    left = {row["id"]: row for row in existing}
    for row in incoming:
        if row.get("id") in left:
            del left[row["id"]]
    keys = (
        lambda row: row.get("uri"),
        lambda row: (row.get("url"), row.get("name")) if row.get("url") else None,
        lambda row: row.get("url"),
    )
    known = {row["id"] for row in existing}
    for key in keys:
        for row in incoming:
            if row.get("id") in known or not key(row):
                continue
            same = next((there for there in left.values() if key(there) == key(row)), None)
            if same is not None:
                row["id"] = same["id"]
                del left[same["id"]]


def without_refused(dataset: dict[str, Any], errors: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The dataset without the values that validation refused, and a sentence for each; no sentence when one was needed."""
    kept = dict(dataset)
    notes: list[str] = []
    for name, said in errors.items():
        if name in _NEEDED or name not in kept:
            continue
        if isinstance(kept[name], list) and isinstance(said, list) and any(isinstance(row, Mapping) for row in said):
            kept[name] = _rows_without(name, kept[name], said, notes)
        else:
            notes.append(sentences.LEFT_OUT(field=name, said=sentence(said)))
            del kept[name]
    return kept, notes


def _rows_without(name: str, rows: list[Any], said: list[Any], notes: list[str]) -> list[Any]:
    result = []
    for index, row in enumerate(rows):
        wrong = said[index] if index < len(said) and isinstance(said[index], Mapping) else {}
        for key, reason in wrong.items():
            notes.append(sentences.ROW_LEFT_OUT(field=name, row=index + 1, column=key, said=sentence(reason)))
        left = {key: value for key, value in row.items() if key not in wrong}
        # A tag or an extra without its name is nothing.
        if left and not (name in {"tags", "extras"} and wrong):
            result.append(left)
    return result


def flaws_of(sample: Mapping[str, Any] | None) -> dict[str, int]:
    """Count in a preview's sample what an agency would mend at its source, before it is added.

    :returns: `records`, `readable`, `with_notes`, `unlicensed` (no licence that is known), `one_language`, `without_description`,
        `without_files`, all of readable records but the first
    """
    rows = list(sample["records"]) if sample else []
    good = [row["dataset"] for row in rows if not row["problem"]]
    return {
        "records": len(rows), "readable": len(good), "with_notes": sum(bool(row["notes"]) for row in rows if not row["problem"]),
        "unlicensed": sum(dataset.get("license_id") in (None, "", "notspecified") for dataset in good),
        "one_language": sum(len(dataset.get("title_translated") or {}) < 2 for dataset in good),
        "without_description": sum(not dataset.get("notes_translated") for dataset in good),
        "without_files": sum(not dataset.get("resources") for dataset in good)}


def sentence(said: Any) -> str:
    """What validation said, as one line for a person."""
    if isinstance(said, Mapping):
        return "; ".join(f"{key}: {sentence(value)}" for key, value in said.items() if value)
    if isinstance(said, (list, tuple)):
        return " ".join(part for value in said if (part := sentence(value)))
    return str(said)
