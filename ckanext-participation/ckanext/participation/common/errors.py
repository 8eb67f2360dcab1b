"""Named errors beyond CKAN's own, and the shape of a field error.

CKAN's ValidationError (409), NotAuthorized (403) and ObjectNotFound (404) serve wherever they fit.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from werkzeug.exceptions import Forbidden, ServiceUnavailable, TooManyRequests


class LimitExceeded(TooManyRequests):
    """Somebody posts more than one person would; `seconds` says when to come back."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(description=message)
        self.seconds = max(1, seconds)

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), ("Retry-After", str(self.seconds))]


class ForeignOrigin(Forbidden):
    """A page of another site sent this request with the reader's session."""


class StorageAway(ServiceUnavailable):
    """The database does not answer; nothing was stored, and the text is given back."""


def field_error(field: str, message: str) -> tk.ValidationError:
    """Return the error that names one field and what to do about it."""
    return tk.ValidationError({field: [message]})
