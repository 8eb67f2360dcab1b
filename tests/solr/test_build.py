"""Building: pinned jars or none, one line when a tool is missing, nothing to do the second time."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from errors import StackError

import solr as stack_solr


@pytest.fixture
def copy(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the source with a finished build, whose jars are hard links."""
    source = tmp_path / "solr"
    source.mkdir()
    for name in ("pom.xml", "jars.sha256"):
        shutil.copy(stack_solr.SOURCE / name, source / name)
    shutil.copytree(stack_solr.SOURCE / "launcher", source / "launcher")
    shutil.copytree(built, source / "target", copy_function=os.link)
    monkeypatch.setattr(stack_solr, "SOURCE", source)
    return source


def without_tools(monkeypatch: pytest.MonkeyPatch, folder: Path, *kept: str) -> None:
    folder.mkdir()
    for name in kept:
        program = shutil.which(name)
        assert program
        (folder / name).symlink_to(program)
    monkeypatch.setenv("PATH", str(folder))


def test_a_second_build_does_nothing_and_needs_no_tools(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_tools(monkeypatch, tmp_path / "bin")
    said: list[str] = []
    stack_solr.build(copy / "target", said.append)
    assert said == []


@pytest.mark.parametrize(
    ("kept", "command"),
    [((), "openjdk"), (("java",), "openjdk"), (("java", "javac"), "apt-get install -y maven")],
)
def test_a_missing_tool_is_named_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: tuple[str, ...], command: str
) -> None:
    without_tools(monkeypatch, tmp_path / "bin", *kept)
    with pytest.raises(StackError, match=command) as raised:
        stack_solr.build(tmp_path / "target")
    assert "\n" not in str(raised.value)


def test_a_changed_jar_is_refused(copy: Path) -> None:
    jar = copy / "target" / "lib" / "slf4j-api.jar"
    jar = next((copy / "target" / "lib").glob("slf4j-api-*.jar"))
    jar.unlink()
    jar.write_bytes(b"not the one")
    with pytest.raises(StackError, match=f"different from the list: {jar.name}"):
        stack_solr._verify(copy / "target" / "lib")


def test_a_jar_that_is_not_listed_is_refused(copy: Path) -> None:
    (copy / "target" / "lib" / "extra-1.0.jar").write_bytes(b"")
    with pytest.raises(StackError, match=r"not in the list: extra-1\.0\.jar"):
        stack_solr._verify(copy / "target" / "lib")


def test_a_missing_jar_is_noticed(copy: Path) -> None:
    next((copy / "target" / "lib").glob("solr-core-*.jar")).unlink()
    with pytest.raises(StackError, match="missing: solr-core"):
        stack_solr._verify(copy / "target" / "lib")


def test_the_list_is_what_the_build_says_it_is(built: Path) -> None:
    assert (stack_solr.SOURCE / "jars.sha256").read_text() == stack_solr.checksums(built / "lib")


def test_a_launcher_that_does_not_compile_is_one_line(copy: Path) -> None:
    (copy / "launcher" / "SolrServer.java").write_text("class SolrServer {")
    with pytest.raises(StackError, match="does not compile") as raised:
        stack_solr._compile(copy / "target")
    assert "\n" not in str(raised.value)
