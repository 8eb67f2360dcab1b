"""An organisation chooses its licences: forms offer these, and what lies outside is let in, counted and shown to its staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from ckan import model
from ckan.tests import helpers
from statements import statements

from ckanext.participation.common.model import Event
from ckanext.participation.licensing import policies

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index")

Make = Callable[..., Any]
CHOSEN = ["CC-BY-4.0", "OGL-Canada-2.0"]


@pytest.fixture
def house(person: Make, dataset: Make, app: Any) -> dict[str, Any]:
    """An organisation with an administrator and an editor, and datasets under three licences and under none."""
    admin, editor, reader = person(), person(), person()
    with app.flask_app.test_request_context():
        organization = helpers.call_action("organization_create", context={"user": admin["name"]}, name="city", title_translated={
            "fr": "Ville", "en": "City"}, users=[{"name": admin["name"], "capacity": "admin"}, {"name": editor["name"], "capacity": "editor"}])
        made = [dataset(owner_org=organization["id"], license_id=licence, private=private) for licence, private in (
            ("CC-BY-4.0", False), ("CC-BY-4.0", True), ("OGL-Canada-2.0", False), ("CC-BY-NC-4.0", False), ("", False))]
    model.Session.commit()
    return {"admin": admin, "editor": editor, "reader": reader, "organization": organization, "datasets": made}


@pytest.fixture
def chosen(house: dict[str, Any], as_user: Make, app: Any) -> dict[str, Any]:
    """The same, once the organisation has chosen two licences."""
    with app.flask_app.test_request_context():
        as_user(house["admin"], "participation_licence_policy_set", id="city", allowed=CHOSEN, default="OGL-Canada-2.0")
    return house


@pytest.fixture
def page_of(app: Any) -> Make:
    """Read a page as somebody: `page_of(user, path)`."""
    def read(user: dict[str, Any] | None, path: str, **expected: Any) -> BeautifulSoup:
        app.client = app.test_client()
        if user:
            app.set_session_user(user["id"])
        return BeautifulSoup(app.get(path, **expected).body, "html.parser")
    return read


@pytest.mark.usefixtures("with_request_context")
def test_a_choice_is_kept_in_the_order_of_the_register_with_its_event(house: dict[str, Any], as_user: Make) -> None:
    done = as_user(house["admin"], "participation_licence_policy_set", id="city", allowed=CHOSEN[::-1], default="CC-BY-4.0")
    assert done == {"organization_id": house["organization"]["id"], "allowed": CHOSEN, "default": "CC-BY-4.0"}
    assert as_user(None, "participation_licence_policy_show", id="city") == done
    event = model.Session.scalars(sa.select(Event).where(Event.type == "organization.licences")).one()
    assert event.data == {"from": {"allowed": [], "default": None}, "to": {"allowed": CHOSEN, "default": "CC-BY-4.0"}}


@pytest.mark.usefixtures("with_request_context")
def test_an_empty_choice_offers_everything_again(chosen: dict[str, Any], as_user: Make) -> None:
    as_user(chosen["admin"], "participation_licence_policy_set", id="city", allowed=[])
    assert as_user(chosen["editor"], "participation_licence_policy_report", id="city")["outside"] == 0


@pytest.mark.usefixtures("with_request_context")
@pytest.mark.parametrize(("given", "field"), [
    ({"allowed": ["CC-BY-9.0"]}, "allowed"), ({"allowed": "x" * 10_000}, "allowed"), ({"allowed": [["CC-BY-4.0"]]}, "allowed"),
    ({"allowed": {"a": 1}}, "allowed"), ({"allowed": ["CC-BY-4.0"] * 300}, "allowed"), ({"allowed": 7}, "allowed"),
    ({"allowed": ["CC-BY-4.0"], "default": "CC0-1.0"}, "default"), ({"default": "CC-BY-4.0"}, "default"), ({"id": None}, "id"),
    ({"allowed": ["CC-BY-4.0"], "default": ["CC-BY-4.0"]}, "default")])
def test_bad_input_names_its_field(house: dict[str, Any], as_user: Make, given: dict[str, Any], field: str) -> None:
    with pytest.raises(tk.ValidationError) as error:
        as_user(house["admin"], "participation_licence_policy_set", **{"id": "city", **given})
    assert field in error.value.error_dict


@pytest.mark.usefixtures("with_request_context")
def test_only_administrators_choose_and_only_staff_reads_the_report(house: dict[str, Any], as_user: Make) -> None:
    for user in (house["editor"], house["reader"], None):
        with pytest.raises(tk.NotAuthorized):
            as_user(user, "participation_licence_policy_set", id="city", allowed=CHOSEN)
    for user in (house["reader"], None):
        with pytest.raises(tk.NotAuthorized):
            as_user(user, "participation_licence_policy_report", id="city")


@pytest.mark.usefixtures("with_request_context")
def test_what_lies_outside_is_let_in_counted_and_listed(chosen: dict[str, Any], as_user: Make) -> None:
    report = as_user(chosen["editor"], "participation_licence_policy_report", id="city")
    assert (report["total"], report["outside"]) == (5, 2)
    assert {row["id"]: (row["number"], row["outside"]) for row in report["licences"]} == {
        "CC-BY-4.0": (2, False), "OGL-Canada-2.0": (1, False), "CC-BY-NC-4.0": (1, True), "notspecified": (1, True)}
    assert {row["id"] for row in report["results"]} == {row["id"] for row in chosen["datasets"][3:]}


@pytest.mark.usefixtures("with_request_context")
def test_another_spelling_of_a_chosen_licence_is_that_licence(chosen: dict[str, Any], as_user: Make) -> None:
    model.Session.execute(sa.text("UPDATE package SET license_id = 'cc-by-4.0' WHERE license_id = 'CC-BY-NC-4.0'"))
    model.Session.commit()
    assert as_user(chosen["editor"], "participation_licence_policy_report", id="city")["outside"] == 1


@pytest.mark.usefixtures("with_request_context")
def test_the_list_goes_on_where_it_ended(chosen: dict[str, Any], as_user: Make) -> None:
    first = as_user(chosen["editor"], "participation_licence_policy_report", id="city", limit=1)
    second = as_user(chosen["editor"], "participation_licence_policy_report", id="city", limit=1, after=first["next"])
    assert [first["results"][0]["name"], second["results"][0]["name"]] == sorted(row["name"] for row in chosen["datasets"][3:])
    assert second["next"] is None


def test_a_form_offers_the_chosen_licences_and_begins_with_the_default(chosen: dict[str, Any], page_of: Make) -> None:
    select = page_of(chosen["editor"], "/dataset/new?group=city").find("select", attrs={"name": "license_id"})
    assert {option["value"] for option in select.find_all("option")} == {"", *CHOSEN}
    assert select.find("option", selected=True)["value"] == "OGL-Canada-2.0"


def test_a_form_keeps_the_licence_that_a_dataset_has(chosen: dict[str, Any], page_of: Make) -> None:
    select = page_of(chosen["editor"], f"/dataset/edit/{chosen['datasets'][3]['name']}").find("select", attrs={"name": "license_id"})
    assert {option["value"] for option in select.find_all("option")} == {"", *CHOSEN, "CC-BY-NC-4.0"}
    assert select.find("option", selected=True)["value"] == "CC-BY-NC-4.0"


def test_without_a_choice_a_form_offers_every_licence(house: dict[str, Any], page_of: Make) -> None:
    select = page_of(house["editor"], "/dataset/new?group=city").find("select", attrs={"name": "license_id"})
    assert len(select.find_all("option")) > 20
    assert not select.find("option", selected=True)


def test_the_staff_sees_on_the_dataset_that_its_licence_lies_outside(chosen: dict[str, Any], page_of: Make) -> None:
    words = "Your organisation has not chosen this licence"
    outside, inside = (f"/dataset/{chosen['datasets'][place]['name']}" for place in (3, 0))
    assert words in page_of(chosen["editor"], outside).text
    assert words not in page_of(chosen["editor"], inside).text
    assert words not in page_of(chosen["reader"], outside).text
    assert words not in page_of(None, outside).text


def test_the_organisations_page_counts_for_its_staff(chosen: dict[str, Any], page_of: Make) -> None:
    assert "2 datasets are under licences that your organisation has not chosen" in page_of(chosen["editor"], "/organization/city").text
    assert "has not chosen" not in page_of(None, "/organization/city").text


def test_an_administrator_chooses_on_the_page(house: dict[str, Any], page_of: Make, app: Any, as_user: Make) -> None:
    address = "/participation/organization/city/licences"
    page = page_of(house["admin"], address)
    token = {"_csrf_token": page.find("input", attrs={"name": "_csrf_token"})["value"]}
    refused = app.post(address, data={"allowed": ["CC-BY-4.0"], "default": "CC0-1.0", **token}, status=409)
    again = BeautifulSoup(refused.body, "html.parser")
    assert [box["value"] for box in again.find_all("input", attrs={"name": "allowed"}, checked=True)] == ["CC-BY-4.0"]
    assert "Must be one of the licences that you allow." in again.text
    app.post(address, data={"allowed": CHOSEN, "default": "CC-BY-4.0", **token}, follow_redirects=False)
    with app.flask_app.test_request_context():
        assert as_user(None, "participation_licence_policy_show", id="city")["allowed"] == CHOSEN
    after = page_of(house["editor"], address)
    assert not after.find("input", attrs={"name": "allowed"})
    assert "new datasets begin with it" in after.text


@pytest.mark.parametrize(("who", "path", "status"), [
    (None, "city", 401), ("reader", "city", 403), ("editor", "nowhere", 403), ("admin", "city?after=%00", 404)])
def test_the_page_is_for_the_staff(house: dict[str, Any], page_of: Make, who: str | None, path: str, status: int) -> None:
    name, _, query = path.partition("?")
    page_of(house[who] if who else None, f"/participation/organization/{name}/licences?{query}", status=status)


def test_nobody_pays_for_what_only_staff_sees(chosen: dict[str, Any], app: Any) -> None:
    app.client = app.test_client()
    address = f"/dataset/{chosen['datasets'][3]['name']}"
    app.get(address)
    with statements() as seen:
        app.get(address)
    assert not [statement for statement in seen if "participation_licence_policy" in statement]


@pytest.mark.usefixtures("with_request_context")
def test_the_report_takes_three_statements_of_its_own(chosen: dict[str, Any]) -> None:
    organization_id = chosen["organization"]["id"]
    with statements() as seen:
        policy = policies.of(organization_id)
        policies.used(organization_id)
        policies.outside(organization_id, policy, after="", limit=20)
    assert len(seen) <= 4, "\n\n".join(seen)
