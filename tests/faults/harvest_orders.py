"""The part of the harvests' fault programmes that runs inside CKAN: `serve(INI)` obeys orders, a line of JSON each.

Everything is asked of CKAN's own actions, as forms and buttons do.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

from bench import orders

Rows = list[tuple[Any, ...]]


def serve(ini: str) -> None:
    """Obey orders until there are no more."""
    orders.serve(ini, ORDERS)


def source(name: str, kind: str, url: str) -> str:
    """Make a harvest source with an organisation of its own; its id. There may be others with the same address."""
    title = {"en": name, "fr": name}
    owner = _call("organization_create", name=f"{name}-owner", title_translated=title)
    return _call("harvest_source_create", name=name, title=name, url=url, source_type=kind, owner_org=owner["id"], frequency="MANUAL",
                 config=json.dumps({"organizations": "source", "keep_extras": [name]}))["id"]


def ask(source: str) -> str:
    """Ask for a harvest, as the button does; the job's id."""
    return _call("harvest_job_create", source_id=source, run=True)["id"]


# -- what may be asked, and where: for the canary -------------------------------------------------------------------


def allow(addresses: list[str]) -> None:
    """Set the addresses that may be asked although they are not public."""
    import ckan.plugins.toolkit as tk

    tk.config["participation.fetch.allow"] = addresses


def names(answers: dict[str, list[list[str]]]) -> None:
    """Give names that no resolver knows: the first request for one has the first addresses, the last ones stay."""
    asked: dict[str, int] = {}

    def looked_up(host: Any, port: Any, *more: Any, **words: Any) -> Rows:
        if host not in answers:
            return _system(host, port, *more, **words)
        turn = min(asked.get(host, 0), len(answers[host]) - 1)
        asked[host] = turn + 1
        return [row for address in answers[host][turn] for row in _system(address, port, *more, **words)]

    socket.getaddrinfo = looked_up


_system: Callable[..., Rows] = socket.getaddrinfo


def harvest(source: str) -> list[str]:
    """Harvest a source in this process; all sentences of the report."""
    from ckan import model
    from ckanext.harvest.model import HarvestGatherError, HarvestJob, HarvestObject, HarvestObjectError

    from ckanext.participation.harvesting import consuming

    job: Any = HarvestJob.get(_call("harvest_job_create", source_id=source, run=False)["id"])
    job.status = "Running"
    job.save()
    identifier = job.id
    consuming.run(identifier)
    model.Session.commit()
    about_all = model.Session.query(HarvestGatherError.message).filter_by(harvest_job_id=identifier)
    about_one = model.Session.query(HarvestObjectError.message).join(HarvestObject).filter(HarvestObject.harvest_job_id == identifier)
    found = [row[0] for row in [*about_all, *about_one]]
    model.Session.remove()
    return found


def preview(url: str, kind: str, name: str) -> list[str]:
    """Look at what a source would bring, as its form and the job worker do; what is said about it."""
    from ckan import model

    from ckanext.participation.harvesting import previews

    user: Any = model.User.get(_person())
    _call("organization_create", name=f"{name}-owner", title_translated={"en": name, "fr": name})
    made = previews.start(user.id, {"url": url, "source_type": kind, "config": "", "owner_org": f"{name}-owner"})
    previews.read(made["id"])
    done = previews.load(made["id"]) or {}
    return [one for one in (done["problem"], (done["sample"] or {}).get("problem", "")) if one]


def check_links(urls: list[str], name: str) -> list[str]:
    """Publish a dataset with files at these addresses and ask them, as the link checker does; what it noted about each."""
    import threading

    from ckan import model

    from ckanext.participation.quality import computing
    from ckanext.participation.quality.links.checking import Checker
    from ckanext.participation.quality.model import Link

    title = {"en": name, "fr": name}
    owner = _call("organization_create", name=f"{name}-owner", title_translated=title)
    files = [{"url": url, "access_url": url, "format": "CSV"} for url in urls]
    _call("package_create", name=name, title_translated=title, owner_org=owner["id"], resources=files)
    computing.marked()
    checker, ended = Checker(), threading.Event()
    while True:
        checker.go_on()
        if checker.idle:
            break
        checker.wait()
        ended.wait(0.1)
    checker.stop()
    rows = {row.url: f"{row.state}: {row.why or row.status}" for row in model.Session.query(Link)}
    model.Session.remove()
    return [rows[url] for url in urls]


ORDERS: dict[str, Callable[..., Any]] = {
    "source": source, "ask": ask, "allow": allow, "names": names, "harvest": harvest, "preview": preview, "check_links": check_links}


def _person() -> str:
    import ckan.plugins.toolkit as tk

    return tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]


def _call(action: str, **words: Any) -> Any:
    import ckan.plugins.toolkit as tk

    return tk.get_action(action)({"user": _person(), "ignore_auth": True}, words)
