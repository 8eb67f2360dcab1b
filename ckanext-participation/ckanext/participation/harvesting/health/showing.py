"""Sources and runs as readers get them: judged, with their times in ISO 8601, and without what is not theirs to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.participation.common.translated import in_language
from ckanext.participation.harvesting import timetable
from ckanext.participation.harvesting.health import rules, wording
from ckanext.participation.harvesting.health.progress import progress
from ckanext.participation.harvesting.health.rules import Outcome, Run

Data = dict[str, Any]
_DID = ("listed", "unchanged", "new", "changed", "retried", "gone", "errors")


def source(row: Mapping[str, Any], now: datetime, night: timetable.Night, *, staff: bool = False) -> Data:
    """Return a source and how it stands. `staff`: whether its address may be shown whole, and the number of its held removal."""
    coming = next_run(
        row["id"], row["frequency"], row["runs"], now, night, row["planned"], row["left_alone_until"]) if row["active"] else None
    tries = [judged(one) for one in row["runs"]]
    share = rules.share(row["errors"], row["records"])
    state = rules.state(tries, frequency=row["frequency"] or "", succeeded=row["succeeded"], held=row["held_id"] is not None,
                        error_share=share, now=now)
    return {
        "id": row["id"], "name": row["name"], "title": row["title"], "private": row["private"], "active": bool(row["active"]),
        "url": row["url"] if staff else wording.public_address(row["url"] or ""),
        "source_type": row["type"], "frequency": row["frequency"] or "MANUAL", "organization": _organisation(row), "state": str(state),
        "last_success": _iso(row["succeeded"]),
        "days": (now - row["succeeded"]).days if row["succeeded"] else None,
        "late": rules.late(row["frequency"] or "", row["succeeded"], now),
        "next_run": _iso(coming.at) if coming else None, "next_why": str(coming.why) if coming else None,
        "records": row["records"], "errors": row["errors"], "error_share": share, "failures": rules.failures(tries),
        "held": {"id": row["held_id"], "at": _iso(row["held_at"]), "gone": row["held_gone"], "before": row["held_before"]}
                if staff and row["held_id"] is not None else None,
        "runs": [run(one, now) for one in row["runs"]],
    }


def next_run(source_id: str, frequency: str | None, runs: Sequence[Mapping[str, Any]], now: datetime, night: timetable.Night,
             planned: datetime | None, left_alone_until: datetime | None) -> timetable.Next | None:
    """Return when a source is read next, from its latest runs and from what its host asked this source or another one."""
    own = runs[0]["not_before"] if runs else None
    return timetable.next_run(frequency or "", source_id, [judged(one) for one in runs], now, night, planned=planned,
                              not_before=max(filter(None, (own, left_alone_until)), default=None))


def judged(row: Mapping[str, Any]) -> Run:
    """Return what is judged of a run."""
    return Run(bool(row["whole"]), row["ended"], bool(row["stop_asked"]), row["errors"] or 0)


def run(row: Mapping[str, Any], now: datetime) -> Data:
    """Return a run: what it did, and while it goes on how far it is."""
    outcome = judged(row).outcome
    began = row["started"] or row["asked"]
    shown: Data = {
        "id": row["job"], "outcome": str(outcome), "asked": _iso(row["asked"]), "started": _iso(row["started"]),
        "ended": _iso(row["ended"]),
        "seconds": max(0, round((row["ended"] - began).total_seconds())) if row["ended"] else None, "counted": row["run"] is not None,
        **{name: row[name] for name in _DID}, "progress": None}
    if outcome is Outcome.RUNNING:
        far = progress(
            begun=began, now=now, gathered=row["gathered"], ended=None, expected=row["expected"], read=row["read"] or 0,
            written=row["written"] or 0, to_write=sum(row[name] or 0 for name in ("new", "changed", "retried", "gone")),
            beat=row["beat"], known=row["run"] is not None, stopping=row["stop_asked"])
        shown["progress"] = {**asdict(far), "quiet": far.quiet, "beat": _iso(row["beat"] or row["gathered"] or began)}
    return shown


def _organisation(row: Mapping[str, Any]) -> Data | None:
    if not row["organization"]:
        return None
    title = in_language(row["organization_titles"], str(tk.h.lang()), row["organization_title"] or row["organization"])
    return {"id": row["organization_id"], "name": row["organization"], "title": title}


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
