"""The one error that `make up` shows as a line instead of a traceback."""

from __future__ import annotations


class StackError(Exception):
    """Something the person at the keyboard can mend: one line, naming the command that mends it."""
