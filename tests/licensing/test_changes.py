"""What is noted when the licence of a dataset or of a file changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from licensing.conftest import BY, NC, OGL, ZERO
from sqlalchemy.exc import IntegrityError
from statements import statements

from ckanext.participation.common import subjects
from ckanext.participation.common.model import Event, Outbox, Subject
from ckanext.participation.licensing.model import LicenceChange

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "with_request_context")

Data = dict[str, Any]
Do = Callable[..., Any]
History = Callable[..., list[Data]]


def count(row: Any) -> int:
    return model.Session.scalar(sa.select(sa.func.count()).select_from(row)) or 0


def events(kind: str = "licence.changed") -> list[Event]:
    return list(model.Session.scalars(sa.select(Event).where(Event.type == kind).order_by(Event.id)))


@pytest.mark.parametrize(("after", "kind", "state"), [
    (NC, "narrowed", "open"), (ZERO, "widened", "noted"), (BY, "mixed", "open"), ("notspecified", "dropped", "open"), ("", "dropped", "open"),
    ("house-rules", "unclear", "open")])  # fmt: skip
def test_an_edit_that_changes_the_licence_is_noted(snow: Data, change: Do, history: History, after: str, kind: str, state: str) -> None:
    change(snow, snow["staff"], license_id=after)
    [row] = history(snow)
    assert (row["kind"], row["state"], row["via"], row["before"]["id"], row["files"]) == (kind, state, "edit", OGL, None)
    assert row["since"][:19] == snow["metadata_created"][:19]
    [event] = events()
    assert event.data["changes"] == [{"id": row["id"], "kind": kind, "before": OGL, "after": row["after"]["id"], "files": None}]


def test_the_old_terms_stay_readable_with_their_dates(snow: Data, change: Do, history: History) -> None:
    for after in (NC, BY, ZERO):
        change(snow, snow["staff"], license_id=after)
    rows = history(snow)
    assert [(row["before"]["id"], row["after"]["id"]) for row in rows] == [(BY, ZERO), (NC, BY), (OGL, NC)]
    assert [row["since"] for row in rows[:2]] == [row["at"] for row in rows[1:]]
    assert "commercial-use" in [term["id"] for term in rows[2]["before"]["may"]]
    assert [term["id"] for term in rows[2]["gone"]] == ["commercial-use"]
    page = tk.get_action("participation_licence_change_list")({"user": ""}, {"id": snow["name"]})
    assert (page["now"]["id"], page["now"]["since"]) == (ZERO, rows[0]["at"])


@pytest.mark.parametrize("spelling", ["ogl-canada-2.0", "Open Government Licence - Canada",
                                      "https://open.canada.ca/en/open-government-licence-canada"])  # fmt: skip
def test_another_spelling_is_no_change(snow: Data, change: Do, history: History, spelling: str) -> None:
    change(snow, snow["staff"], license_id=spelling)
    assert history(snow) == []
    assert (count(LicenceChange), events()) == (0, [])


def test_a_dataset_whose_terms_never_changed_leaves_nothing(snow: Data, change: Do, history: History) -> None:
    change(snow, snow["staff"], title_translated={"fr": "Grêle", "en": "Hail"}, notes="More words")
    assert (history(snow), count(LicenceChange), count(Subject)) == ([], 0, 0)


def test_an_edit_that_touches_no_licence_costs_no_statement_more(snow: Data, change: Do) -> None:
    """Compared with CKAN's own function, which our part is chained before."""
    from ckan.logic.action.update import package_update

    fields = tk.get_action("package_show")({"user": snow["staff"]["name"]}, {"id": snow["id"]})
    tk.get_action("package_update")({"user": snow["staff"]["name"]}, {**fields, "notes": "One"})
    with statements() as ours:
        tk.get_action("package_update")({"user": snow["staff"]["name"]}, {**fields, "notes": "Two"})
    with statements() as stock:
        context: Any = {"user": snow["staff"]["name"], "model": model, "session": model.Session}
        package_update(context, {**fields, "notes": "Three"})
    assert len(ours) <= len(stock)
    assert [text for text in ours if "participation_licence" in text or text.startswith(("INSERT INTO participation", "UPDATE part"))] == []


def test_a_licence_that_a_file_states_for_itself_is_told_of_the_file(snow: Data, change: Do, history: History) -> None:
    first, second = snow["resources"]
    change(snow, snow["staff"], resources=[{**first, "license": NC}, second])
    [row] = history(snow)
    assert (row["kind"], row["before"]["id"], row["after"]["id"], row["files"]) == ("narrowed", OGL, NC, [{"id": first["id"], "name": "A"}])
    change(snow, snow["staff"], resources=[first, second])
    assert [(row["before"]["id"], row["after"]["id"], row["since"]) for row in history(snow)[:1]] == [(NC, OGL, row["at"])]


def test_files_that_change_alike_are_one_row_and_one_event(snow: Data, change: Do, history: History) -> None:
    change(snow, snow["staff"], resources=[{**file, "license": NC} for file in snow["resources"]])
    [row] = history(snow)
    assert [file["name"] for file in row["files"]] == ["A", "B"]
    assert len(events()) == 1


def test_files_follow_their_dataset_without_being_told_again(snow: Data, change: Do, history: History) -> None:
    change(snow, snow["staff"], license_id=NC, resources=[{**snow["resources"][0], "license": NC}, snow["resources"][1]])
    assert [row["files"] for row in history(snow)] == [None]


def test_a_file_that_comes_or_goes_changes_nobodys_terms(snow: Data, change: Do, history: History) -> None:
    change(snow, snow["staff"], resources=[snow["resources"][0], {"url": "https://example.org/c.csv", "name": "C", "license": NC}])
    assert history(snow) == []


def test_the_resource_actions_pass_here_too(snow: Data, history: History) -> None:
    file = snow["resources"][0]
    tk.get_action("resource_patch")({"user": snow["staff"]["name"]}, {"id": file["id"], "license": NC})
    assert [row["files"][0]["id"] for row in history(snow)] == [file["id"]]


def test_a_draft_has_no_history(person: Do, dataset: Do, change: Do) -> None:
    staff = person()
    draft = dataset(staff=staff, license_id=OGL, state="draft")
    change(draft, staff, license_id=NC, state="active")
    assert count(LicenceChange) == 0


def test_row_event_and_dataset_are_stored_together_or_not_at_all(snow: Data, change: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails after our part of the write takes ours along."""
    import ckan.logic as logic

    def fail(*_about: Any) -> None:
        raise RuntimeError("the search is away")

    monkeypatch.setattr(logic, "index_update_package_dicts", fail)
    with pytest.raises(RuntimeError):
        change(snow, snow["staff"], license_id=NC)
    model.Session.rollback()
    model.Session.expire_all()
    assert (count(LicenceChange), events(), count(Outbox)) == (0, [], 0)
    assert model.Package.get(snow["id"]).license_id == OGL  # type: ignore[union-attr]


def test_a_change_that_cannot_be_noted_stops_the_edit(snow: Data, change: Do) -> None:
    model.Session.execute(sa.text("ALTER TABLE participation_licence_change ADD CONSTRAINT full_disk CHECK (false) NOT VALID"))
    model.Session.commit()
    try:
        with pytest.raises(IntegrityError):
            change(snow, snow["staff"], license_id=NC)
    finally:
        model.Session.rollback()
        model.Session.execute(sa.text("ALTER TABLE participation_licence_change DROP CONSTRAINT full_disk"))
        model.Session.commit()
    assert (count(LicenceChange), events()) == (0, [])
    assert model.Package.get(snow["id"]).license_id == OGL  # type: ignore[union-attr]


def test_a_refused_edit_leaves_nothing(snow: Data, person: Do, change: Do) -> None:
    with pytest.raises(tk.NotAuthorized):
        change(snow, person(), license_id=NC)
    assert count(LicenceChange) == 0


def test_a_private_dataset_keeps_its_history_inside(person: Do, dataset: Do, change: Do, history: History) -> None:
    staff = person()
    about = dataset(staff=staff, license_id=OGL, private=True)
    change(about, staff, license_id=NC)
    assert len(history(about, staff)) == 1
    for outsider in (None, person()):
        with pytest.raises(tk.NotAuthorized):
            history(about, outsider)


def test_a_dataset_made_again_keeps_its_history(narrowed: Data, history: History) -> None:
    site: Any = {"user": tk.config["ckan.site_id"], "ignore_auth": True}
    tk.get_action("package_delete")(site.copy(), {"id": narrowed["id"]})
    subjects.sweep()
    tk.get_action("dataset_purge")(site.copy(), {"id": narrowed["id"]})
    again = tk.get_action("package_create")(site.copy(), {
        "name": narrowed["name"], "owner_org": narrowed["owner_org"], "title_translated": {"fr": "Neige", "en": "Snow"}, "license_id": NC})
    assert history(again) == []
    subjects.sweep()
    assert [row["id"] for row in history(again)] == [narrowed["change"]["id"]]
    assert tk.h.participation_licence_history(again)


def test_a_dataset_that_comes_back_with_other_terms_is_noted(narrowed: Data, history: History) -> None:
    site: Any = {"user": tk.config["ckan.site_id"], "ignore_auth": True}
    tk.get_action("dataset_purge")(site.copy(), {"id": narrowed["id"]})
    subjects.sweep()
    again = tk.get_action("package_create")(site.copy(), {
        "name": narrowed["name"], "owner_org": narrowed["owner_org"], "title_translated": {"fr": "Neige", "en": "Snow"}, "license_id": ""})
    subjects.sweep()
    assert [(row["via"], row["kind"]) for row in history(again)] == [("return", "dropped"), ("edit", "narrowed")]
    subjects.sweep()
    assert len(history(again)) == 2


def test_histories_are_joined_when_an_administrator_attaches_what_was_lost(
        narrowed: Data, person: Do, dataset: Do, change: Do, history: Do, as_user: Do) -> None:
    admin, other = person(sysadmin=True), dataset(license_id=OGL)
    change(other, None, license_id=NC)
    tk.get_action("dataset_purge")({"user": tk.config["ckan.site_id"], "ignore_auth": True}, {"id": narrowed["id"]})
    subjects.sweep()
    [lost] = as_user(admin, "participation_subject_orphans")["results"]
    assert (lost["id"], lost["licence_changes"]) == (narrowed["id"], 1)
    as_user(admin, "participation_subject_attach", subject=lost["subject"], target=other["id"])
    assert [row["after"]["id"] for row in history(other)] == [NC, NC]
    assert narrowed["change"]["id"] in [row["id"] for row in history(other)]


@pytest.mark.parametrize("data", [{}, {"id": "a", "organization": "b"}, {"id": 7}, {"id": "a", "limit": 0}, {"id": "a", "after": "x"},
                                  {"organization": ["a"]}, {"id": "\x00"}, {"id": "a" * 300}])  # fmt: skip
def test_bad_input_is_a_named_error(as_user: Do, data: Data) -> None:
    with pytest.raises(tk.ValidationError):
        as_user(None, "participation_licence_change_list", **data)


def test_a_long_history_comes_in_pages(snow: Data, change: Do, as_user: Do) -> None:
    for after in (NC, BY, ZERO):
        change(snow, snow["staff"], license_id=after)
    first = as_user(None, "participation_licence_change_list", id=snow["id"], limit=2)
    rest = as_user(None, "participation_licence_change_list", id=snow["id"], limit=2, after=first["next"])
    assert [row["after"]["id"] for row in first["results"] + rest["results"]] == [ZERO, BY, NC]
    assert rest["next"] is None
