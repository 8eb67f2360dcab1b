"""With the measures and without them, a page is the same and so are rights; what one reader may see stays theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import helpers
from pages.conftest import MEASURES, difference

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., dict[str, Any]]
People = dict[str, dict[str, Any]]


@pytest.fixture
def look(app: Any) -> Callable[..., Any]:
    """Fetch a page as a reader or as nobody, whatever the answer."""

    def get(path: str, reader: dict[str, Any] | None = None) -> Any:
        app.client = app.test_client()
        if reader:
            app.set_session_user(reader["id"])
        return app.get(path, follow_redirects=False)

    return get


@pytest.fixture
def readers(staff: People, person: Make) -> dict[str, dict[str, Any] | None]:
    return {"visitor": None, "citizen": person(name="citizen"), "root": person(name="root", sysadmin=True), **staff}


def test_the_page_is_the_same_for_everyone_in_both_languages(
    snow: Make, look: Callable[..., Any], readers: Any, without: Callable[..., None]
) -> None:
    page = f"/dataset/{snow(3)['name']}"
    looks = [(prefix + page, reader) for prefix in ("", "/fr") for reader in ("visitor", "citizen", "editor", "root")]
    for path, reader in looks:
        look(path, readers[reader])
    cheap = {key: look(key[0], readers[key[1]]).body for key in looks}
    without(*MEASURES)
    for key, page in cheap.items():
        assert difference(page, look(key[0], readers[key[1]]).body) == [], key


def test_each_measure_can_be_left_alone(snow: Make, look: Callable[..., Any], without: Callable[..., None]) -> None:
    page = f"/fr/dataset/{snow(3)['name']}"
    cheap = look(page).body
    for measure in MEASURES:
        without(measure)
        assert difference(cheap, look(page).body) == [], measure


@pytest.mark.usefixtures("previews")
def test_who_gets_which_page_is_the_same(snow: Make, look: Callable[..., Any], readers: Any, without: Callable[..., None]) -> None:
    names = [snow(1)["name"], snow(2, private=True)["name"], snow(3, state="draft")["name"], snow(4)["name"]]
    helpers.call_action("package_delete", id="snow-4")

    def seen() -> dict[tuple[str, str], tuple[int, bool]]:
        answers = {(reader, name): look(f"/dataset/{name}", account) for reader, account in readers.items() for name in names}
        return {key: (answer.status_code, "/dataset/edit/" in answer.body) for key, answer in answers.items()}

    cheap = seen()
    assert cheap["visitor", "snow-1"] == (200, False)
    assert cheap["editor", "snow-2"] == (200, True)
    assert cheap["above", "snow-2"] == (200, True)
    assert cheap["member", "snow-2"] == (200, False)
    assert {cheap[reader, "snow-2"][0] for reader in ("visitor", "citizen")} == {404}
    assert {cheap[reader, "snow-4"][0] for reader in ("visitor", "citizen")} == {404}
    without(*MEASURES)
    assert seen() == cheap


def test_a_private_dataset_stays_private_after_its_staff_read_it(snow: Make, look: Callable[..., Any], readers: Any) -> None:
    page = f"/dataset/{snow(3, private=True)['name']}"
    statuses = [look(page, readers[reader]).status_code for reader in ("editor", "visitor", "editor", "citizen", "root", "visitor")]
    assert statuses == [200, 404, 200, 404, 200, 404]


def test_what_changes_is_seen_at_the_next_request(snow: Make, look: Callable[..., Any], readers: Any) -> None:
    """Nothing of a dataset, an organisation or a membership outlives the request."""
    page = f"/dataset/{snow(3)['name']}"
    assert "Voirie" in look("/fr" + page).body
    assert "/dataset/edit/" not in look(page, readers["citizen"]).body
    helpers.call_action("organization_patch", id="roads", title_translated={"fr": "Chaussées", "en": "Streets"})
    helpers.call_action("organization_member_create", id="roads", username="citizen", role="editor")
    after = look("/fr" + page).body
    assert "Chaussées" in after
    assert "Voirie" not in after
    assert "/dataset/edit/" in look(page, readers["citizen"]).body


def test_the_organisations_of_a_reader_are_those_that_ckan_lists(
    app: Any, roads: Any, readers: Any, without: Callable[..., None]
) -> None:
    from ckan.tests import factories

    gone = factories.Organization(name="gone", users=[{"name": "member-of-roads", "capacity": "admin"}])
    helpers.call_action("organization_delete", id=gone["id"])

    def listed() -> dict[tuple[str, str], Any]:
        found = {}
        for reader, account in readers.items():
            for permission in ("read", "update_dataset", "admin", "no-such"):
                with app.flask_app.test_request_context(f"/?{reader}"):
                    _sign_in(account)
                    for user in filter(None, (account and account["name"], account and account["id"])):
                        found[reader, permission, user] = tk.get_action("organization_list_for_user")(
                            {"user": user}, {"permission": permission})
        return found

    cheap = listed()
    assert {row["name"] for row in cheap["above", "read", readers["above"]["id"]]} == {"ministry", "roads"}
    without(*MEASURES)
    assert listed() == cheap


def test_who_may_change_a_dataset_is_as_ckan_says(app: Any, snow: Make, readers: Any, without: Callable[..., None]) -> None:
    made = snow(1)

    def allowed() -> dict[str, Any]:
        answers = {}
        for reader, account in readers.items():
            with app.flask_app.test_request_context(f"/?{reader}"):
                _sign_in(account)
                context: Any = {"user": account["name"] if account else ""}
                try:
                    answers[reader] = tk.check_access("package_update", context, {"id": made["id"]})
                except tk.NotAuthorized as refused:
                    answers[reader] = str(refused)
        return answers

    cheap = allowed()
    assert {reader for reader, answer in cheap.items() if answer is True} == {"editor", "admin", "above", "root"}
    without(*MEASURES)
    assert allowed() == cheap


def test_an_organisation_that_was_deleted_is_shown_to_nobody_who_may_not_see_it(
    app: Any, roads: Any, readers: Any, without: Callable[..., None]
) -> None:
    helpers.call_action("organization_delete", id=roads["id"])

    def shown() -> dict[str, str | None]:
        found = {}
        for reader, account in readers.items():
            with app.flask_app.test_request_context(f"/?{reader}"):
                _sign_in(account)
                found[reader] = tk.h.get_organization(roads["id"]).get("title")
        return found

    cheap = shown()
    assert cheap["visitor"] is None
    assert cheap["root"] == "Roads"
    without(*MEASURES)
    assert shown() == cheap


def test_followers_are_counted_and_each_reader_is_told_of_their_own(app: Any, snow: Make, readers: Any) -> None:
    made = snow(1)
    for name in ("citizen", "editor-of-roads"):
        tk.get_action("follow_dataset")({"user": name}, {"id": made["id"]})
    user = model.User.get("editor-of-roads")
    assert user
    user.state = "deleted"
    model.Session.commit()
    for reader, expected in (("citizen", True), ("member", False)):
        with app.flask_app.test_request_context(f"/dataset/{made['name']}"):
            tk.g.pkg = model.Package.get(made["id"])
            _sign_in(readers[reader])
            assert tk.get_action("am_following_dataset")({"user": readers[reader]["name"]}, {"id": made["name"]}) is expected
            assert tk.h.follow_count("dataset", made["id"]) == 1
    with app.flask_app.test_request_context("/"), pytest.raises(tk.NotAuthorized):
        tk.get_action("am_following_dataset")({"user": ""}, {"id": made["name"]})


def test_an_extension_with_rights_for_files_is_asked_for_each(
    snow: Make, look: Callable[..., Any], previews: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ckanext.participation.pages import resource_views

    made = snow(1)
    context: Any = {"for_view": True, "package": model.Package.get(made["id"])}
    assert resource_views.answerable(context)
    extension = p.get_plugin("harvest")
    own = {**extension.get_auth_functions(), "resource_show": lambda context, data_dict: {"success": True}}
    monkeypatch.setattr(extension, "get_auth_functions", lambda: own)
    assert not resource_views.answerable(context)


def test_the_views_of_a_file_are_those_that_ckan_lists(snow: Make, previews: None, without: Callable[..., None]) -> None:
    made = snow(2)
    for title in ("One", "Two"):
        helpers.call_action("resource_view_create", resource_id=made["resources"][1]["id"], title=title, view_type="image_view")

    def listed() -> list[Any]:
        context: Any = {"for_view": True, "package": model.Package.get(made["id"]), "user": ""}
        return [tk.get_action("resource_view_list")(context, {"id": resource["id"]}) for resource in made["resources"]]

    cheap = listed()
    assert [[view["title"] for view in views] for views in cheap] == [[], ["One", "Two"]]
    without(*MEASURES)
    assert listed() == cheap


def _sign_in(account: dict[str, Any] | None) -> None:
    from flask_login import login_user

    tk.g.user = account["name"] if account else ""
    if account:
        login_user(model.User.get(account["id"]))
