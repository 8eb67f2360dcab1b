"""What the documents name is there: files, commands, options, targets, actions."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml
from structure.permissions import PERMISSIONS

from ckanext.participation import assemble

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "ckanext-participation"
PACKAGE = PROJECT / "ckanext" / "participation"
DOCS = sorted([*ROOT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), ROOT / "docker" / "README.md"])
# Places that a document may count from.
BASES = (ROOT, PROJECT, PACKAGE, PROJECT / "ckanext", PACKAGE / "common", ROOT / "config" / "stack", PACKAGE / "threads")
# Made while running, or in another place than the checkout.
ELSEWHERE = re.compile(r"^(/|var/|log/|run/|mail/|storage/|cache/|postgres/|redis/|search/|solr/target|\.venv|\.env$)|[*<>{}…]|[A-Z]{3,}[._]")

pytestmark = pytest.mark.parametrize("doc", DOCS, ids=lambda path: str(path.relative_to(ROOT)))


def _quoted(doc: Path) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", doc.read_text(encoding="utf-8")))


def test_the_files_that_a_document_names_exist(doc: Path) -> None:
    links = {link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", doc.read_text(encoding="utf-8"))
             if "://" not in link and not link.startswith("#")}
    named = {word for word in _quoted(doc) if re.fullmatch(r"(?:\.\./)*[\w.-]+(?:/[\w.-]+)+/?", word)
             and not ELSEWHERE.search(word) and re.search(r"\.(?:py|md|yaml|ini|in|txt|conf|sh|xml|sha256)$|/$", word)}
    missing = [word for word in links | named
               if not any((base / word).exists() for base in (doc.parent, *BASES))]
    assert not missing


def test_the_commands_that_a_document_names_exist(doc: Path) -> None:
    assemble.assemble(["common", "licences", "harvesting", "licensing", "quality"])
    for line in re.findall(r"ckan(?: -c \S+)? participation ([a-z][a-z ]+)", doc.read_text(encoding="utf-8")):
        at: click.Command = assemble.command_group
        for word in line.split():
            if not isinstance(at, click.Group):
                break
            assert word in at.commands, line
            at = at.commands[word]


def test_the_options_that_a_document_names_are_declared(doc: Path) -> None:
    groups = yaml.safe_load((PACKAGE / "config_declaration.yaml").read_text(encoding="utf-8"))["groups"]
    declared = {option["key"] for group in groups for option in group["options"]}
    named = set(re.findall(r"\b(participation\.(?:text|limits|visibility|fetch|outbox|harvest|search|security|pages|offering|threads|links)\.\w+)",
                           doc.read_text(encoding="utf-8")))
    assert named <= declared


def test_the_targets_of_make_that_a_document_names_exist(doc: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^    (?:\w+=\S+ )*)make ([a-z][a-z0-9-]+)", doc.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


def test_the_actions_that_a_document_names_exist(doc: Path) -> None:
    named = set(re.findall(r"action/(participation_\w+)|name=(participation_\w+)", doc.read_text(encoding="utf-8")))
    assert {name for pair in named for name in pair if name} <= set(PERMISSIONS)
