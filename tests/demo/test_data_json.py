"""The recorded DCAT-US inventory is served with the headers that let a harvester skip it."""

from __future__ import annotations

from collections import Counter
from email.utils import format_datetime, parsedate_to_datetime

import requests
from replay import Replay

PLAIN = {"Accept-Encoding": "identity"}


def get(replay: Replay, **headers: str) -> requests.Response:
    return requests.get(replay.url("/us/data.json"), headers=PLAIN | headers, timeout=10)


def test_the_inventory_is_dcat_us_with_a_hundred_and_seventy_datasets(replay: Replay) -> None:
    reply = get(replay)
    catalogue = reply.json()
    assert reply.headers["Content-Type"].startswith("application/json")
    assert catalogue["conformsTo"] == "https://project-open-data.cio.gov/v1.1/schema"
    assert catalogue["@id"] == replay.url("/us/data.json")
    assert (
        len({dataset["identifier"] for dataset in catalogue["dataset"]}) == len(catalogue["dataset"]) == 170
    )


def test_it_is_as_mixed_as_a_real_inventory(replay: Replay) -> None:
    datasets = get(replay).json()["dataset"]
    licences = Counter(dataset.get("license") for dataset in datasets)
    assert licences[None] > 10
    assert len(licences) > 5
    assert len({dataset["publisher"]["name"] for dataset in datasets}) > 20
    assert {"public", "non-public"} <= {dataset["accessLevel"] for dataset in datasets}
    assert sum(1 for dataset in datasets if dataset.get("distribution")) >= 169


def test_an_unchanged_inventory_is_not_sent_again(replay: Replay) -> None:
    first = get(replay)
    by_tag = get(replay, **{"If-None-Match": first.headers["ETag"]})
    by_date = get(replay, **{"If-Modified-Since": first.headers["Last-Modified"]})
    for again in (by_tag, by_date):
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["ETag"] == first.headers["ETag"]


def test_one_of_several_known_tags_is_enough(replay: Replay) -> None:
    tag = get(replay).headers["ETag"]
    assert get(replay, **{"If-None-Match": f'"other", W/{tag}'}).status_code == 304
    assert get(replay, **{"If-None-Match": '"other"'}).status_code == 200


def test_a_tag_counts_more_than_a_date(replay: Replay) -> None:
    headers = {"If-None-Match": '"other"', "If-Modified-Since": get(replay).headers["Last-Modified"]}
    assert get(replay, **headers).status_code == 200


def test_an_older_or_unreadable_date_gets_the_whole_inventory(replay: Replay) -> None:
    assert get(replay, **{"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}).status_code == 200
    assert get(replay, **{"If-Modified-Since": "last week"}).status_code == 200


def test_a_change_gives_a_new_tag_and_a_later_date(replay: Replay) -> None:
    first = get(replay)
    replay.us.datasets[0]["title"] = "Changed"
    second = get(replay, **{"If-None-Match": first.headers["ETag"]})
    replay.us.datasets.pop()
    third = get(replay, **{"If-Modified-Since": second.headers["Last-Modified"]})
    assert (second.status_code, third.status_code) == (200, 200)
    assert second.json()["dataset"][0]["title"] == "Changed"
    assert len(third.json()["dataset"]) == 169
    dates = [parsedate_to_datetime(reply.headers["Last-Modified"]) for reply in (first, second, third)]
    assert dates[0] < dates[1] < dates[2]
    assert format_datetime(dates[0], usegmt=True) == first.headers["Last-Modified"]


def test_head_gives_the_headers_without_the_body(replay: Replay) -> None:
    head = requests.head(replay.url("/us/data.json"), headers=PLAIN, timeout=10)
    whole = get(replay)
    assert head.content == b""
    for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length"):
        assert head.headers[name] == whole.headers[name]


def test_it_is_compressed_for_those_who_accept_it(replay: Replay) -> None:
    plain = get(replay)
    packed = get(replay, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 3
    assert packed.json() == plain.json()
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert (
        get(replay, **{"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}).status_code == 304
    )


def test_compression_that_is_declined_is_not_used(replay: Replay) -> None:
    assert "Content-Encoding" not in get(replay, **{"Accept-Encoding": "gzip;q=0"}).headers
