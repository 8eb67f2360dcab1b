"""How much one request may send: what has to be held in memory is small, and a picture's way in is as wide as four pictures.

CKAN bounds every body by MAX_CONTENT_LENGTH, made for files of datasets. Of that size, JSON or a form of a hundred thousand fields
would cost seconds and gigabytes, from anybody. So, for every view: what does not come in parts (JSON, plain forms) has at most
MAX_FORM_MEMORY_SIZE bytes, a plain form as many fields as one in parts, and our own pages and actions take no larger files than pictures.
"""

from __future__ import annotations

from flask import current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from ckanext.participation import config
from ckanext.participation.common.cross_origin import SAFE_METHODS

PARTS = "multipart/form-data"
PLAIN_FORM = "application/x-www-form-urlencoded"
ACTIONS = ("/api/action/participation_", "/api/3/action/participation_")
# A message takes four pictures; the rest is the text, its fields, and room for one picture that is too large to be told so.
PICTURES = 5


def limit() -> None:
    """Run before anything reads the body, and note whether it is to be read at all."""
    most = None if request.method in SAFE_METHODS else _most()
    if most is None:
        return
    request.max_content_length = most = min(most, request.max_content_length or most)
    size, fields = request.content_length, 0
    if (size is None or size <= most) and request.mimetype != PARTS:
        # One that does not tell its length is read up to the limit and no further.
        body = request.get_data(cache=True, parse_form_data=False)
        size = len(body) + (size is None)
        fields = body.count(b"&") + 1 if request.mimetype == PLAIN_FORM else 0
    g.participation_body_too_large = (size or 0) > most or fields > (request.max_form_parts or fields)


def refuse() -> None:
    """Run once a page can be shown, before anything reads the form. Raises RequestEntityTooLarge (413)."""
    if g.get("participation_body_too_large"):
        raise RequestEntityTooLarge


def _most() -> int | None:
    """Return the most bytes that this request may have; None when CKAN's own limit holds."""
    if request.mimetype != PARTS:
        return current_app.config["MAX_FORM_MEMORY_SIZE"]
    ours = (request.blueprint or "").startswith("participation") or request.path.startswith(ACTIONS)
    return PICTURES * config.picture_bytes() if ours else None
