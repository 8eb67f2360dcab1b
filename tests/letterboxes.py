"""A mail server for tests that remembers what it was given."""

from __future__ import annotations

import email
import email.message
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller


class Letterbox:
    """A mail server's memory; `refuse` makes it answer with an error."""

    def __init__(self) -> None:
        self.letters: list[email.message.Message] = []
        self.refuse = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.refuse:
            return self.refuse
        self.letters.append(email.message_from_bytes(envelope.content))
        return "250 OK"


@contextmanager
def a_letterbox() -> Iterator[Letterbox]:
    """Run a mail server, and have the site send its mails there."""
    from ckan.tests.helpers import changed_config
    from layout import free_port

    box = Letterbox()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        with changed_config("smtp.server", f"127.0.0.1:{port}"):
            yield box
    finally:
        server.stop()
