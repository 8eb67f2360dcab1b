"""The recordings are complete, small, and without people."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROLES = {"", "Data steward", "Manager"}
OFFICE = re.compile(
    r" data contact$|\b(Office|Team|Desk|Fleet|Support|Outreach|Treasury|Network|Relations|Department)\b"
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", re.IGNORECASE)
SIGNS_OF_A_PERSON = [
    r"orcid\.org",
    r"linkedin\.com/in/",
    r"webofscience\.com/wos/author",
    r"researchgate\.net/profile",
    r"twitter\.com/",
    r"\b(?:Dr|Prof|Professor|Mr|Mrs|Ms|Mme)\b\.? [A-Z][a-z]+",
    r"\b(?:[A-Z]\. ?){1,3}[A-Z][a-z]+,? (?:and|et) ",
    r"contact [A-Z]\w+(?: [A-Z]\.)? [A-Z]\w+(?:,| and) ",
    r"(?:\(\d{3}\) ?|\b\d{3}[-.])\d{3}[-.]\d{4}\b",
    r"\+44[ \d]{9,}",
]


def texts(demo: Path) -> dict[str, str]:
    found = {}
    for path in sorted((demo / "recordings").rglob("*")):
        if path.suffix == ".gz":
            found[path.name] = gzip.decompress(path.read_bytes()).decode("utf-8")
        elif path.suffix == ".json":
            found[path.name] = path.read_text("utf-8")
    return found


def csa(demo: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in texts(demo)["datasets.jsonl.gz"].splitlines()]


def test_the_recordings_fit_into_the_repository(demo: Path) -> None:
    assert sum(path.stat().st_size for path in (demo / "recordings").rglob("*") if path.is_file()) < 3_000_000


def test_compressed_files_carry_no_time_stamp(demo: Path) -> None:
    for path in (demo / "recordings").rglob("*.gz"):
        assert path.read_bytes()[4:8] == b"\0\0\0\0", path


def test_every_email_address_is_a_role_under_a_reserved_domain(demo: Path) -> None:
    addresses = {address.rstrip(".") for text in texts(demo).values() for address in EMAIL.findall(text)}
    assert addresses
    assert {
        address for address in addresses if not re.fullmatch(r"contact@[a-z]+\.example", address)
    } == set()


@pytest.mark.parametrize("sign", SIGNS_OF_A_PERSON)
def test_nothing_points_at_a_person(demo: Path, sign: str) -> None:
    for name, text in texts(demo).items():
        assert re.findall(sign, text) == [], name


def test_the_portals_stewards_and_accounts_are_roles(demo: Path) -> None:
    for dataset in csa(demo):
        assert {dataset["data_steward"], dataset["manager_or_supervisor"]} <= ROLES
        assert dataset["creator_user_id"] == "00000000-0000-4000-8000-000000000000"
        assert not dataset["author"]
        assert not dataset["maintainer"]


def test_the_inventorys_contacts_are_offices(demo: Path) -> None:
    names = {dataset["contactPoint"]["fn"] for dataset in json.loads(texts(demo)["data.json.gz"])["dataset"]}
    assert {name for name in names if not OFFICE.search(name)} <= {"Financial Crimes Enforcement Network"}


def test_the_catalogues_agents_are_organisations_or_numbered(demo: Path) -> None:
    text = "".join(text for name, text in texts(demo).items() if name.endswith(".ttl.gz"))
    agents = re.findall(
        r"<https://people\.example/contributor/\d+> a foaf:Agent ;\s+foaf:name \"([^\"]*)\"", text
    )
    assert len(agents) > 20
    assert all(re.fullmatch(r"Contributor \d+", agent) for agent in agents)


def test_both_languages_and_real_mistakes_are_kept(demo: Path) -> None:
    datasets = csa(demo)
    assert all(
        dataset["title_translated"]["fr"] and dataset["title_translated"]["en"] for dataset in datasets
    )
    assert any("<" in dataset["notes"] for dataset in datasets)
    formats = {resource["format"] for dataset in datasets for resource in dataset["resources"]}
    assert {"other", "PDF/A-1", "NetCDF"} <= formats
    assert sum(len(dataset["resources"]) for dataset in datasets) == 970


def test_every_recording_has_its_notice(demo: Path) -> None:
    notices = (demo / "NOTICES.md").read_text("utf-8")
    for folder in (demo / "recordings").iterdir():
        assert f"`recordings/{folder.name}`" in notices
    assert "permission notice shall be included" in (demo / "recordings/csa/LICENSE.txt").read_text("utf-8")
