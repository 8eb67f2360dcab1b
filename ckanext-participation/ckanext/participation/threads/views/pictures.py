"""Addresses of pictures. Rights are asked at every request, so that a picture goes when its message does."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Blueprint, request, send_file
from werkzeug.wrappers import Response

from ckanext.participation.common import images

__all__ = ["blueprints"]

pictures = Blueprint("participation_pictures", __name__, url_prefix="/participation/picture")

# Whatever a browser may take the file for, nothing in it runs, and no other site shows it as its own. The style is the browser's
# own, for a picture that stands alone in its window.
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "X-Content-Type-Options": "nosniff",
           "Cross-Origin-Resource-Policy": "same-origin"}


def full(picture_id: str, extension: str) -> Response:
    """Give a picture to those who may read the message that shows it."""
    return _give(picture_id, extension, thumb=False)


def thumb(picture_id: str, extension: str) -> Response:
    """Give a picture's thumbnail."""
    return _give(picture_id, extension, thumb=True)


def _give(picture_id: str, extension: str, *, thumb: bool) -> Response:
    row = _row(picture_id) if extension == images.EXTENSION else None
    file = images.path(picture_id, thumb=thumb) if row else None
    if row is None or file is None or not file.is_file():
        return tk.abort(404, tk._("There is no such picture, or you may not see it."))
    response = send_file(file, mimetype=row["media_type"], etag=f"{picture_id}{'-thumb' if thumb else ''}", conditional=True,
                         download_name=f"picture-{picture_id[:8]}.{images.EXTENSION}")
    response.headers.update(HEADERS)
    # The web server adds its own.
    response.headers.pop("Date", None)
    # The bytes never change, the right to see them may: kept by browsers, asked for again each time.
    response.cache_control.no_cache = True
    if not row["public"] or tk.current_user.is_authenticated:
        request.environ["__no_cache__"] = True
    return response


def _row(picture_id: str) -> dict[str, Any] | None:
    try:
        return tk.get_action("participation_attachment_show")({}, {"id": picture_id})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return None


pictures.add_url_rule("/<picture_id>.<extension>", "full", full)
pictures.add_url_rule("/thumb/<picture_id>.<extension>", "thumb", thumb)

blueprints = [pictures]
