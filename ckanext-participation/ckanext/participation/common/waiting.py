"""How long a busy server asks to wait (RFC 9110, 10.2.3). Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def retry_after(header: str, now: datetime) -> timedelta | None:
    """Return what a `Retry-After` says, in seconds or as a date; nothing to wait when the date is past, None for nothing or nonsense."""
    header = header.strip()
    if header.isascii() and header.isdigit():
        return timedelta(seconds=int(header[:9]))
    try:
        until = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    return max(until.replace(tzinfo=until.tzinfo or UTC) - now, timedelta())
