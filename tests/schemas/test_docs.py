"""The table of fields in the documentation says what the schemas say."""

from __future__ import annotations

from pathlib import Path

from ckanext.participation.metadata import fields

PAGE = Path(__file__).resolve().parents[2] / "ckanext-participation" / "docs" / "metadata.md"


def table(title: str) -> list[tuple[str, str, str]]:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| `")]
    return [(row[0].strip("`"), row[1], row[2]) for row in rows]


def schema(kind: str) -> list[tuple[str, str, str]]:
    rows = []
    for name, field in fields.definitions(kind).items():
        rows.append((name, field["label"]["en"], field["label"]["fr"]))
        rows += [
            (f"{name}.{child['field_name']}", child["label"]["en"], child["label"]["fr"])
            for child in field.get("repeating_subfields", [])
        ]
    return rows


def test_the_documented_fields_are_the_fields_in_their_order() -> None:
    for title, kind in (("Dataset", "dataset"), ("File (resource)", "resource"), ("Organisation", "organization")):
        assert table(title) == schema(kind)
