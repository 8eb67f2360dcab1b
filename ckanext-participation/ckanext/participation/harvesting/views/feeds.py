"""The whole catalogue's files over HTTP: never built here, sent as they lie on the disk."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import ckan.plugins.toolkit as tk
from flask import Blueprint, Response, request
from werkzeug.http import http_date

from ckanext.participation.harvesting.offering import files

__all__ = ["blueprints"]

feeds = Blueprint("participation_feeds", __name__)

RETRY_SECONDS = 300


def feed(name: str) -> Response:
    """Send one of the files: packed to who accepts that, else unpacked on the way; 304 to who has it already."""
    # The same for every reader, signed in or not.
    request.environ.pop("__no_cache__", None)
    served = files.opened(name)
    if served is None:
        request.environ["__no_cache__"] = True
        message = tk._("The file of the whole catalogue is being prepared. Try again in a few minutes.")
        return Response(f"{message}\n", 503, {"Retry-After": str(RETRY_SECONDS)}, content_type="text/plain; charset=utf-8")
    found, handle = served
    packed = request.accept_encodings["gzip"] > 0
    changed = datetime.datetime.fromisoformat(found.changed)
    headers = {
        "ETag": f'"{found.digest[:32]}-gzip"' if packed else f'"{found.digest[:32]}"',
        "Last-Modified": http_date(changed),
        "Vary": "Accept-Encoding",
        "Link": ", ".join(_links(name)),
        # Data to read from other pages' scripts, too: there is nothing in it that is not public.
        "Access-Control-Allow-Origin": "*",
    }
    if _unchanged(found.digest[:32], changed):
        handle.close()
        return Response(status=304, headers=headers)
    headers["Content-Length"] = str(found.packed if packed else found.size)
    if packed:
        headers["Content-Encoding"] = "gzip"
    body: Iterable[bytes] = () if request.method == "HEAD" else files.packed(handle) if packed else files.unpacked(handle)
    response = Response(body, headers=headers, content_type=files.FEEDS[name])
    response.call_on_close(handle.close)
    return response


def _unchanged(digest: str, changed: datetime.datetime) -> bool:
    if request.if_none_match:
        # Both encodings are the same content.
        return any(request.if_none_match.contains_weak(tag) for tag in (digest, f"{digest}-gzip"))
    return request.if_modified_since is not None and changed <= request.if_modified_since


def _links(name: str) -> list[str]:
    return [f'<{tk.url_for(f"participation_feeds.{_endpoint(other)}", locale="default", qualified=True)}>; rel="alternate"; '
            f'type="{kind.partition(";")[0]}"' for other, kind in files.FEEDS.items() if other != name]


def _endpoint(name: str) -> str:
    return name.replace(".", "_")


for _name in files.FEEDS:
    feeds.add_url_rule(f"/{_name}", _endpoint(_name), feed, defaults={"name": _name})

blueprints = [feeds]
