"""Asking addresses: a server of our own, real sockets, a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from quality.conftest import GOOD, Served

from ckanext.participation.quality import computing, rules
from ckanext.participation.quality.links import addresses
from ckanext.participation.quality.links.checking import OUTAGE, Checker
from ckanext.participation.quality.model import Link, Quality

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "with_request_context")

Make = Callable[..., dict[str, Any]]


class Site:
    """A checker with its clock in the test's hands, far enough ahead that everything new is due."""

    def __init__(self, served: Served, dataset: Make) -> None:
        self.served, self.dataset = served, dataset
        self.seconds = 0.0
        self.start = datetime.now(UTC) + timedelta(minutes=1)
        self.checker = Checker(lambda: self.seconds, lambda: self.start + timedelta(seconds=self.seconds), served.resolve)

    def publish(self, *urls: str, **fields: Any) -> dict[str, Any]:
        about = self.dataset(**GOOD | {"resources": [{"url": url, "format": "CSV"} for url in urls]} | fields)
        computing.marked()
        return about

    def round(self, seconds: float = 2) -> None:
        self.checker.go_on()
        self.checker.wait()
        self.seconds += seconds

    def rounds(self, most: int = 30) -> None:
        for _round in range(most):
            self.round()
            if self.checker.idle:
                return
        raise AssertionError("the checker does not come to an end")

    def days(self, days: float) -> None:
        self.seconds += days * 86400
        self.rounds()

    def state(self, url: str) -> Link:
        model.Session.expire_all()
        return model.Session.scalars(sa.select(Link).where(Link.url == url)).one()


@pytest.fixture
def site(served: Served, dataset: Make) -> Site:
    return Site(served, dataset)


def test_an_address_that_answers_is_alive_and_asked_again_in_a_month(site: Site) -> None:
    url = site.served.url("/a.csv")
    about = site.publish(url)
    site.rounds()
    assert site.state(url).state == "alive"
    assert site.served.asked == [("HEAD", "/a.csv")]
    computing.marked()
    row = model.Session.get(Quality, about["id"])
    assert row
    assert rules.answer(row.met, row.missing, "links") is True
    site.days(20)
    assert len(site.served.asked) == 1
    site.days(17)
    assert len(site.served.asked) == 2


def test_servers_learn_who_asks(site: Site, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "participation.fetch.contact", "opendata@example.org")
    monkeypatch.setitem(ckan_config, "ckan.site_title", "Données (Québec)\r\nX: y")
    site.publish(site.served.url("/a.csv"))
    site.rounds()
    said = site.served.headers[0]["User-Agent"]
    assert said.startswith("ckanext-participation (Donnees QuebecX: y; link check; +http")
    assert said.endswith("opendata@example.org)")


def test_who_refuses_head_is_asked_for_one_byte(site: Site) -> None:
    site.served.answers["/a.csv"] = lambda method: (405, {}) if method == "HEAD" else (206, {})
    url = site.served.url("/a.csv")
    site.publish(url)
    site.rounds()
    assert site.served.asked == [("HEAD", "/a.csv"), ("GET", "/a.csv")]
    assert site.served.headers[1]["Range"] == "bytes=0-0"
    assert site.state(url).state == "alive"


def test_a_file_of_any_size_is_not_read(site: Site) -> None:
    site.served.answers["/a.csv"] = lambda method: (405, {}) if method == "HEAD" else (200, {"Content-Length": str(10**15)})
    url = site.served.url("/a.csv")
    site.publish(url)
    site.rounds()
    assert site.state(url).state == "alive"


def test_a_dead_address_is_found_and_told_of(site: Site) -> None:
    site.served.answers["/a.csv"] = (404, {})
    url = site.served.url("/a.csv")
    about = site.publish(url)
    site.rounds()
    assert site.state(url).state == "unknown"
    site.days(1.1)
    assert site.state(url).state == "dead"
    computing.marked()
    row = model.Session.get(Quality, about["id"], populate_existing=True)
    assert row
    assert row.dead == 1
    assert rules.answer(row.met, row.missing, "links") is False
    site.served.answers.clear()
    site.days(7.1)
    assert site.state(url).state == "alive"
    computing.marked()
    row = model.Session.get(Quality, about["id"], populate_existing=True)
    assert row
    assert row.dead == 0


def test_a_server_that_hangs_up_is_dead_after_three_days_only(site: Site) -> None:
    site.served.answers["/a.csv"] = None
    url = site.served.url("/a.csv")
    site.publish(url)
    site.rounds()
    site.days(1.6)
    assert site.state(url).state == "unknown"
    site.days(1.6)
    assert site.state(url).state == "dead"


def test_a_redirect_for_ever_is_told_and_one_for_now_is_not(site: Site) -> None:
    site.served.answers |= {"/old": (301, {"Location": "/new"}), "/today": (302, {"Location": "/new"}),
                            "/half": (301, {"Location": "/today"})}
    old, today, half = (site.served.url(path) for path in ("/old", "/today", "/half"))
    site.publish(old, today, half)
    site.rounds(60)
    assert (site.state(old).state, site.state(old).moved_to) == ("moved", site.served.url("/new"))
    assert [site.state(url).state for url in (today, half)] == ["alive", "alive"]


def test_a_redirect_in_a_circle_ends(site: Site) -> None:
    site.served.answers["/a"] = (302, {"Location": "/a"})
    url = site.served.url("/a")
    site.publish(url)
    site.rounds()
    assert site.state(url).state == "unknown"
    assert len(site.served.asked) == 6


def test_a_redirect_to_this_machine_is_not_followed(site: Site, ckan_config: Any) -> None:
    site.served.answers["/a"] = (302, {"Location": "http://127.0.0.1:1/secret"})
    url = site.served.url("/a")
    site.publish(url)
    site.checker.resolve = lambda host, port: [(2, 1, 6, "", ("127.0.0.1", port))]
    site.rounds()
    assert site.state(url).why == "The address is not a public web address, so it was not asked."


def test_a_private_address_is_not_asked(site: Site, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "participation.fetch.allow", [])
    url = site.served.url("/a.csv")
    site.publish(url)
    site.rounds()
    assert site.served.asked == []
    assert site.state(url).state == "unknown"


def test_one_host_gets_one_request_at_a_time_with_a_pause(site: Site) -> None:
    site.publish(*(site.served.url(f"/{number}.csv") for number in range(5)))
    site.round(0.5)
    site.round(0.9)
    site.round(0.2)
    assert len(site.served.asked) == 1
    site.round(0)
    assert len(site.served.asked) == 2
    assert site.served.most_at_once == 1


def test_a_host_with_many_files_does_not_hide_the_others(site: Site) -> None:
    site.publish(*(site.served.url(f"/{number}.csv", "big.example.org") for number in range(50)))
    site.publish(site.served.url("/other.csv", "small.example.org"))
    site.round()
    assert ("HEAD", "/other.csv") in site.served.asked


def test_a_server_is_left_alone_for_as_long_as_it_says(site: Site) -> None:
    site.served.answers["/0.csv"] = (429, {"Retry-After": "86400"})
    site.publish(site.served.url("/0.csv"))
    site.round()
    site.checker.go_on()
    site.publish(*(site.served.url(f"/{number}.csv") for number in (0, 1)))
    addresses.leave_alone("data.example.org", site.start + timedelta(days=1))
    site.rounds()
    assert len(site.served.asked) == 1
    site.days(1.1)
    assert ("HEAD", "/1.csv") in site.served.asked


def test_the_day_has_a_budget(site: Site, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "participation.links.per_day", 2)
    site.publish(*(site.served.url("/a.csv", f"h{number}.example.org") for number in range(4)))
    for _round in range(5):
        site.round()
    assert len(site.served.asked) == 2
    site.seconds += 86400
    for _round in range(5):
        site.round()
    assert len(site.served.asked) == 4


def test_a_round_has_a_budget(site: Site, ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "participation.links.per_run", 3)
    site.publish(*(site.served.url("/a.csv", f"h{number}.example.org") for number in range(7)))
    site.round()
    assert len(site.served.asked) == 3
    site.rounds()
    assert len(site.served.asked) == 7


def test_when_this_site_is_cut_off_no_address_is_blamed(site: Site) -> None:
    site.served.answers["/a.csv"] = None
    urls = [site.served.url("/a.csv", f"h{number}.example.org") for number in range(OUTAGE + 5)]
    site.publish(*urls)
    site.rounds(60)
    assert sum(site.state(url).failures for url in urls) <= OUTAGE


def test_what_a_killed_round_took_comes_again(site: Site) -> None:
    url = site.served.url("/a.csv")
    site.publish(url)
    taken = addresses.take(10, [], site.start)
    assert [row[1] for row in taken] == [url]
    assert addresses.take(10, [], site.start) == []
    assert [row[1] for row in addresses.take(10, [], site.start + timedelta(hours=2))] == [url]


@pytest.mark.parametrize("url", ["ftp://example.org/a", "/local/file.csv", "http://user:secret@example.org/a", "http://[", "mailto:a@example.org",
                                 "https://example.org/" + "a" * 2000, "javascript:alert(1)", "http://"])
def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    assert addresses.normal(url) is None


def test_an_address_that_no_dataset_has_any_more_is_forgotten(site: Site) -> None:
    from ckan.tests import helpers

    about = site.publish(site.served.url("/a.csv"))
    helpers.call_action("package_patch", id=about["id"], resources=[])
    computing.marked()
    site.rounds()
    assert site.served.asked == []
    assert addresses.forget_unused() == 1
