"""What the kernel says of a process: processor time, memory, children."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")


def cpu(pid: int) -> float:
    """Return the seconds of processor time (user and system) that the process' living threads have used, to the nanosecond."""
    total = 0
    for thread in (PROC / str(pid) / "task").iterdir():
        # The first number is the time spent on a processor (Documentation/scheduler/sched-stats.rst).
        total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def cpu_of(pids: Iterable[int]) -> float:
    """Return the processor time of those of `pids` that still live."""
    total = 0.0
    for pid in pids:
        try:
            total += cpu(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def memory(pid: int) -> int:
    """Return the resident bytes of the process."""
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def share(pid: int) -> int:
    """Return the resident bytes of the process, of those that it shares with others its share; none when it has ended."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def children(pid: int) -> list[int]:
    """Return the process' living children, the oldest first; an empty list when it has ended."""
    found = []
    for thread in _list(PROC / str(pid) / "task"):
        try:
            found += [int(word) for word in (thread / "children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return [child for child in sorted(found) if alive(child)]


def alive(pid: int) -> bool:
    """Say whether the process runs: one that has ended and waits to be reaped does not."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


def command_line(pid: int) -> str:
    """Return the process' command line, or an empty text when it has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _list(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []
