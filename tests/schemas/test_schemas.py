"""The schema files: they load, speak both languages, and keep to the field names that DCAT profiles read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
PACKAGED = ROOT / "ckanext-participation" / "ckanext" / "participation" / "data" / "schemas"
SNIPPETS = ROOT / "ckanext-participation" / "ckanext" / "participation" / "templates" / "scheming"

OURS = {
    "title_translated", "notes_translated", "tags_translated", "name_translated", "description_translated",
    "distribution_category", "quality", "quality_notes_translated", "heading", "known_translated",
    "missing_translated", "planned_translated", "author", "author_email", "maintainer", "maintainer_email",
    "remote_identifiers", "image_url",
}


def load(name: str) -> dict[str, Any]:
    return yaml.safe_load((SCHEMAS / name).read_text(encoding="utf-8"))


def every_field(name: str) -> Iterator[dict[str, Any]]:
    schema = load(name)
    for group in ("dataset_fields", "resource_fields", "fields"):
        for field in schema.get(group, []):
            yield field
            yield from field.get("repeating_subfields", [])


def texts(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every label, help, title and description that a person reads, with the place it is at."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"label", "help_text", "title", "description", "repeating_label"}:
                yield f"{path}.{key}", value
            else:
                yield from texts(value, f"{path}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from texts(value, f"{path}[{index}]")


FIELD_FILES = ("dataset.yaml", "organization.yaml")


@pytest.fixture(scope="module")
def presets() -> dict[str, Any]:
    import ckanext.scheming

    own = {preset["preset_name"]: preset["values"] for preset in load("presets.yaml")["presets"]}
    stock = yaml.safe_load((Path(ckanext.scheming.__file__).parent / "presets.json").read_text(encoding="utf-8"))
    return {**{preset["preset_name"]: preset["values"] for preset in stock["presets"]}, **own}


def test_the_package_reaches_the_one_copy_of_the_schemas() -> None:
    assert {path.name for path in PACKAGED.glob("*.yaml")} == {"dataset.yaml", "organization.yaml", "presets.yaml"}
    assert PACKAGED.resolve() == SCHEMAS


def test_the_schemas_load_as_the_form_plugin_loads_them() -> None:
    from ckanext.scheming import plugins

    schemas = plugins._load_schemas(["ckanext.participation:data/schemas/dataset.yaml"], "dataset_type")
    assert set(schemas) == {"dataset"}
    organizations = plugins._load_schemas(["ckanext.participation:data/schemas/organization.yaml"], "organization_type")
    assert set(organizations) == {"organization"}


@pytest.mark.parametrize("name", FIELD_FILES)
def test_every_text_is_in_french_and_in_english(name: str) -> None:
    poor = [
        place
        for place, value in texts(load(name))
        if not (isinstance(value, dict) and set(value) == {"en", "fr"} and all(str(v).strip() for v in value.values()))
    ]
    assert poor == []


@pytest.mark.parametrize("name", FIELD_FILES)
def test_every_field_has_a_label(name: str) -> None:
    assert [field["field_name"] for field in every_field(name) if "label" not in field] == []


@pytest.mark.parametrize("name", FIELD_FILES)
def test_french_text_uses_the_typographic_apostrophe_and_guillemets(name: str) -> None:
    poor = [value["fr"] for _, value in texts(load(name)) if "'" in value["fr"] or '"' in value["fr"]]
    assert poor == []


@pytest.mark.parametrize("name", FIELD_FILES)
def test_every_preset_exists(name: str, presets: dict[str, Any]) -> None:
    assert {field["preset"] for field in every_field(name) if "preset" in field} <= set(presets)


@pytest.mark.parametrize("name", FIELD_FILES)
def test_every_snippet_of_ours_exists(name: str, presets: dict[str, Any]) -> None:
    absent = []
    for field in every_field(name):
        full = {**presets.get(field.get("preset"), {}), **field}
        for kind in ("form_snippet", "display_snippet"):
            snippet = full.get(kind) or ""
            if snippet.startswith("participation_") and not (SNIPPETS / f"{kind}s" / snippet).is_file():
                absent.append(f"{kind}s/{snippet}")
    assert sorted(set(absent)) == []


@pytest.mark.parametrize("name", FIELD_FILES)
def test_every_field_checks_its_value_with_a_validator_of_ours(name: str, presets: dict[str, Any]) -> None:
    unchecked = []
    for field in every_field(name):
        full = {**presets.get(field.get("preset"), {}), **field}
        if "repeating_subfields" not in full and not full.get("validators", "").startswith("participation_"):
            unchecked.append(field["field_name"])
    assert unchecked == []


@pytest.mark.parametrize("name", FIELD_FILES)
def test_a_choice_is_meant_by_one_name_only(name: str) -> None:
    from ckanext.participation.metadata.rules import _names_of

    for field in every_field(name):
        seen: set[str] = set()
        for entry in field.get("choices", []):
            names = _names_of(entry)
            assert not names & seen, (field["field_name"], names & seen)
            seen |= names


def dcat_names() -> set[str]:
    import ckanext.dcat

    names: set[str] = set()

    def collect(fields: list[dict[str, Any]]) -> None:
        for field in fields:
            names.add(field["field_name"])
            collect(field.get("repeating_subfields", []))

    for name in ("dcat_ap_full.yaml", "dcat_us_full.yaml", "publisher_organization.yaml"):
        schema = yaml.safe_load((Path(ckanext.dcat.__file__).parent / "schemas" / name).read_text(encoding="utf-8"))
        for group in ("dataset_fields", "resource_fields", "fields"):
            collect(schema.get(group, []))
    return names


def test_every_field_name_is_one_that_dcat_profiles_read_or_is_declared_ours() -> None:
    used = {field["field_name"] for name in FIELD_FILES for field in every_field(name)}
    assert used - dcat_names() - {"description"} == OURS


def test_the_first_page_of_the_form_holds_what_is_asked_in_both_languages() -> None:
    fields = load("dataset.yaml")["dataset_fields"]
    second_page = [index for index, field in enumerate(fields) if "start_form_page" in field][1]
    later = [
        field["field_name"] for field in fields[second_page:] if field.get("required") or field.get("form_required")
    ]
    assert later == [], "a dataset is created by the first page, so nothing later may be required"


def test_the_regulation_has_fifteen_categories() -> None:
    category = next(f for f in every_field("dataset.yaml") if f["field_name"] == "distribution_category")
    assert [choice["value"] for choice in category["choices"]] == [str(number) for number in range(1, 16)]
