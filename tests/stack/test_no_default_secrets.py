"""Nothing that ships has a secret in it: what runs with our files runs with secrets made for it."""

from __future__ import annotations

import re
import subprocess

import pytest
from running import CHECKOUT

SECRET_NAME = r"[\w.-]*(?:password|passwd|secret|token_key|csrf_key|secret_key|requirepass|api_key)[\w.-]*"
ASSIGNMENT = re.compile(rf"""^\s*-?\s*["']?({SECRET_NAME})["']?\s*[:=]\s*["']?([^\s"'#,)]+)""", re.IGNORECASE)
WITHIN_URL = re.compile(r"\w+://[\w.-]*:([^@\s/${<]+)@")
# A reference to a variable, something that a person must fill in, a function that makes one, or an option's own name.
REFERENCE = re.compile(r"^(\$|%|<|…|string:(…|$)|\{|home\.|secrets\.|environment|kept|self\.|form|f?[\"']|True|False|None|str\b|dict|list|/run/secrets)")


def shipped() -> list[str]:
    """Return the settings, scripts and container files of the product (not the programme that makes secrets, nor recorded data)."""
    words = ["git", "ls-files", "-co", "--exclude-standard", "config", "docker", "solr"]
    names = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted({name for name in names if not name.endswith((".py", ".gz", ".jar", ".md")) and (CHECKOUT / name).is_file()})


def test_there_are_files_to_look_at() -> None:
    assert {"config/base.ini", "config/production.ini", "config/demo.ini"} <= set(shipped())


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_file_holds_no_secret(name: str) -> None:
    for line in (CHECKOUT / name).read_text(errors="replace").splitlines():
        found = ASSIGNMENT.match(line)
        assert not found or REFERENCE.match(found[2]), line
        inside = WITHIN_URL.search(line)
        assert not inside or REFERENCE.match(inside[1]), line


@pytest.mark.parametrize("line", ["SECRET_KEY = CHANGE_ME", "POSTGRES_PASSWORD: ckan", "  - REDIS_PASSWORD=hunter2", "requirepass: foobared"])
def test_this_search_would_find_one(line: str) -> None:
    found = ASSIGNMENT.match(line)
    assert found
    assert not REFERENCE.match(found[2])


def test_this_search_would_find_one_in_an_address() -> None:
    inside = WITHIN_URL.search("DATABASE_URL=postgresql://ckan:ckan@db/ckan")
    assert inside
    assert not REFERENCE.match(inside[1])
