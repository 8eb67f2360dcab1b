"""Whether an update is overdue: the promised rhythm against the day of the last one. Pure.

A rhythm has some grace, as the Humanitarian Data Exchange gives it before it writes to a publisher (docs/quality.md).
"""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Final

AUTHORITY: Final = "http://publications.europa.eu/resource/authority/frequency/"
# From which age in days an update is overdue. Rhythms that the Exchange does not have get the grace of the next shorter one it has.
OVERDUE: Final[dict[str, int]] = {
    "UPDATE_CONT": 2, "CONT": 2, "HOURLY": 2, "DAILY": 2, "WEEKLY_3": 4, "WEEKLY_2": 6, "WEEKLY": 14, "BIWEEKLY": 21, "MONTHLY_2": 22,
    "MONTHLY": 44, "BIMONTHLY": 75, "QUARTERLY": 120, "ANNUAL_3": 152, "ANNUAL_2": 210, "ANNUAL": 425, "BIENNIAL": 790, "TRIENNIAL": 1155,
    "QUADRENNIAL": 1521, "QUINQUENNIAL": 1886, "DECENNIAL": 3712}
# Nothing is promised, so nothing can be late.
NO_MORE: Final = "NEVER"
_DATE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def is_fresh(frequency: str, updated: date | None, today: date) -> bool | None:
    """Say whether the dataset keeps its rhythm; None without a rhythm or a day."""
    rhythm = frequency.strip().removeprefix(AUTHORITY)
    if rhythm == NO_MORE:
        return True
    if rhythm not in OVERDUE or updated is None:
        return None
    return (today - updated).days < OVERDUE[rhythm]


def day_of(written: object) -> date | None:
    """Return the day of an ISO date or moment; the last day of a month or a year that names no day. None for anything else."""
    found = _DATE.match(written.strip()) if isinstance(written, str) else None
    if not found:
        return None
    year, month, day = int(found[1]), int(found[2] or 12), int(found[3] or 0)
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        return None
