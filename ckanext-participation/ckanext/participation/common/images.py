"""Pictures that people upload: read, made anew, stored. Who may see one is decided by what shows it, never here.

Nothing of the uploaded bytes is kept: `read` has a process of its own (`image_process`) decode them and gives a new WebP file of
the pixels, upright, at most 2000 pixels long, and a thumbnail. `store` writes both under a random name; a file is there whole or
not at all. `sweep` removes what was never posted.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.participation import config
from ckanext.participation.common import events, image_process
from ckanext.participation.common.model import Attachment, now

log = logging.getLogger(__name__)

MEDIA_TYPE = "image/webp"
EXTENSION = "webp"
LOOSE_HOURS = 24
# Real time, not processor time (that is limited inside): a busy machine may take a while.
PATIENCE_SECONDS = 20
FOLDERS = 256
_ID = re.compile(r"[0-9a-f]{32}")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Picture:
    """A picture made anew, not stored yet: two WebP files and the size of the first in pixels."""

    width: int
    height: int
    full: bytes
    thumb: bytes


class ImageRefused(ValueError):
    """The bytes are not taken as a picture; `code` is one of empty, bytes, kind, pixels, broken, work."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def words(self) -> str:
        """Return what to tell the person."""
        return {
            "empty": tk._("Choose a picture: the file is empty."),
            "bytes": tk._("The file is larger than {size} MB: make the picture smaller, or save it as JPEG.").format(
                size=round(config.picture_bytes() / 1_000_000, 1)),
            "kind": tk._("This is not a picture that can be shown here: save it as PNG, JPEG, WebP or GIF. Drawings in SVG and pages in "
                         "PDF are not taken."),
            "pixels": tk._("The picture has too many pixels: make it smaller, 4000 by 3000 pixels at most, and try again."),
            "broken": tk._("The picture is damaged or incomplete: open it in a picture program, save it again and try once more."),
            "work": tk._("The picture takes too long to read: open it in a picture program, save it as JPEG and try once more."),
        }[self.code]


class NoRoom(OSError):
    """The disk (or the storage's quota) is full; nothing of the picture was kept."""


class NoStorage(RuntimeError):
    """The site has no folder for uploads (`ckan.storage_path`)."""


def read(data: bytes) -> Picture:
    """Return the picture that `data` holds, made anew. Takes up to a few seconds. Raises ImageRefused."""
    check(data)
    # Isolated, without this process' environment: a decoder that is led astray finds no secret to tell.
    command = [_python(), "-I", str(Path(image_process.__file__))]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=PATIENCE_SECONDS, check=False, cwd="/", env={
            name: value for name, value in os.environ.items() if name in {"LD_LIBRARY_PATH", "PATH"}})
    except subprocess.TimeoutExpired as error:
        raise ImageRefused("work") from error
    head, _, files = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        log.warning("The process that reads a picture ended with %s: %s", done.returncode, done.stderr[-500:].decode(errors="replace"))
        raise ImageRefused("work" if done.returncode < 0 else "broken")
    answer = json.loads(head)
    if "refused" in answer:
        raise ImageRefused(answer["refused"])
    size = answer["sizes"][0]
    return Picture(answer["width"], answer["height"], files[:size], files[size:])


def check(data: bytes) -> None:
    """Refuse by length and first bytes, which costs nothing. Raises ImageRefused."""
    if not data:
        raise ImageRefused("empty")
    if len(data) > config.picture_bytes():
        raise ImageRefused("bytes")
    if image_process.kind_of(data) is None:
        raise ImageRefused("kind")


def thumb_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of the thumbnail of a picture of this size."""
    return image_process.scaled(width, height, image_process.THUMB_SIDE)


def store(picture: Picture) -> str:
    """Write the picture and its thumbnail under a new random id, and return it. Raises NoRoom, NoStorage, or another OSError."""
    identifier = secrets.token_hex(16)
    full, thumb = path(identifier), path(identifier, thumb=True)
    try:
        full.parent.mkdir(parents=True, exist_ok=True)
        _write(full, picture.full)
        _write(thumb, picture.thumb)
        _flush_folder(full.parent)
    except OSError as error:
        log.error("A picture could not be stored in %s: %s", full.parent, error)
        # What keeps a file from being written may keep it from being removed; the sweep tries again.
        with contextlib.suppress(OSError):
            remove(identifier)
        if error.errno in _NO_ROOM:
            raise NoRoom(error.errno, error.strerror) from error
        raise
    return identifier


def path(identifier: str, *, thumb: bool = False) -> Path:
    """Return where the picture of an id lies. Raises ValueError for what is no id, so that no other path can be asked for."""
    if not _ID.fullmatch(identifier):
        raise ValueError("not the id of a picture")
    name = f"{identifier}.thumb.{EXTENSION}" if thumb else f"{identifier}.{EXTENSION}"
    return folder() / identifier[:2] / name


def folder() -> Path:
    """Return the folder of all pictures. Raises NoStorage."""
    storage = tk.config.get("ckan.storage_path")
    if not storage:
        raise NoStorage("ckan.storage_path is not set")
    return Path(storage) / "participation" / "images"


def is_id(value: object) -> bool:
    """Say whether `value` has the form of a picture's id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def remove(identifier: str) -> None:
    """Remove the files of a picture; those that are not there are no error."""
    for file in (path(identifier), path(identifier, thumb=True)):
        file.unlink(missing_ok=True)


def sweep() -> dict[str, int]:
    """Remove pictures that were uploaded a day ago and never posted, and files that no row knows; commit; return how many.

    Files without a row are what a kill between writing and committing leaves. One of the 256 folders is looked through each hour.
    """
    try:
        folder()
    except NoStorage:
        return {"loose": 0, "leftovers": 0}
    rows = list(model.Session.scalars(
        sa.delete(Attachment).where(Attachment.thread_id.is_(None), Attachment.created < now() - timedelta(hours=LOOSE_HOURS))
        .returning(Attachment.id)))
    if rows:
        events.write("attachment.swept", actor_id=None, target=("attachment", "loose"), data={"count": len(rows)})
    model.Session.commit()
    # After the commit: a row without its file is an error, a file without its row is swept later.
    for identifier in rows:
        remove(identifier)
    return {"loose": len(rows), "leftovers": _leftovers(f"{int(time.time() // 3600) % FOLDERS:02x}")}


def _leftovers(name: str) -> int:
    """Remove the files of one folder that are older than a day and belong to no picture; return how many."""
    place = folder() / name
    if not place.is_dir():
        return 0
    oldest = time.time() - LOOSE_HOURS * 3600
    files = [file for file in place.iterdir() if file.is_file() and file.stat().st_mtime < oldest]
    known = set(model.Session.scalars(sa.select(Attachment.id).where(Attachment.id.in_({file.name[:32] for file in files}))))
    model.Session.rollback()
    stray = [file for file in files if file.name[:32] not in known]
    for file in stray:
        file.unlink(missing_ok=True)
    return len(stray)


def _write(target: Path, data: bytes) -> None:
    """Write beside the target, flush to the disk, then take its name in one step."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _flush_folder(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _python() -> str:
    """Return the interpreter; inside some web servers `sys.executable` is the server."""
    ours = Path(sys.prefix) / "bin" / "python3"
    return str(ours) if ours.exists() else sys.executable
