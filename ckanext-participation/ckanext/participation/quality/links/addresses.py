"""The table of addresses: which datasets have which, which is asked next, and what the answers were."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urldefrag, urlsplit

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from sqlalchemy.dialects.postgresql import insert

from ckanext.participation.common.model import now
from ckanext.participation.quality.links import rules
from ckanext.participation.quality.model import Link, LinkDay, LinkUse, QualityMark

LONGEST: Final = 2000
# A round that was killed has its addresses asked again after this time.
LEASE: Final = timedelta(hours=1)


# Hundreds of rows as one value: to put them into words, column by column, would cost more than all the rest.
_ADD_LINKS: Final = sa.text("""
INSERT INTO participation_link (digest, url, host, state, why, failures, due_at)
SELECT digest, url, host, 'new', '', 0, :at FROM json_to_recordset(CAST(:rows AS json)) AS r(digest text, url text, host text)
ON CONFLICT DO NOTHING
""")
_ADD_USES: Final = sa.text("""
INSERT INTO participation_link_use (package_id, link_id)
SELECT package_id, link_id FROM json_to_recordset(CAST(:rows AS json)) AS r(package_id text, link_id bigint)
ON CONFLICT DO NOTHING
""")


def normal(url: str) -> tuple[str, str] | None:
    """Return an address without what servers never see, and its host; None for one that is not asked: no web address, or our own."""
    try:
        whole = urldefrag(url.strip())[0]
        parts = urlsplit(whole)
        host = (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        return None
    own = urlsplit(str(tk.config.get("ckan.site_url") or "")).hostname
    unfit = parts.scheme.lower() not in {"http", "https"} or not host or len(whole) > LONGEST or "\x00" in whole or parts.username
    return None if unfit or host == own else (whole, host)


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def of_datasets(urls: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Keep which datasets have which addresses, without committing; return the addresses' states by dataset."""
    wanted: dict[str, set[str]] = {}
    rows: dict[str, dict[str, Any]] = {}
    for package_id, given in urls.items():
        asked = {_digest(found[0]): found for url in given if (found := normal(url))}
        wanted[package_id] = set(asked)
        rows |= {digest: {"digest": digest, "url": url, "host": host} for digest, (url, host) in asked.items()}
    known = _known(rows)
    new = {digest: row for digest, row in sorted(rows.items()) if digest not in known}
    if new:
        model.Session.execute(_ADD_LINKS, {"rows": json.dumps(list(new.values())), "at": now()})
        known |= _known(new)
    before: dict[str, set[int]] = defaultdict(set)
    for package_id, link_id in model.Session.execute(
            sa.select(LinkUse.package_id, LinkUse.link_id).where(LinkUse.package_id.in_(list(urls)))):
        before[package_id].add(link_id)
    after = {package_id: {known[digest][0] for digest in digests} for package_id, digests in wanted.items()}
    added = [{"package_id": name, "link_id": number} for name, ids in sorted(after.items()) for number in sorted(ids - before[name])]
    if added:
        model.Session.execute(_ADD_USES, {"rows": json.dumps(added)})
    for name, ids in after.items():
        if gone := before[name] - ids:
            model.Session.execute(sa.delete(LinkUse).where(LinkUse.package_id == name, LinkUse.link_id.in_(gone)))
    return {name: [known[digest][1] for digest in sorted(digests)] for name, digests in wanted.items()}


def _known(digests: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    if not digests:
        return {}
    return {row.digest: (row.id, row.state) for row in model.Session.execute(
        sa.select(Link.digest, Link.id, Link.state).where(Link.digest.in_(list(digests))))}


def forget_unused() -> int:
    """Forget the addresses that no public dataset has any more; commit, return how many."""
    gone: Any = model.Session.execute(sa.delete(Link).where(~sa.exists().where(LinkUse.link_id == Link.id)))
    model.Session.commit()
    return gone.rowcount


# One address of each host, found host by host in the index: a server with 50,000 files must not hide the others.
_NEXT = sa.text("""
WITH RECURSIVE hosts AS (
    (SELECT host FROM participation_link ORDER BY host LIMIT 1)
    UNION ALL SELECT (SELECT l.host FROM participation_link l WHERE l.host > h.host ORDER BY l.host LIMIT 1)
    FROM hosts h WHERE h.host IS NOT NULL
)
SELECT f.id FROM hosts h JOIN LATERAL (
    SELECT l.id, l.due_at FROM participation_link l WHERE l.host = h.host AND l.due_at <= :now
        AND EXISTS (SELECT 1 FROM participation_link_use u WHERE u.link_id = l.id)
    ORDER BY l.due_at LIMIT 1) f ON true
WHERE h.host <> ALL(:busy) ORDER BY f.due_at LIMIT :most
""").bindparams(sa.bindparam("busy", type_=sa.ARRAY(sa.Text)))


def take(most: int, busy: Collection[str], at: datetime) -> list[tuple[int, str, str]]:
    """Take the addresses to ask next, at most one of each host: `[(id, url, host)]`. Commits, so that nobody else takes them."""
    ids = list(model.Session.scalars(_NEXT, {"now": at, "busy": sorted(busy), "most": most}))
    rows = model.Session.execute(
        sa.update(Link).where(Link.id.in_(ids), Link.due_at <= at).values(due_at=at + LEASE).returning(Link.id, Link.url, Link.host)).all()
    model.Session.commit()
    return [(row.id, row.url, row.host) for row in rows]


def settle(answers: Mapping[int, rules.Answer], at: datetime) -> None:
    """Write down what became of addresses, mark the datasets for which that changes something; commit."""
    changed = []
    for link in model.Session.scalars(sa.select(Link).where(Link.id.in_(list(answers))).order_by(Link.id).with_for_update()):
        answer = answers[link.id]
        known = rules.after(rules.Known(link.state, link.failures, link.failed_since, link.due_at), answer, at, link.id)
        if known.state != link.state:
            changed.append(link.id)
        link.state, link.failures, link.failed_since, link.due_at = known.state, known.failures, known.failed_since, known.due_at
        link.status, link.why, link.asked_at, link.moved_to = answer.status, answer.why, at, answer.moved_to
        if answer.kind == "there":
            link.answered_at = at
    model.Session.flush()
    if changed:
        model.Session.execute(sa.insert(QualityMark).from_select(
            ["package_id"], sa.select(LinkUse.package_id).where(LinkUse.link_id.in_(changed)).distinct()))
    model.Session.commit()


def leave_alone(host: str, until: datetime) -> None:
    """Ask nothing of a host before this moment; commit."""
    model.Session.execute(sa.update(Link).where(Link.host == host, Link.due_at < until).values(due_at=until))
    model.Session.commit()


def postpone(ids: Collection[int], until: datetime) -> None:
    """Ask these addresses later, as if they had not been asked; commit."""
    model.Session.execute(sa.update(Link).where(Link.id.in_(list(ids))).values(due_at=until))
    model.Session.commit()


def spent(at: datetime) -> int:
    """Return how many requests were made on this day."""
    row = model.Session.get(LinkDay, at.date(), populate_existing=True)
    return row.requests if row else 0


def spend(number: int, at: datetime) -> None:
    """Count requests; commit."""
    added = insert(LinkDay).values(day=at.date(), requests=number)
    model.Session.execute(added.on_conflict_do_update(index_elements=["day"], set_={"requests": LinkDay.requests + number}))
    model.Session.commit()


def dead_of(package_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the dead addresses of datasets, by the datasets' ids."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in model.Session.execute(
            sa.select(LinkUse.package_id, Link.url).join(Link, Link.id == LinkUse.link_id)
            .where(LinkUse.package_id.in_(package_ids), Link.state == "dead").order_by(LinkUse.package_id, Link.url)):
        found[row.package_id].append(row.url)
    return found


def counts() -> dict[str, int]:
    """Return how many addresses are in each state."""
    rows = model.Session.execute(sa.select(Link.state, sa.func.count()).group_by(Link.state).order_by(Link.state))
    return {row[0]: row[1] for row in rows}
