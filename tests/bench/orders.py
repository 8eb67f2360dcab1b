"""A process with CKAN loaded that obeys orders, a line of JSON each, and answers each with one: both ends of the line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def serve(ini: str, orders: Mapping[str, Callable[..., Any]], before: Callable[[], None] | None = None) -> None:
    """Obey orders in a request's surroundings until there are no more; what others print goes to the log.

    :param before: is called once, when CKAN is loaded
    """
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    app = make_app(CKANConfigLoader(ini).get_config())
    with app._wsgi_app.test_request_context():
        if before:
            before()
        for line in sys.stdin:
            order = json.loads(line)
            replies.write(json.dumps(orders[order.pop("do")](**order)) + "\n")
            replies.flush()


class Orders:
    """The process that a module's `serve(INI)` makes, from outside."""

    def __init__(self, log: Path, module: str, ini: Path) -> None:
        # The other end is loaded where these are not to be found.
        from bench.server import environment
        from layout import PYTHON

        self.path = log
        self.log = log.open("w")
        self.process = subprocess.Popen(
            [str(PYTHON), "-c", f"import sys; import {module} as obeying; obeying.serve(sys.argv[1])", str(ini)], cwd=ini.parent,
            env=environment(ini), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)

    def __enter__(self) -> Orders:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def give(self, do: str, **words: Any) -> Any:
        """Give an order and wait for the answer. Raises RuntimeError with the log's end when the process ended."""
        orders, answers = self.process.stdin, self.process.stdout
        assert orders is not None
        assert answers is not None
        try:
            orders.write(json.dumps({"do": do, **words}) + "\n")
            orders.flush()
            answer = answers.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError("\n".join(self.path.read_text(errors="replace").splitlines()[-20:]))
        return json.loads(answer)

    def stop(self) -> None:
        """End the process after what it does."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()
        self.log.close()
