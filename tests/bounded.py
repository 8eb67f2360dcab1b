"""Work that must end at once whatever it is given: texts and pages made to be slow."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

ATTEMPTS = 3


def costs_at_most(seconds: float, work: Callable[[], object]) -> None:
    """Fail when the work takes more processor time than this in each of three attempts.

    What is slow by its nature is so each time; a busy machine, or a look for the garbage of all tests before, is not.
    """
    spent: list[float] = []
    gc.collect()
    gc.disable()
    try:
        while len(spent) < ATTEMPTS and min(spent, default=seconds) >= seconds:
            began = time.process_time()
            work()
            spent.append(time.process_time() - began)
    finally:
        gc.enable()
    assert min(spent) < seconds, spent
