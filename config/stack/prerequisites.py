"""What must be on the machine before anything else: Python 3.11+ and libmagic (Java and Maven are `solr.check_tools`' business)."""

from __future__ import annotations

import ctypes.util
import sys

from errors import StackError

PYTHON_AT_LEAST = (3, 11)


def check_python() -> None:
    """Raise StackError with the one command to run when this Python is too old or has no venv module."""
    if sys.version_info < PYTHON_AT_LEAST:
        found = ".".join(map(str, sys.version_info[:2]))
        raise StackError(f"Python 3.11 or newer is needed, this is {found}: apt-get install python3.11 python3.11-venv, "
                         "then make PYTHON=python3.11 up")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError as error:
        raise StackError("Python's venv module is missing: apt-get install python3-venv") from error


def check_libraries() -> None:
    """Raise StackError when libmagic, by which CKAN recognises uploads, is missing: it comes with no Python package."""
    if not ctypes.util.find_library("magic"):
        raise StackError("libmagic is missing: apt-get install libmagic1")
