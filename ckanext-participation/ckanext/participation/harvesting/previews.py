"""Previews of sources: asked for by a person, read by the job worker, kept for an hour in Redis for the one who asked.

Nothing of a preview is written to the database. A preview whose worker was killed says so once it has been silent for `SILENT`.
"""

from __future__ import annotations

import json
import secrets
import time
from typing import Any, Final

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import detection
from ckanext.participation.harvesting.settings import BadSettings

KEPT: Final = 3600
SILENT: Final = 180
MOST_AT_ONCE: Final = 3
SAMPLE: Final = 20

Preview = dict[str, Any]


BROKE_OFF: Final = N_("Reading broke off, for a reason of this site. Try again.")


def start(person: str, asked: Preview) -> Preview:
    """Keep what was asked and hand it to the job worker; the same question while it is being read gives the preview under way.

    :param asked: `url`, `source_type` (may be empty), `config`, `owner_org`
    :raises TooMany: the person has `MOST_AT_ONCE` previews under way
    """
    under_way = [one for one in of_person(person) if one["state"] in ("waiting", "reading")]
    same = next((one for one in under_way if one["asked"] == asked), None)
    if same is not None:
        return same
    if len(under_way) >= MOST_AT_ONCE:
        raise TooMany
    preview: Preview = {"id": secrets.token_hex(12), "person": person, "asked": asked, "state": "waiting", "read": 0,
                        "source_type": asked["source_type"], "url": asked["url"], "tried": [], "problem": "", "sample": None}
    _keep(preview)
    redis = connect_to_redis()
    redis.lpush(_of_person(person), preview["id"])
    redis.ltrim(_of_person(person), 0, 19)
    redis.expire(_of_person(person), KEPT)
    tk.enqueue_job(read, [preview["id"]], title="harvest source preview", rq_kwargs={"timeout": SILENT})
    return preview


class TooMany(Exception):
    """A person has as many previews under way as one may."""


def load(preview_id: str) -> Preview | None:
    """Return a preview, or None when there is none (any more)."""
    kept = connect_to_redis().get(_key(preview_id))
    if kept is None:
        return None
    preview = json.loads(kept)
    if preview["state"] in ("waiting", "reading") and time.time() - preview["at"] > SILENT:
        preview |= {"state": "failed", "problem": BROKE_OFF}
    return preview


def of_person(person: str) -> list[Preview]:
    """Return a person's previews that are still kept, the latest first."""
    ids = connect_to_redis().lrange(_of_person(person), 0, -1)
    return [preview for one in ids if (preview := load(one.decode())) is not None]


def read(preview_id: str) -> None:
    """Read a source for its preview; what the job worker calls."""
    preview = load(preview_id)
    if preview is None:
        return
    try:
        _read(preview)
    except detection.NotFound as problem:
        preview |= {"state": "failed", "problem": problem.sentence, "tried": problem.asked}
    except FetchError as problem:
        preview |= {"state": "failed", "problem": problem.sentence}
    except BadSettings as problem:
        preview |= {"state": "failed", "problem": str(problem)}
    except Exception:
        # The worker reports it; the person must not wait for a page that never comes.
        _keep(preview | {"state": "failed", "problem": BROKE_OFF})
        raise
    _keep(preview)


def _read(preview: Preview) -> None:
    # ckanext-harvest asks CKAN for its validators while it is imported, which is too early while actions are being collected.
    from ckanext.participation.harvesting import sampling

    asked = preview["asked"]
    preview["state"] = "reading"
    _keep(preview)
    if not asked["source_type"]:
        found = detection.detect(asked["url"])
        preview |= {"source_type": found.source_type, "url": found.url, "tried": list(found.asked)}
        _keep(preview)
    harvester = sampling.harvester_of(preview["source_type"])
    if harvester is None:
        preview |= {"state": "failed", "problem": N_("This site does not read sources of this type.")}
        return

    def progress(read_so_far: int) -> None:
        preview["read"] = read_so_far
        _keep(preview)

    sample = sampling.take(harvester, preview["url"], asked["config"], most=SAMPLE, progress=progress)
    preview |= {"state": "done", "sample": sample.as_dict()}


def _keep(preview: Preview) -> None:
    preview["at"] = time.time()
    connect_to_redis().set(_key(preview["id"]), json.dumps(preview, default=str), ex=KEPT)


def _key(preview_id: str) -> str:
    return f"participation:harvest-preview:{preview_id}"


def _of_person(person: str) -> str:
    return f"participation:harvest-previews-of:{person}"
