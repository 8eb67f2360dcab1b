"""The recorded CKAN portal answers as CKAN's action API does."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from replay import Replay


def call(replay: Replay, action: str, **parameters: Any) -> Any:
    reply = requests.get(replay.url(f"/csa/api/3/action/{action}"), params=parameters, timeout=10)
    assert reply.status_code == 200, reply.text
    assert reply.json()["success"] is True
    return reply.json()["result"]


def error(replay: Replay, action: str, **parameters: Any) -> tuple[int, dict[str, Any]]:
    reply = requests.get(replay.url(f"/csa/api/3/action/{action}"), params=parameters, timeout=10)
    assert reply.json()["success"] is False
    return reply.status_code, reply.json()["error"]


def ids(replay: Replay, **parameters: Any) -> list[str]:
    return [
        each["id"]
        for each in call(replay, "package_search", rows=1000, fl="id", sort="id asc", **parameters)["results"]
    ]


def test_the_whole_portal_is_searched_by_default(replay: Replay) -> None:
    result = call(replay, "package_search")
    assert result["count"] == 136
    assert len(result["results"]) == 10
    assert result["sort"] == "score desc, metadata_modified desc"


def test_results_are_the_datasets_as_package_show_gives_them(replay: Replay) -> None:
    found = call(replay, "package_search", rows=1)["results"][0]
    assert call(replay, "package_show", id=found["id"]) == found
    assert call(replay, "package_show", id=found["name"]) == found
    assert found["title_translated"].keys() == {"en", "fr"}


def test_offset_paging_sees_every_dataset_once(replay: Replay) -> None:
    seen: list[str] = []
    for start in range(0, 200, 50):
        seen += [
            each["id"]
            for each in call(replay, "package_search", rows=50, start=start, sort="id asc")["results"]
        ]
    assert len(seen) == len(set(seen)) == 136
    assert seen == sorted(seen)


def test_keyset_paging_by_id_sees_every_dataset_once(replay: Replay) -> None:
    seen: list[str] = []
    after = "*"
    while True:
        page = call(
            replay,
            "package_search",
            rows=40,
            sort="id asc",
            fl="id,name,metadata_modified",
            fq=f"id:{{{after} TO *]",
        )
        if not page["results"]:
            break
        seen += [each["id"] for each in page["results"]]
        after = f'"{seen[-1]}"'
    assert seen == sorted(each["id"] for each in replay.csa.datasets.values())


def test_fl_gives_the_fields_asked_for_as_solr_stores_them(replay: Replay) -> None:
    dataset = call(
        replay, "package_search", fl="id,name,organization,metadata_modified", rows=1, sort="id asc"
    )["results"][0]
    full = call(replay, "package_show", id=dataset["id"])
    assert dataset.keys() == {"id", "name", "organization", "metadata_modified"}
    assert dataset["organization"] == "csa-asc"
    assert dataset["metadata_modified"].endswith("Z")
    assert full["metadata_modified"].startswith(dataset["metadata_modified"].rstrip("Z"))


def test_a_date_range_holds_what_changed_since(replay: Replay) -> None:
    since = ids(replay, fq="metadata_modified:[2021-10-01T00:00:00Z TO *]")
    before = ids(replay, fq="metadata_modified:[* TO 2021-10-01T00:00:00Z}")
    assert len(since) == 18
    assert not set(since) & set(before)
    assert len(since) + len(before) == 136


def test_an_exclusive_end_leaves_its_own_value_out(replay: Replay) -> None:
    first, second = ids(replay)[:2]
    assert ids(replay, fq=f'id:["{first}" TO "{second}"]') == [first, second]
    assert ids(replay, fq=f'id:{{"{first}" TO "{second}"]') == [second]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("organization:csa-asc", 136),
        ("-organization:csa-asc", 0),
        ("organization:(csa-asc OR other)", 136),
        ("organization:other OR organization:csa-asc", 136),
        ("organization:csa-asc AND res_format:NetCDF", 2),
        ("+organization:csa-asc -res_format:NetCDF", 134),
        ("organization:csa-asc NOT res_format:NetCDF", 134),
        ("res_format:Net*", 2),
        ("license_id:ca-ogl-lgo", 136),
        ("*:*", 136),
    ],
)
def test_filters_are_joined_as_solr_joins_them(replay: Replay, query: str, count: int) -> None:
    assert call(replay, "package_search", fq=query, rows=0)["count"] == count


def test_several_filters_narrow_each_other(replay: Replay) -> None:
    both = call(
        replay,
        "package_search",
        fq=["res_format:CSV", "metadata_modified:[2021-10-01T00:00:00Z TO *]"],
        rows=0,
    )
    one = call(replay, "package_search", fq="res_format:CSV", rows=0)
    assert 0 < both["count"] < one["count"]


def test_words_are_found_without_their_accents_in_both_languages(replay: Replay) -> None:
    assert call(replay, "package_search", q="évaluation", rows=0)["count"] > 0
    assert ids(replay, q="evaluation agence") == ids(replay, q="Évaluation AGENCE")


def test_newest_first(replay: Replay) -> None:
    dates = [
        each["metadata_modified"]
        for each in call(replay, "package_search", rows=1000, sort="metadata_modified desc, id asc")[
            "results"
        ]
    ]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] != dates[-1]


def test_facets_count_what_was_found(replay: Replay) -> None:
    result = call(replay, "package_search", rows=0, **{"facet.field": '["organization","res_format"]'})
    assert result["facets"]["organization"] == {"csa-asc": 136}
    item = result["search_facets"]["organization"]["items"][0]
    assert item == {
        "name": "csa-asc",
        "display_name": "Canadian Space Agency | Agence spatiale canadienne",
        "count": 136,
    }


def test_a_posted_json_object_is_read_like_a_query_string(replay: Replay) -> None:
    url = replay.url("/csa/api/3/action/package_search")
    posted = requests.post(
        url, json={"rows": 2, "sort": "name asc", "fq_list": ["res_format:CSV"]}, timeout=10
    ).json()
    asked = requests.get(
        url, params={"rows": 2, "sort": "name asc", "fq": "res_format:CSV"}, timeout=10
    ).json()
    assert posted == asked


def test_no_more_than_a_thousand_rows_are_given(replay: Replay) -> None:
    example = next(iter(replay.csa.datasets.values()))
    replay.csa.datasets = {
        f"n{number}": {**example, "id": f"i{number}", "name": f"n{number}"} for number in range(1100)
    }
    result = call(replay, "package_search", rows=5000, fl="id")
    assert result["count"] == 1100
    assert len(result["results"]) == 1000


def test_an_unknown_dataset_is_not_found(replay: Replay) -> None:
    status, details = error(replay, "package_show", id="no-such-dataset")
    assert status == 404
    assert details == {"__type": "Not Found Error", "message": "Not found"}


def test_a_missing_id_is_a_validation_error(replay: Replay) -> None:
    status, details = error(replay, "package_show")
    assert status == 409
    assert details == {"__type": "Validation Error", "id": ["Missing value"]}


def test_a_row_count_that_is_no_number_is_a_validation_error(replay: Replay) -> None:
    status, details = error(replay, "package_search", rows="many")
    assert (status, details["__type"], details["rows"]) == (409, "Validation Error", ["Invalid integer"])


def test_deep_paging_by_cursor_is_refused(replay: Replay) -> None:
    status, details = error(replay, "package_search", cursorMark="*")
    assert (status, details["__type"]) == (400, "Search Query Error")
    assert "cursorMark" in details["message"]


@pytest.mark.parametrize("sort", ["id", "id sideways", "id asc,"])
def test_a_sort_that_cannot_be_read_is_refused(replay: Replay, sort: str) -> None:
    status, details = error(replay, "package_search", sort=sort)
    assert (status, details["__type"]) == (400, "Search Query Error")


@pytest.mark.parametrize(
    "query", ["(open", "a AND", "metadata_modified:[yesterday TO *]", 'title:"unfinished', "]"]
)
def test_a_filter_that_cannot_be_read_is_a_search_error(replay: Replay, query: str) -> None:
    status, details = error(replay, "package_search", fq=query)
    assert (status, details["__type"]) == (409, "Search Error")


def test_an_unknown_action_is_a_bad_request(replay: Replay) -> None:
    reply = requests.get(replay.url("/csa/api/3/action/package_forget"), timeout=10)
    assert reply.status_code == 400
    assert "package_forget" in reply.json()


def test_broken_json_is_a_bad_request(replay: Replay) -> None:
    url = replay.url("/csa/api/3/action/package_show")
    assert requests.post(url, data='{"id": ', timeout=10).status_code == 400


def test_the_organisation_is_listed_and_shown_with_its_count(replay: Replay) -> None:
    assert call(replay, "organization_list") == ["csa-asc"]
    listed = call(replay, "organization_list", all_fields="true")[0]
    shown = call(replay, "organization_show", id=listed["id"])
    assert shown["package_count"] == listed["package_count"] == 136
    assert "Agence spatiale canadienne" in shown["title"]
    assert error(replay, "organization_show", id="other")[0] == 404


def test_there_are_no_groups(replay: Replay) -> None:
    assert call(replay, "group_list") == []
    assert error(replay, "group_show", id="space")[0] == 404


def test_the_portal_says_what_it_is(replay: Replay) -> None:
    assert call(replay, "site_read") is True
    assert call(replay, "status_show")["site_url"] == replay.url("/csa")
    assert [each["id"] for each in call(replay, "license_list")] == ["ca-ogl-lgo"]


def test_names_are_listed_in_order_and_in_pages(replay: Replay) -> None:
    names = call(replay, "package_list")
    assert names == sorted(replay.csa.datasets)
    assert call(replay, "package_list", limit=5, offset=3) == names[3:8]


def test_a_dataset_removed_between_two_runs_is_gone(replay: Replay) -> None:
    name, dataset = replay.csa.datasets.popitem()
    assert error(replay, "package_show", id=name)[0] == 404
    assert dataset["id"] not in ids(replay)


def test_a_private_or_deleted_dataset_is_not_listed(replay: Replay) -> None:
    private, deleted = list(replay.csa.datasets.values())[:2]
    private["private"], deleted["state"] = True, "deleted"
    assert not {private["id"], deleted["id"]} & set(ids(replay))
    assert error(replay, "package_show", id=private["id"])[0] == 403
    assert error(replay, "package_show", id=deleted["id"])[0] == 404


def test_a_changed_dataset_is_found_by_its_new_date(replay: Replay) -> None:
    dataset = next(iter(replay.csa.datasets.values()))
    dataset["metadata_modified"] = "2030-01-01T00:00:00.123456"
    assert ids(replay, fq="metadata_modified:[2029-12-31T00:00:00Z TO *]") == [dataset["id"]]
    changed = call(
        replay,
        "package_search",
        fq="metadata_modified:[2029-12-31T00:00:00Z TO *]",
        fl="metadata_modified,id",
    )
    assert changed["results"][0]["metadata_modified"] == "2030-01-01T00:00:00.123Z"
