"""Dates and times as a person reads them: absolute, in their language and the portal's time zone, with a relative hint.

Pure: nothing here knows CKAN. Harvested dates are of every precision, and stay at the one they came with.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta

# Canada's habits: "14 h 08" and "2:08 p.m.", "4 novembre 2026" and "November 4, 2026".
_REGIONS = {"fr": "fr_CA", "en": "en_CA"}
# Year, month, week, day, hour, minute in seconds, as Babel counts them.
_UNITS = (31_536_000, 2_592_000, 604_800, 86_400, 3600, 60)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH = re.compile(r"\d{4}-\d{2}")
_YEAR = re.compile(r"\d{4}")


@dataclass(frozen=True, slots=True)
class Moment:
    """`iso` for the machine, `text` for the reader, `ago` as a hint (empty for a month or a year)."""

    iso: str
    text: str
    ago: str


def moment(value: object, lang: str, zone: dt.tzinfo, *, hours: bool, now: dt.datetime | None) -> Moment:
    """Read `value` (a datetime, a date or ISO 8601 text; without a zone it is UTC) for a reader of `lang`.

    Without `now` there is no hint. Text that is no date comes back as it is, so that a page never fails over a harvested oddity.
    """
    locale = _locale(lang)
    if isinstance(value, dt.datetime):
        return _instant(value, locale, zone, hours, now)
    written = value.isoformat() if isinstance(value, dt.date) else str(value or "").strip()
    try:
        if _DAY.fullmatch(written):
            return _day(dt.date.fromisoformat(written), locale, zone, now)
        if _MONTH.fullmatch(written):
            first = dt.date.fromisoformat(written + "-01")
            return Moment(written, format_skeleton("yMMMM", first, locale=locale), "")
        if _YEAR.fullmatch(written):
            return Moment(written, written, "")
        return _instant(dt.datetime.fromisoformat(written), locale, zone, hours, now)
    except (ValueError, OverflowError):
        return Moment("", written, "")


@lru_cache(maxsize=4096)
def instant(written: str, lang: str, zone: dt.tzinfo) -> Moment:
    """Read an instant as `moment` does, to the minute and without a hint; the page of a thread asks for the same ones again and again."""
    return moment(written, lang, zone, hours=True, now=None)


@lru_cache(maxsize=64)
def _locale(lang: str) -> Locale:
    base = re.split("[-_]", lang, maxsplit=1)[0].lower()
    return Locale.parse(_REGIONS.get(base, base))


def _day(day: dt.date, locale: Locale, zone: dt.tzinfo, now: dt.datetime | None) -> Moment:
    days = (day - now.astimezone(zone).date()).days if now else 0
    return Moment(day.isoformat(), _long(day, locale), _hint(dt.timedelta(days=days), locale, days=True))


# A page of fifty messages asks for fifty dates: to work a pattern out anew each time would cost as much as all the rest.
@lru_cache(maxsize=4096)
def _long(day: dt.date, locale: Locale) -> str:
    """Return the whole date; French writes the first of a month « 1er », which Babel does not."""
    text = format_date(day, "long", locale=locale)
    return f"1er{text[1:]}" if locale.language == "fr" and day.day == 1 else text


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, locale: Locale) -> str:
    # Quebec writes 2 h 08, where Babel has 02 h 08.
    return format_time(dt.time(hour, minute), "H 'h' mm" if locale.language == "fr" else "short", locale=locale)


def _instant(value: dt.datetime, locale: Locale, zone: dt.tzinfo, hours: bool, now: dt.datetime | None) -> Moment:
    aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    local = aware.astimezone(zone)
    text = _long(local.date(), locale)
    if hours:
        text = f"{text}, {_clock(local.hour, local.minute, locale)}"
    return Moment(local.isoformat(timespec="seconds"), text, _hint(aware - now, locale, days=False) if now else "")


def _hint(distance: dt.timedelta, locale: Locale, *, days: bool) -> str:
    # "0 days ago" says nothing, and a clock that runs ahead must not put a message into the future.
    if days and not distance.days:
        return ""
    if not days and distance >= dt.timedelta(seconds=-59) and distance < dt.timedelta(minutes=5):
        return format_timedelta(dt.timedelta(minutes=-1), add_direction=True, locale=locale)
    granularity = "day" if days else "minute"
    return format_timedelta(_whole(distance), add_direction=True, locale=locale, granularity=granularity, threshold=1)


def _whole(distance: dt.timedelta) -> dt.timedelta:
    """Cut the distance to whole units of its largest one: nine and a half years are nine years, not ten."""
    seconds = abs(int(distance.total_seconds()))
    unit = next((unit for unit in _UNITS if seconds >= unit), 1)
    whole = dt.timedelta(seconds=seconds // unit * unit)
    return -whole if distance < dt.timedelta() else whole
