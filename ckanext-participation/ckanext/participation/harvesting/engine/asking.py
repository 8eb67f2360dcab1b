"""Asking one source, politely: over connections that stay open, within one budget of time and bytes, waiting when told to."""

from __future__ import annotations

import http.cookiejar
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from ckanext.participation import config
from ckanext.participation.common.fetch import FetchFailed, FetchTimedOut, FetchTooLarge, Reply, fetch, guarded_session
from ckanext.participation.common.user_agent import user_agent
from ckanext.participation.common.waiting import retry_after
from ckanext.participation.harvesting import sentences
from ckanext.participation.harvesting.engine import patience
from ckanext.participation.harvesting.engine.problems import SourceProblem

# A server that asks for a longer pause is asked again in the next run.
LONGEST_PAUSE = 120.0
PAUSES = 4
BUSY = frozenset({429, 503})
# What is waited after a 429 that does not say how long.
SHORT_PAUSE = 5.0
# What is shorter is told in seconds.
_IN_MINUTES = 120
# Whatever a server says, a source is not given up.
LONGEST_ABSENCE = timedelta(days=7)


class Asker:
    """The requests of one run to one source. A context manager."""

    def __init__(self, seconds: float | None = None, max_bytes: int | None = None) -> None:
        self.seconds = config.harvest_seconds() if seconds is None else seconds
        self.max_bytes = config.harvest_bytes() if max_bytes is None else max_bytes
        self.ends = time.monotonic() + self.seconds
        self.requests = 0
        self.bytes = 0
        self.session: Any = guarded_session()
        # Nothing that one answer leaves behind is sent with the next request.
        self.session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        self.headers = {"User-Agent": user_agent("harvest")}
        # Until when the server asked to be left alone, where that is longer than a run waits.
        self.not_before: datetime | None = None
        self._each = self.session.seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.session.close()

    def get(
        self, url: str, *, accept: str, headers: Mapping[str, str] | None = None, conditional: tuple[str, str] | None = None
    ) -> Reply:
        """Ask one address, again when the server is busy and says for how long.

        :raises FetchError: as `fetch`
        :raises SourceProblem: when the run's time or bytes are used up
        """
        asked = {**self.headers, **(headers or {})}
        reply = self._once(url, accept, asked, conditional)
        for _ in range(PAUSES):
            pause = _pause(reply)
            if pause is None or pause > min(LONGEST_PAUSE, self._left()):
                break
            with patience.here.waiting():
                time.sleep(pause)
            reply = self._once(url, accept, asked, conditional)
        self._heed(_pause(reply))
        return reply

    def _heed(self, pause: float | None) -> None:
        """Keep what a server that is still busy asks for, for the next run."""
        if pause is not None and pause > SHORT_PAUSE:
            until = datetime.now(UTC) + min(timedelta(seconds=pause), LONGEST_ABSENCE)
            self.not_before = max(until, self.not_before or until)

    def _once(self, url: str, accept: str, headers: Mapping[str, str], conditional: tuple[str, str] | None) -> Reply:
        reused = self.requests > 0
        try:
            reply = self._ask(url, accept, headers, conditional)
        except FetchTooLarge:
            raise
        except FetchFailed:
            if not reused:
                raise
            # A server may close a connection that stayed open at the very moment it is used again.
            self.session.close()
            reply = self._ask(url, accept, headers, conditional)
        if reply.broke_off:
            # By accident, it may be; what breaks off again is read as far as it goes.
            self.session.close()
            reply = self._ask(url, accept, headers, conditional)
        self.bytes += len(reply.content)
        if self.bytes > self.max_bytes:
            most = f"{self.max_bytes // 1_000_000} MB"
            raise SourceProblem(sentences.SOURCE_LARGE(most=most))
        return reply

    def _ask(self, url: str, accept: str, headers: Mapping[str, str], conditional: tuple[str, str] | None) -> Reply:
        self.session.seconds = min(self._each, self._left())
        self.requests += 1
        try:
            with patience.here.waiting():
                return fetch(url, accept=accept, headers=headers, conditional=conditional, session=self.session, in_part=True)
        except FetchTimedOut:
            # It may have been the run's time that was up, and not the time for one answer.
            self._left()
            raise

    def _left(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise SourceProblem(_too_slow(self.seconds))
        return left


def _too_slow(seconds: float) -> str:
    """Say how long was too long, in words that a person would use."""
    if seconds < _IN_MINUTES:
        return sentences.SOURCE_SLOW_SECONDS(number=max(round(seconds), 1))
    return sentences.SOURCE_SLOW(minutes=f"{seconds / 60:.3g}")


def _pause(reply: Reply) -> float | None:
    """The seconds that a busy server asks to wait; None when it is not busy, or does not say."""
    if reply.status not in BUSY:
        return None
    said = retry_after(reply.headers.get("Retry-After", ""), datetime.now(UTC))
    if said is not None:
        return said.total_seconds()
    return SHORT_PAUSE if reply.status == 429 and not reply.headers.get("Retry-After", "").strip() else None
