"""`ckan participation licences report` and `normalise`, on a real database."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db")]


def run(cli: Any, *words: str) -> Any:
    from ckan.cli.cli import ckan

    return cli.invoke(ckan, ["participation", "licences", *words])


def made(**fields: Any) -> dict[str, Any]:
    """A dataset as an older site has it: written past the checks of the form."""
    from ckan import model
    from ckan.tests import factories

    extras = fields.pop("extras", {})
    licence = fields.pop("license_id", None)
    dataset: dict[str, Any] = factories.Dataset(**fields)
    package = model.Package.get(dataset["id"])
    assert package is not None
    package.license_id = licence
    package.extras.update(extras)
    model.repo.commit()
    return dataset


def licence_of(dataset: dict[str, Any]) -> str | None:
    from ckan import model

    model.Session.expire_all()
    package = model.Package.get(dataset["id"])
    return package.license_id if package else None


def test_the_report_counts_what_is_not_recognised_and_what_contradicts_itself(cli: Any) -> None:
    for _ in range(2):
        made(license_id="county-terms")
    made(license_id="", extras={"licence_as_published": "CC BY 3.0 · CC BY 4.0"})
    made(license_id="CC-BY-4.0")
    made(license_id="")
    result = run(cli, "report", "--csv")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.output)))
    assert [(row["count"], row["level"], row["statement"], row["confidence"], row["candidates"]) for row in rows] == [
        ("2", "dataset", "county-terms", "unknown", ""),
        ("1", "dataset", "CC BY 3.0 · CC BY 4.0", "ambiguous", "CC-BY-3.0 CC-BY-4.0"),
    ]
    table = run(cli, "report").output
    assert "county-terms" in table
    assert table.splitlines()[0].split() == ["count", "level", "confidence", "statement", "candidates", "why", "examples"]


def test_the_report_names_files_whose_licence_is_not_recognised(cli: Any) -> None:
    from ckan.tests import factories

    dataset = made(license_id="CC-BY-4.0")
    factories.Resource(package_id=dataset["id"], license="The county’s usual terms")
    (row,) = csv.DictReader(io.StringIO(run(cli, "report", "--csv").output))
    assert (row["level"], row["statement"], row["examples"]) == ("file", "The county’s usual terms", dataset["name"])


def test_a_report_of_nothing_says_so(cli: Any) -> None:
    made(license_id="CC-BY-4.0")
    assert run(cli, "report").output == "Every licence that a dataset or a file states is recognised.\n"


def test_a_dry_run_shows_what_would_change_and_changes_nothing(cli: Any) -> None:
    dataset = made(license_id="ca-ogl-lgo")
    result = run(cli, "normalise", "--dry-run")
    assert "ca-ogl-lgo  OGL-Canada-2.0  certain" in result.output
    assert result.output.endswith("1 dataset(s) would change.\n")
    assert licence_of(dataset) == "ca-ogl-lgo"


def test_normalising_gives_datasets_the_registers_id_and_a_second_run_finds_nothing(cli: Any) -> None:
    old = made(license_id="ca-ogl-lgo")
    said = made(license_id="notspecified", extras={"licence_as_published": "Published under CC BY 4.0"})
    unclear = made(license_id="county-terms")
    result = run(cli, "normalise", "--yes")
    assert result.exit_code == 0, result.output
    assert [licence_of(dataset) for dataset in (old, said, unclear)] == ["OGL-Canada-2.0", "CC-BY-4.0", "county-terms"]
    assert run(cli, "normalise", "--dry-run").output == "0 dataset(s) would change.\n"


def test_normalising_without_saying_how_is_refused(cli: Any) -> None:
    for words in ([], ["--yes", "--dry-run"]):
        result = run(cli, "normalise", *words)
        assert result.exit_code == 2
        assert "--dry-run" in result.output


def test_a_dataset_that_fails_its_checks_is_named_and_the_others_are_changed(cli: Any) -> None:
    from ckan import model
    from ckan.lib.search import rebuild

    broken, sound = made(license_id="ca-ogl-lgo"), made(license_id="ca-ogl-lgo")
    package = model.Package.get(broken["id"])
    assert package is not None
    package.name = "Not a name"
    model.repo.commit()
    # CKAN reads a dataset from its index.
    rebuild(broken["id"])
    result = run(cli, "normalise", "--yes")
    assert result.exit_code == 1, result.output
    assert broken["id"] in result.output
    assert "1 dataset(s) changed." in result.output
    assert (licence_of(broken), licence_of(sound)) == ("ca-ogl-lgo", "OGL-Canada-2.0")


def test_a_deleted_dataset_is_neither_reported_nor_changed(cli: Any) -> None:
    from ckan.tests.helpers import call_action

    gone = made(license_id="county-terms")
    call_action("package_delete", id=gone["id"])
    assert "county-terms" not in run(cli, "report").output
