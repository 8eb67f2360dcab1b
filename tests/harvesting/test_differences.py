"""What differs between a source's list and what is known of it, without services."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.harvesting.engine.hashing import fingerprint, moment
from ckanext.participation.harvesting.engine.rules import Gone, Known, Row, Verdict

GUIDS = st.dictionaries(st.text(max_size=5), st.text(min_size=1, max_size=3), max_size=20)


@given(GUIDS, GUIDS)
def test_every_record_is_new_changed_unchanged_or_gone(before: dict[str, str], after: dict[str, str]) -> None:
    known = Known(Row(guid, modified) for guid, modified in before.items())
    found = {guid: known.see(guid, modified=modified) for guid, modified in after.items()}
    for guid, verdict in found.items():
        assert verdict == (
            Verdict.NEW if guid not in before else Verdict.UNCHANGED if before[guid] == after[guid] else Verdict.CHANGED
        )
    gone = {guid for guid in before if known.is_gone(guid)}
    assert gone == set(before) - set(after)
    assert known.gone() == Gone(len(gone), 0, 0, 0)


def test_a_record_that_failed_is_tried_again_though_the_source_says_the_same() -> None:
    assert Known([Row("a", "1", due=True)]).see("a", modified="1") is Verdict.RETRY


def test_a_record_mapped_with_other_settings_is_mapped_anew() -> None:
    known = Known([Row("a", "1", "c", stale=True)])
    assert known.see("a", content="c") is Verdict.CHANGED
    assert not known.has("a", "c")


def test_a_record_of_which_no_date_is_known_is_not_unchanged() -> None:
    assert Known([Row("a")]).see("a", modified="") is Verdict.CHANGED


def test_the_same_identifier_a_thousand_times_is_one_record() -> None:
    known = Known([Row("old", "1")])
    for guid in ("old", "new"):
        verdicts = [known.see(guid, modified="1") for _ in range(1000)]
        assert verdicts[1:] == [Verdict.REPEATED] * 999


def test_what_is_nothing_for_us_is_never_gone() -> None:
    known = Known([Row("harvest-source", "1", dataset=False), Row("dataset", "1")])
    assert (known.datasets, known.gone().unasked) == (1, 1)


def test_gone_records_are_counted_by_what_a_person_said() -> None:
    known = Known([Row("a"), Row("b", held="open"), Row("c", held="confirmed"), Row("d", held="refused"), Row("e", "1", held="open")])
    known.see("e", modified="1")
    assert known.gone() == Gone(unasked=2, confirmed=1, refused=1, returned=1)


def test_a_page_is_settled_when_nothing_is_left_to_do_about_its_records() -> None:
    known = Known([Row("a", page=1), Row("b", page=1, dataset=False), Row("c", page=2), Row("d", page=2, due=True)])
    assert known.settled(1)
    assert not known.settled(2)
    assert known.see_page(1) == (1, 0)
    assert known.see_page(1) == (0, 2)
    assert known.is_gone("c")


def test_a_list_is_worth_its_requests_only_when_most_is_expected_to_be_the_same() -> None:
    assert not Known([]).worth_listing
    assert not Known([Row("a", stale=True), Row("b", "1")]).worth_listing
    assert Known([Row("a", due=True), Row("b", "1"), Row("c", "1")]).worth_listing


def test_a_date_of_the_index_equals_that_of_the_dataset() -> None:
    assert moment("2024-03-01T10:00:00.123Z") == moment("2024-03-01T10:00:00.123999")
    assert moment("2024-03-01T10:00:00Z") == moment("2024-03-01T10:00:00.000400") != moment("2024-03-01T10:00:01Z")
    assert moment(None) == moment("") == ""
    assert moment("yesterday") == "yesterday"


def test_a_page_view_or_a_touch_is_no_change_of_a_dataset() -> None:
    first = {"id": "1", "title": "A", "metadata_modified": "2024-01-01", "resources": [{"url": "x", "tracking_summary": {"total": 1}}]}
    second = {"title": "A", "id": "1", "metadata_modified": "2024-02-01", "resources": [{"url": "x", "tracking_summary": {"total": 2}}]}
    assert fingerprint(first).content == fingerprint(second).content
    assert fingerprint({**second, "title": "B"}).content != fingerprint(first).content
    assert fingerprint({"title": "\ud800", "n": 2**70}).content


MEMORY = """
import resource
from ckanext.participation.harvesting.engine.rules import Known, Row
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
guid = "00000000-0000-4000-8000-{:012d}".format
known = Known(Row(guid(n), f"2024-01-01T00:00:{n % 60:02d}.{n % 1000:03d}") for n in range(100_000))
for n in range(1000, 101_000):
    known.see(guid(n), modified=f"2024-01-01T00:00:{n % 60:02d}.{n % 1000:03d}")
assert known.gone().unasked == 1000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_hundred_thousand_records_take_less_than_thirty_megabytes() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 30_000
