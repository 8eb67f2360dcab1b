"""What is missing or in the way is said in one line that names the remedy, before anything is installed or started."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import running


@pytest.fixture
def tools(tmp_path: Path) -> Callable[..., str]:
    """Make a PATH that has only the programmes named: `tools("java", "mvn")`, or a script in place of one: `tools(java="…")`."""

    def make(*names: str, **scripts: str) -> str:
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in names:
            found = shutil.which(name)
            if found is None:
                pytest.skip(f"{name} is not on this machine")
            (folder / name).symlink_to(found)
        for name, text in scripts.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        return str(folder)

    return make


def one_line(done: Any) -> str:
    """Return the last line of a command that failed with a message; fail when it is a traceback or more than one line."""
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    *before, last = done.stdout.strip().splitlines()
    assert all(line == "" or line.startswith("Participation:") for line in before), done.stdout
    return last


def test_missing_java_is_named_with_the_command_that_installs_it(stack: Any, tools: Any) -> None:
    said = one_line(stack("up", PATH=tools("mvn")))
    assert "java" in said
    assert "apt-get install -y openjdk-17-jdk-headless" in said


def test_java_without_its_compiler_is_named_too(stack: Any, tools: Any) -> None:
    said = one_line(stack("up", PATH=tools("java", "mvn")))
    assert "javac" in said
    assert "openjdk-17-jdk-headless" in said


def test_missing_maven_is_named_with_the_command_that_installs_it(stack: Any, tools: Any) -> None:
    said = one_line(stack("up", PATH=tools("java", "javac")))
    assert "apt-get install -y maven" in said


def test_an_old_java_is_named_with_its_version(stack: Any, tools: Any) -> None:
    old = "#!/bin/sh\necho 'openjdk version \"11.0.22\" 2024-01-16' >&2\n"
    said = one_line(stack("up", PATH=tools("javac", "mvn", java=old)))
    assert "Java 11 is too old" in said
    assert "17" in said


def test_an_old_python_is_named_with_its_version(tmp_path: Path) -> None:
    old = next((path for version in ("3.10", "3.9", "3.8")
                for path in [shutil.which(f"python{version}"), *map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))]
                if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0), None)
    if old is None:
        pytest.skip("no Python older than 3.11 on this machine")
    done = running.run_stack("up", python=old, seconds=60, PARTICIPATION_HOME=str(tmp_path / "home"), PORT=str(running.free_port()))
    said = one_line(done)
    assert "Python 3.11 or newer is needed" in said
    assert "apt-get install" in said


def test_a_port_in_use_is_said_with_another_to_take(stack: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = one_line(stack("up", PORT=str(port)))
    assert f"port {port} is in use" in said
    assert f"PORT={port + 1} make up" in said


@pytest.mark.parametrize("port", ["abc", "5000.5"])
def test_a_port_that_is_no_number_is_said(stack: Any, port: str) -> None:
    assert "PORT must be a number" in one_line(stack("status", PORT=port))


def test_status_of_a_home_in_which_nothing_runs_says_how_to_start(stack: Any) -> None:
    done = stack("status")
    assert done.returncode == 1
    assert "make up" in done.stdout


def test_down_where_nothing_runs_is_harmless(stack: Any) -> None:
    done = stack("down")
    assert done.returncode == 0
    assert "Traceback" not in done.stdout


def test_clean_removes_the_home_and_nothing_beside_it(stack: Any, tmp_path: Path) -> None:
    (tmp_path / "beside").write_text("kept")
    assert stack("down").returncode == 0
    assert (tmp_path / "home").exists()
    assert stack("clean").returncode == 0
    assert not (tmp_path / "home").exists()
    assert (tmp_path / "beside").read_text() == "kept"


def test_a_tested_checkout_without_a_browser_says_the_line_to_run() -> None:
    """As somebody who is not root, with no Chromium on the PATH."""
    script = ("import sys; sys.path.insert(0, 'config/stack'); import os; os.geteuid = lambda: 1000\n"
              "import testing\nfrom errors import StackError\n"
              "try: testing.ensure_browser()\nexcept StackError as error: print(error)")
    done = subprocess.run([sys.executable, "-c", script], cwd=running.CHECKOUT, capture_output=True, text=True, check=False,
                          env={"PATH": "/nowhere", "HOME": os.environ.get("HOME", "/")})
    assert "sudo apt-get install chromium" in done.stdout
    assert "BROWSER=none make test" in done.stdout


def test_make_help_names_every_command() -> None:
    done = subprocess.run(["make", "help"], cwd=running.CHECKOUT, capture_output=True, text=True, check=True)
    for name in ("up", "down", "status", "logs", "clean", "test", "check", "test-full", "lint"):
        assert f"\n{name} " in f"\n{done.stdout}"
