"""Promises that hold for every room, kept here instead of by reviewers."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import yaml
from structure.permissions import PERMISSIONS

from ckanext.participation import assemble, config, plugin

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "ckanext-participation" / "ckanext" / "participation"
TEMPLATES = sorted(PACKAGE.rglob("*.html"))
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migration" not in path.parts)
PLUGINS = (plugin.ParticipationPlugin, plugin.ParticipationLicencesPlugin, plugin.ParticipationHarvestPlugin,
           plugin.ParticipationThemePlugin)
HOUSES = {row.__name__: assemble.assemble(row.rooms) for row in PLUGINS}
OURS = {name: action for house in HOUSES.values() for name, action in house.actions.items() if name.startswith("participation_")}
ROOM_FILES = {"model", "schema", "validators", "auth", "rules", "action", "views", "helpers", "jobs", "cli", "mails", "registry"}


def test_every_action_has_an_auth_function_and_a_permission_row() -> None:
    auth = {name for house in HOUSES.values() for name in house.auth}
    assert set(OURS) - auth == set()
    assert set(OURS) == set(PERMISSIONS)


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_action_says_what_it_does_takes_and_returns(name: str) -> None:
    doc = inspect.getdoc(OURS[name]) or ""
    assert len(doc.splitlines()[0]) > 20
    assert ":returns:" in doc
    taken = set(re.findall(r'(?:data_dict(?:\.get\(|\[)|data, )"(\w+)"', inspect.getsource(OURS[name])))
    described = set(re.findall(r":param (?:\w+ )?(\w+):", doc))
    assert taken - described - {"subject_type"} == set(), "fields that the action reads and its help does not name"


def test_no_two_plugins_offer_the_same_action() -> None:
    names = [name for house in HOUSES.values() for name in house.actions]
    assert len(names) == len(set(names))


def test_the_options_that_are_read_are_those_that_are_declared() -> None:
    declared = {option["key"] for group in yaml.safe_load((PACKAGE / "config_declaration.yaml").read_text())["groups"]
                for option in group["options"]}
    read = set(re.findall(r'"(participation\.[\w.]+)"', inspect.getsource(config)))
    assert read == declared


def test_only_the_typed_readers_read_our_options() -> None:
    strangers = [path for path in MODULES if path.name != "config.py" and re.search(r'config(?:\.get\(|\[)"participation\.', path.read_text())]
    assert strangers == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_post_form_carries_a_token(path: Path) -> None:
    for form in re.findall(r"<form\b.*?</form>", path.read_text(), re.DOTALL | re.IGNORECASE):
        if re.search(r"method\s*=\s*[\"']post", form, re.IGNORECASE):
            assert "csrf_input" in form or "csrf_token" in form


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_template_has_scripts_or_styles_of_its_own(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    # A block of JSON-LD is data, which no browser runs and no Content-Security-Policy stops.
    assert not re.search(r'<script(?! type="application/ld\+json">)(?![^>]*\bsrc=)', text)
    assert not re.search(r"\son(click|load|error|change|submit)\s*=", text)
    assert not re.search(r'\sstyle\s*=\s*"', text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_stays_readable_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 500
    assert ast.get_docstring(ast.parse(text)), "a module's docstring says what the reader needs first"


@pytest.mark.parametrize("room", [row for plugin_ in PLUGINS for row in plugin_.rooms])
def test_a_room_says_what_it_promises(room: str) -> None:
    assert "promise" in (importlib.import_module(f"ckanext.participation.{room}").__doc__ or "").lower()


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "rules.py"], ids=lambda path: path.parent.name)
def test_rules_import_neither_ckan_nor_tables(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module)
    assert [name for name in imported if name.split(".")[0] in {"ckan", "sqlalchemy", "flask"} or name.endswith(".model")] == []


def test_a_clash_and_an_unprefixed_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.participation.threads.action import conversations as action

    monkeypatch.setattr(action, "__all__", ["Thread"])
    with pytest.raises(assemble.AssemblyError, match="prefix"):
        assemble.assemble(["threads"])
    monkeypatch.setattr(action, "__all__", ["participation_nothing"])
    with pytest.raises(assemble.AssemblyError, match="does not have"):
        assemble.assemble(["threads"])
    monkeypatch.undo()
    with pytest.raises(assemble.AssemblyError, match="another room"):
        assemble.assemble(["threads", "threads"])


def test_an_action_without_auth_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from ckanext.participation.threads.auth import conversations as auth

    monkeypatch.setattr(auth, "__all__", [])
    with pytest.raises(assemble.AssemblyError, match="without an auth function"):
        assemble.assemble(["threads"])


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize("name", sorted(OURS))
@pytest.mark.parametrize("value", [None, [], {}, "x\x00", "\ud800", -1, 2**70, True, 1.5, "a" * 100_000, ["a", {"b": []}], {"a": {"b": 1}}],
                         ids=lambda value: repr(value)[:20])
def test_bad_input_to_any_action_is_a_named_error(name: str, value: Any, clean_db: None) -> None:
    fields = set(re.findall(r":param (?:\w+ )?(\w+):", inspect.getdoc(OURS[name]) or "")) | {"id", "limit"}
    for field in sorted(fields):
        try:
            tk.get_action(name)({"user": "", "ignore_auth": False}, {field: value})
        except (tk.ValidationError, tk.NotAuthorized, tk.ObjectNotFound):
            continue
