"""One HTTP reply and what every portal shares: ETag, Last-Modified, conditional requests, compression."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime, parsedate_to_datetime

SMALLEST_WORTH_COMPRESSING = 1024


@dataclass
class Reply:
    """``last_modified`` given: the reply can be validated, so an ETag is added and conditional requests are
    answered."""

    body: bytes
    content_type: str
    status: int = 200
    last_modified: datetime | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def negotiated(self, request: Message) -> Reply:
        """This reply as the client asked for it: not modified, compressed, or as it is."""
        headers = dict(self.headers)
        body, status = self.body, self.status
        compressed = "gzip" in _accepted(request) and len(body) >= SMALLEST_WORTH_COMPRESSING
        headers["Vary"] = "Accept-Encoding"
        if self.last_modified is not None:
            # Two encodings are two representations: each has its own strong ETag (RFC 9110, 8.8.3.3).
            etag = f'"{hashlib.sha256(body).hexdigest()[:24]}{"-gzip" if compressed else ""}"'
            headers["ETag"] = etag
            headers["Last-Modified"] = format_datetime(self.last_modified.astimezone(UTC), usegmt=True)
            if _is_fresh(request, etag, self.last_modified):
                return Reply(b"", "", 304, headers=headers)
        if compressed:
            body = gzip.compress(body, compresslevel=6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Reply(body, self.content_type, status, headers=headers)


def _accepted(request: Message) -> set[str]:
    codings = (part.strip().lower() for part in request.get("Accept-Encoding", "").split(","))
    return {
        coding.split(";")[0].strip() for coding in codings if not coding.replace(" ", "").endswith(";q=0")
    }


def _is_fresh(request: Message, etag: str, last_modified: datetime) -> bool:
    known = request.get("If-None-Match")
    if known is not None:
        wanted = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return "*" in wanted or etag in wanted
    since = request.get("If-Modified-Since")
    if since is None:
        return False
    try:
        date = parsedate_to_datetime(since)
    except ValueError:
        return False
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return last_modified.replace(microsecond=0) <= date


class Clock:
    """Remembers when something was last changed: the recorded date until its bytes differ, then the moment
    that is seen.

    HTTP dates count whole seconds: a second change within the same second is dated one second later, so that
    nobody who asks by date alone misses it.
    """

    def __init__(self, recorded: datetime) -> None:
        self._date = recorded
        self._digest: bytes | None = None

    def date_of(self, body: bytes) -> datetime:
        digest = hashlib.sha256(body).digest()
        if self._digest is not None and digest != self._digest:
            now = datetime.now(UTC).replace(microsecond=0)
            earliest = self._date.replace(microsecond=0).timestamp() + 1
            self._date = max(now, datetime.fromtimestamp(earliest, UTC))
        self._digest = digest
        return self._date
