"""Uploaded pictures on the disk: whole or not there, and removed when nobody posted them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from pictures import encoded, halves

from ckanext.participation.common import images
from ckanext.participation.common.model import Attachment, Event, now

pytestmark = pytest.mark.usefixtures("with_request_context")

@pytest.fixture
def storage(tmp_path: Path, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    return tmp_path / "participation" / "images"


def test_what_is_stored_is_what_was_made_and_nothing_else_lies_there(storage: Path) -> None:
    picture = images.read(encoded(halves(), "PNG"))
    identifier = images.store(picture)
    assert images.path(identifier).read_bytes() == picture.full
    assert images.path(identifier, thumb=True).read_bytes() == picture.thumb
    assert sorted(file.name for file in storage.rglob("*") if file.is_file()) == sorted([f"{identifier}.webp", f"{identifier}.thumb.webp"])
    assert images.path(identifier).parent == storage / identifier[:2]
    images.remove(identifier)
    assert [file for file in storage.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 31, "A" * 32, "", "..", "a" * 32 + "/..", "a" * 32 + "\n", "\x00" * 32, "%2e" * 11])
def test_no_other_file_can_be_asked_for(storage: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not the id"):
        images.path(name)
    assert not images.is_id(name)


def in_another_process(code: str, *wrapper: str) -> str:
    """Run `code` with CKAN's settings pointing to a folder; a process of its own, because a limit can't be taken back."""
    start = ("import sys; from pathlib import Path; from ckan.common import config; from ckanext.participation.common import images\n"
             "place = Path(sys.argv[1]); config['ckan.storage_path'] = str(place)\n"
             "def files(): return [file.name for file in place.rglob('*') if file.is_file()]\n")
    done = subprocess.run([*wrapper, sys.executable, "-c", start + code, *([] if wrapper else [os.environ["PLACE"]])],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


FULL = """
try:
    images.store(images.Picture(10, 10, b'x' * {full}, b'y' * {thumb}))
except images.NoRoom as error:
    print('no room', error.errno, files())
"""


@pytest.mark.parametrize(("full", "thumb"), [(200_000, 10), (10, 200_000)], ids=["the picture", "the thumbnail"])
def test_a_quota_that_is_reached_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: int, thumb: int) -> None:
    monkeypatch.setenv("PLACE", str(tmp_path))
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    assert in_another_process(limit + FULL.format(full=full, thumb=thumb)) == "no room 27 []\n"


def may_mount() -> bool:
    return bool(shutil.which("unshare")) and os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="mounting a small disk needs root")
@pytest.mark.parametrize(("full", "thumb"), [(200_000, 10), (10, 200_000)], ids=["the picture", "the thumbnail"])
def test_a_full_disk_leaves_no_half_file(tmp_path: Path, full: int, thumb: int) -> None:
    wrapper = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=64k tmpfs {tmp_path} && exec "$@" {tmp_path}', "sh"]
    assert in_another_process(FULL.format(full=full, thumb=thumb), *wrapper) == "no room 28 []\n"


def test_without_a_folder_for_uploads_that_is_said(ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", "")
    with pytest.raises(images.NoStorage):
        images.folder()


@pytest.fixture
def kept(storage: Path, clean_db: None) -> Any:
    """Store a picture with its row: `kept(hours=30)` of that age, `kept(row=False)` without one."""
    picture = images.read(encoded(halves(), "PNG"))

    def make(hours: float = 0, *, row: bool = True, thread_id: int | None = None) -> str:
        identifier = images.store(picture)
        if row:
            model.Session.add(Attachment(id=identifier, person_id=1, thread_id=thread_id, seq=1 if thread_id else None, width=1, height=1, bytes=1,
                                         media_type=images.MEDIA_TYPE, created=now() - timedelta(hours=hours)))
            model.Session.commit()
        for file in (images.path(identifier), images.path(identifier, thumb=True)):
            os.utime(file, (time.time() - hours * 3600,) * 2)
        return identifier

    return make


def test_the_sweep_removes_what_was_not_posted_within_a_day(kept: Any) -> None:
    old, young, posted = kept(hours=25), kept(hours=23), kept(hours=99, thread_id=5)
    assert images.sweep()["loose"] == 1
    assert [images.path(one).exists() for one in (old, young, posted)] == [False, True, True]
    assert set(model.Session.scalars(sa.select(Attachment.id))) == {young, posted}
    assert [(event.type, event.data) for event in model.Session.scalars(sa.select(Event))] == [("attachment.swept", {"count": 1})]
    assert images.sweep()["loose"] == 0
    assert model.Session.scalar(sa.select(sa.func.count()).select_from(Event)) == 1


def test_files_that_a_kill_left_are_removed_after_a_day(kept: Any) -> None:
    stray, fresh, known = kept(hours=30, row=False), kept(hours=1, row=False), kept(hours=30, thread_id=5)
    for one in (stray, fresh, known):
        images._leftovers(one[:2])
    assert [images.path(one).exists() for one in (stray, fresh, known)] == [False, True, True]
