"""Makes the recordings of the demonstration portals from the collected originals.

    python config/demo/record.py --from FOLDER [--to config/demo/recordings]

FOLDER holds the originals (``A/csa-open-canada``, ``B/us-agencies``, ``B/psdi``). The same originals always
give the same bytes. People are taken out: every e-mail address becomes a role address under the reserved
domain ``.example``, every personal name in a contact, steward, creator or citation becomes a role. Everything
else stays as published, mistakes included, because mistakes are what a harvester must be tried on.
``NOTICES.md`` says it for the reader.

Needs rdflib, which CKAN brings. The replay server itself does not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

from record_common import ORIGIN, dumps, refuse_people, without_emails, write
from record_rdf import record_psdi

Record = dict[str, Any]

# Canadian Space Agency: a CKAN portal

CSA_PEOPLE = {"data_steward": "Data steward", "manager_or_supervisor": "Manager"}
ACKNOWLEDGED = re.compile(r"\b(?:[A-Z]\.){2}\s?[A-Z][a-z]+")
NOBODY = "00000000-0000-4000-8000-000000000000"


def record_csa(originals: Path, target: Path) -> None:
    lines = (
        (originals / "A/csa-open-canada/ckan_metadata_dump_20220526.jsonl").read_text("utf-8").splitlines()
    )
    datasets = [json.loads(line) for line in lines]
    people = {dataset[field] for dataset in datasets for field in CSA_PEOPLE if dataset[field]}
    datasets = sorted(
        (_csa_dataset(dataset, people) for dataset in datasets), key=lambda dataset: dataset["name"]
    )
    text = "\n".join(dumps(dataset) for dataset in datasets) + "\n"
    refuse_people(text, people, "csa")
    write(target / "csa/datasets.jsonl.gz", text)
    write(target / "csa/portal.json.gz", dumps(_csa_portal(datasets)))


def _csa_dataset(dataset: Record, people: set[str]) -> Record:
    for field, role in CSA_PEOPLE.items():
        if dataset[field]:
            dataset[field] = role
    if dataset["data_owner_specify"] in people:
        dataset["data_owner_specify"] = "Data owner"
    dataset["creator_user_id"] = NOBODY
    text = ACKNOWLEDGED.sub("[…]", dumps(dataset)).replace("open-ouvert@tbs-sct.gc.ca", "contact@tbs.example")
    return json.loads(re.sub(r"[\w.+-]+@[\w.-]*\w\.ca\b", "contact@csa.example", text))


def _csa_portal(datasets: list[Record]) -> Record:
    """What the portal says of itself, rebuilt from its datasets, because only they were published."""
    organizations = {dataset["organization"]["id"]: dataset["organization"] for dataset in datasets}
    licences = {
        dataset["license_id"]: {
            "id": dataset["license_id"],
            "title": dataset["license_title"],
            "url": dataset["license_url"],
            "status": "active",
            "family": "",
            "maintainer": "",
            "is_generic": False,
            "od_conformance": "not reviewed",
            "osd_conformance": "not reviewed",
            "domain_content": False,
            "domain_data": True,
            "domain_software": False,
        }
        for dataset in datasets
    }
    status = {
        "ckan_version": "2.9.5",
        "site_title": "Canadian Space Agency | Agence spatiale canadienne",
        "site_description": "",
        "site_url": f"{ORIGIN}/csa",
        "error_emails_to": None,
        "locale_default": "en",
        "extensions": ["scheming_datasets", "scheming_organizations", "fluent"],
    }
    return {
        "status": status,
        "organizations": list(organizations.values()),
        "licenses": list(licences.values()),
    }


# Agencies of the United States: one merged data.json

US_AGENCIES = {"fcc": 59, "consumerfinance": 11, "gsa": 55, "treasury": 45}
OFFICE = re.compile(r"\b(Office|Team|Desk|Fleet|Support|Outreach|Treasury|Network|Relations|Department)\b")
CONTACT_IN_TEXT = re.compile(r"(?<=contact )(?:(?: and )?[A-Z]\w+(?: [A-Z]\.)? [A-Z]\w+){1,2}(?=, )")


def record_us(originals: Path, target: Path) -> None:
    datasets: list[Record] = []
    people: set[str] = set()
    for agency, wanted in US_AGENCIES.items():
        text = (originals / f"B/us-agencies/{agency}.data.json").read_text("utf-8-sig")
        inventory = json.loads(text)
        everything = inventory["dataset"]
        chosen = everything if wanted >= len(everything) else _spread(everything, wanted)
        datasets.extend(_us_dataset(dataset, agency, people) for dataset in chosen)
    catalogue = {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@id": f"{ORIGIN}/us/data.json",
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
        "dataset": datasets,
    }
    text = dumps(catalogue)
    refuse_people(text, people, "us")
    write(target / "us/data.json.gz", text)


def _spread(datasets: list[Record], wanted: int) -> list[Record]:
    """``wanted`` datasets with files, taken in turn from each publisher, licence, language, access level."""
    groups: dict[str, list[Record]] = {}
    for dataset in datasets:
        if dataset.get("distribution"):
            key = [
                dataset["publisher"]["name"],
                dataset.get("license"),
                dataset.get("language"),
                dataset["accessLevel"],
            ]
            groups.setdefault(dumps(key), []).append(dataset)
    in_turn = [dataset for row in zip_longest(*groups.values()) for dataset in row if dataset is not None]
    chosen = {dataset["identifier"] for dataset in in_turn[:wanted]}
    return [dataset for dataset in datasets if dataset["identifier"] in chosen]


def _us_dataset(dataset: Record, agency: str, people: set[str]) -> Record:
    contact = dataset["contactPoint"]
    if not OFFICE.search(contact["fn"]):
        if " " in contact["fn"]:
            people.add(contact["fn"])
        contact["fn"] = f"{dataset['publisher']['name']} data contact"
    return json.loads(without_emails(CONTACT_IN_TEXT.sub("the person in charge", dumps(dataset)), agency))


def main() -> None:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--from", dest="originals", type=Path, required=True, help="folder of the originals")
    parser.add_argument("--to", dest="target", type=Path, default=here / "recordings", help="folder to write")
    arguments = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # rdflib's serialisers walk through sets of strings, whose order follows the hash seed.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    for record in (record_csa, record_us, record_psdi):
        record(arguments.originals, arguments.target)
    shutil.copyfile(
        arguments.originals / "A/csa-open-canada/LICENSE.txt", arguments.target / "csa/LICENSE.txt"
    )


if __name__ == "__main__":
    main()
