"""What was carried and what was not: counts by table and reason, and with a file every such row."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from ckanext.participation.threads.importing.shapes import Loss

REASONS = {
    "subject_type": "it is about something that has no conversations here",
    "package_type": "it is about a dataset of another type, which has no conversations here",
    "group": "it is about a group; only organisations have conversations here",
    "no_beginning": "it answers a message that leads back to itself",
    "extras": "the message is carried, its extra fields are not",
    "reuse": "a reuse of data, or a word about one: that is a showcase, not a conversation",
    "likes": "likes of a file are a number there; ours belong to persons",
    "statistics": "counts of downloads and likes are no conversations",
    "draft": "what somebody wrote before sending was never published",
    "picture": "the message is carried, its picture is not: the file is in the former site's storage",
    "no_date": "the message is carried; it had no date and bears that of the import",
    "stars_range": "the message is carried, its stars are not: they are not from 1 to 5",
    "stars_held": "the message is carried and waits for a look; its stars are not, as nobody had approved them",
    "stars_subject": "the message is carried, its stars are not: the dataset of the file is not known",
    "status": "the message is carried; that its handling had begun is not, as ours is open or done",
    "like_unknown": "the message is carried, the administrator's like is not: it does not say whose it was",
    "outcome": "the report is carried as fixed: whether it was declined is not recorded",
    "abuse_report": "who reported a text as abuse is not carried; that it was hidden is",
    "category": "categories were never linked to an issue",
    "split": "the text was longer than a message may be and is carried as several messages",
    "title": "the title was longer than it may be; the whole of it stands in the message",
    "no_text": "the message had no text; its place is kept",
}
MADE = ("conversations", "messages", "stars", "likes")
COLUMNS = ("table", "id", "carried", "reason", "explanation", "detail")


class Report:
    """Counts as the import goes; `file` takes a line of CSV for each row that was not carried, or not whole."""

    def __init__(self, file: TextIO | None = None) -> None:
        self.carried: Counter[str] = Counter()
        self.already: Counter[str] = Counter()
        self.lost: Counter[tuple[str, str]] = Counter()
        self.changed: Counter[tuple[str, str]] = Counter()
        self.made: Counter[str] = Counter()
        self._csv = csv.writer(file) if file else None
        if self._csv:
            self._csv.writerow(COLUMNS)

    def loss(self, loss: Loss) -> None:
        """Note a row that is not carried, or carried without a part of it."""
        (self.lost if loss.whole else self.changed)[loss.table, loss.reason] += 1
        if self._csv:
            self._csv.writerow((loss.table, loss.id, "no" if loss.whole else "in part", loss.reason, REASONS[loss.reason],
                                _harmless(loss.detail)))

    def rows(self, table: str) -> int:
        """Return how many rows of a table were accounted for."""
        return (self.carried[table] + self.already[table]
                + sum(count for (name, _), count in self.lost.items() if name == table))

    def lines(self) -> Iterator[str]:
        """Give the summary for the operator."""
        tables = dict.fromkeys([*self.carried, *self.already, *(table for table, _ in self.lost)])
        yield "table: rows = carried + carried before + not carried"
        for table in tables:
            lost = sum(count for (name, _), count in self.lost.items() if name == table)
            yield f"  {table}: {self.rows(table)} = {self.carried[table]} + {self.already[table]} + {lost}"
        for title, counts in (("not carried", self.lost), ("carried with a change", self.changed)):
            if counts:
                yield f"{title}:"
                for (table, reason), count in sorted(counts.items()):
                    yield f"  {table}: {count}: {REASONS[reason]}"
        yield "made here: " + ", ".join(f"{self.made[name]} {name}" for name in MADE)


def _harmless(detail: str) -> str:
    """Return a citizen's words so that no spreadsheet takes them for a formula."""
    return "'" + detail if detail[:1] in ("=", "+", "-", "@", "\t", "\r") else detail
