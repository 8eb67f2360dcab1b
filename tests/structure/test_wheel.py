"""The built wheel stands on its own: everything the plugins read is in it, and they load from it, not from this checkout."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "ckanext-participation"
INSIDE = "ckanext/participation/"
OURS = ("participation", "participation_licences", "participation_harvest", "participation_harvest_ckan",
        "participation_harvest_dcat", "participation_theme")
# An address of a place that packages come from, or an option that names one.
REGISTRY = re.compile(rb"--(?:extra-)?index-url|https?://[\w.-]*(?:py[p]i|python[h]osted|n[p]mjs|c[r]ates|repo\d?\.m[a]ven)[\w.-]*")

pytestmark = pytest.mark.slow

# Runs in the new environment: starts CKAN with the settings file named first and says what it found, as JSON on the last line.
LOAD = """
import json, sys
from pathlib import Path
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

app = make_app(CKANConfigLoader(sys.argv[1]).get_config())
with app._wsgi_app.test_request_context():
    import ckan.plugins as p
    import ckan.plugins.toolkit as tk
    from ckanext.participation.licences.register import bundled_register

    found = {
        "loaded": [name for name in sys.argv[2:] if p.plugin_loaded(name)],
        "files": sorted({module.__file__ for name, module in list(sys.modules.items())
                         if name.startswith("ckanext.participation") and getattr(module, "__file__", None)}),
        "licences": len(bundled_register()),
        "answer": tk.get_action("participation_licence_show")({}, {"id": "ca-ogl-lgo"})["id"],
    }
    if p.plugin_loaded("scheming_datasets"):
        found["fields"] = [row["field_name"] for row in tk.get_action("scheming_dataset_schema_show")({}, {"type": "dataset"})["dataset_fields"]]
        found["organization_fields"] = len(
            tk.get_action("scheming_organization_schema_show")({}, {"type": "organization"})["fields"])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Build sdist and wheel from a copy of what they are made of; give the folder that holds both."""
    place = tmp_path_factory.mktemp("built")
    source = place / "source"
    leave = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist")
    for name in ("ckanext-participation", "licences", "schemas"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=leave)
    done = subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place / "dist"),
                           str(source / "ckanext-participation")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    # The wheel must not lean on what it was built from.
    shutil.rmtree(source)
    yield place / "dist"
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [found] = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Python of a clean environment with the wheel in it; other packages come from this environment's folder.

    A folder added by a .pth file has its own .pth files ignored, among them the one of the editable install: the extension
    can be found in the wheel's copy only.
    """
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False)
    interpreter = place / "bin" / "python"
    done = subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(interpreter), "install",
                           "--no-deps", "--no-index", str(wheel)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [own] = place.glob("lib/python*/site-packages")
    [shared] = Path(sys.prefix).glob(f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages")
    (own / "other-packages.pth").write_text(f"{shared}\n", encoding="utf-8")
    yield interpreter
    shutil.rmtree(place)


def load(python: Path, folder: Path, *plugins: str) -> dict[str, Any]:
    """Start CKAN from the wheel with `plugins` (none: those of base.ini) on the tests' services."""
    settings = os.environ.get("CKAN_INI")
    if not settings:
        pytest.skip("needs the services of `make check`")
    ini = Path(settings)
    if plugins:
        ini = folder / "alone.ini"
        ini.write_text(f"[app:main]\nuse = config:{settings}\nckan.plugins = {' '.join(plugins)}\n", encoding="utf-8")
    script = folder / "load.py"
    script.write_text(LOAD, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run([str(python), str(script), str(ini), *OURS], capture_output=True, text=True, check=False, cwd=folder,
                          env=environment)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["files"]
    strangers = [file for file in found["files"] if not Path(file).is_relative_to(python.parents[1])]
    assert not strangers, f"not from the wheel: {strangers}"
    return found


@pytest.mark.parametrize("pattern", [
    r"config_declaration\.yaml",
    r"data/licences/OGL-Canada-2\.0\.yaml",
    r"data/schemas/(dataset|organization|presets)\.yaml",
    r"templates/.+\.html",
    r"theme/templates/.+\.html",
    r"theme/public/.+",
    r"assets/webassets\.yml",
    r"theme/assets/webassets\.yml",
    r"i18n/fr/LC_MESSAGES/ckanext-participation\.mo",
    r"migration/participation/alembic\.ini",
    r"migration/participation/versions/001_\w+\.py",
])
def test_the_wheel_carries(names: set[str], pattern: str) -> None:
    assert any(re.fullmatch(INSIDE + pattern, name) for name in names)


def test_the_wheel_carries_every_licence_and_schema(names: set[str]) -> None:
    for folder in ("licences", "schemas"):
        wanted = {f"{INSIDE}data/{folder}/{path.name}" for path in (ROOT / folder).glob("*.yaml")}
        assert wanted
        assert wanted <= names


def test_the_wheel_carries_every_file_of_the_package(names: set[str]) -> None:
    listed = subprocess.run(["git", "ls-files", "-z", "--", "ckanext-participation/ckanext"], cwd=ROOT, capture_output=True,
                            text=True, check=True).stdout.split("\0")
    wanted = {name.removeprefix("ckanext-participation/") for name in listed
              if name and (ROOT / name).is_file() and not (ROOT / name).is_symlink()}
    assert wanted
    assert not sorted(wanted - names)


def test_the_wheel_makes_nobody_owner_of_the_name_ckanext(names: set[str]) -> None:
    assert "ckanext/__init__.py" not in names


def test_neither_archive_holds_a_link(built: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert not [row.filename for row in archive.infolist() if stat.S_ISLNK(row.external_attr >> 16)]
    [source] = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        assert not [row.name for row in archive if row.issym() or row.islnk()]


def test_neither_archive_names_a_package_registry(built: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = {name: archive.read(name) for name in archive.namelist()}
    [source] = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        for row in archive:
            file = archive.extractfile(row)
            if file:
                texts[row.name] = file.read()
    assert not [name for name, text in texts.items() if REGISTRY.search(text)]


def test_the_wheel_declares_its_plugins(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt")]
        declared = configparser.ConfigParser(delimiters=["="])
        declared.read_string(archive.read(name).decode())
    assert set(declared["ckan.plugins"]) == set(OURS)


def test_all_plugins_load_from_the_wheel_in_a_clean_environment(python: Path, tmp_path: Path) -> None:
    found = load(python, tmp_path)
    assert set(found["loaded"]) == set(OURS)
    assert {"title_translated", "license_id"} <= set(found["fields"])
    assert found["organization_fields"]
    assert found["licences"] == len(list((ROOT / "licences").glob("*.yaml")))
    assert found["answer"] == "OGL-Canada-2.0"


def test_the_licence_plugin_loads_from_the_wheel_without_the_others(python: Path, tmp_path: Path) -> None:
    found = load(python, tmp_path, "participation_licences")
    assert found["loaded"] == ["participation_licences"]
    assert found["answer"] == "OGL-Canada-2.0"
