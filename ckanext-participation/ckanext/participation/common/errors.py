"""Named errors beyond CKAN's own, and the shape of a field error.

CKAN's ValidationError (409), NotAuthorized (403) and ObjectNotFound (404) serve wherever they fit.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

import ckan.plugins.toolkit as tk
from flask import g, has_request_context
from werkzeug.exceptions import Forbidden


class LimitExceeded(tk.ValidationError):
    """Somebody posts more than one person would; `seconds` says when to come back.

    A ValidationError, because CKAN's API answers every other exception with 500; `web` turns the reply into 429 with Retry-After.
    """

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__({"limit": [message]})
        self.seconds = max(1, seconds)
        if has_request_context():
            g.participation_retry_after = self.seconds


class Unavailable(tk.ValidationError):
    """Something that the site leans on does not answer; `web` turns the reply into 503 with Retry-After."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__({field: [message]})
        if has_request_context():
            g.participation_unavailable = True


class ForeignOrigin(Forbidden):
    """A page of another site sent this request with the reader's session."""


def field_error(field: str, message: str) -> tk.ValidationError:
    """Return the error that names one field and what to do about it."""
    return tk.ValidationError({field: [message]})


def words_of(error: tk.ValidationError) -> str:
    """Return the error's sentences as one text, for a page or a fragment without fields."""
    return " ".join(words_by_field(error).values())


def words_by_field(error: tk.ValidationError) -> dict[str, str]:
    """Return the error's sentences by field, each field's joined to one text, for pages."""
    return {field: " ".join(map(str, words)) if isinstance(words, list) else str(words) for field, words in error.error_dict.items()}


def summary_of(problems: tk.ValidationError | Mapping[str, str], inputs: Container[str] | None = None) -> list[dict[str, str]]:
    """Return what the list above a form shows: `[{"field", "id", "message"}]`, of an error or of sentences by field.

    `id` is the input that the sentence leads to; with `inputs`, an empty text for a field that is none of them.
    """
    words = words_by_field(problems) if isinstance(problems, tk.ValidationError) else problems
    return [{"field": name, "id": f"field-{name}" if inputs is None or name in inputs else "", "message": message}
            for name, message in words.items()]
