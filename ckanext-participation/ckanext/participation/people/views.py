"""Pages of an account. CKAN's own pages for signing up, signing in and a forgotten password are replaced at their addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.common import logout_user
from ckan.common import request as ckan_request
from ckan.lib import captcha
from ckan.lib.i18n import get_locales_dict
from ckan.views import user as core
from flask import Blueprint, make_response, redirect, request, session
from werkzeug.wrappers import Response

from ckanext.participation.common import former_token, web
from ckanext.participation.common.errors import LimitExceeded, summary_of, words_by_field
from ckanext.participation.people import attempts, links, rules, schema, signing_in

__all__ = ["blueprints"]

people = Blueprint("participation_people", __name__)

Data = dict[str, Any]

TOLD = "participation_mail_told"


def sign_up() -> Response | str:
    """Show the sign-up page. Administrators get CKAN's own form: they make accounts for others."""
    if tk.current_user.is_authenticated:
        return core.RegisterView().get() if _is_admin() else tk.render("participation/people/signed_in.html")
    _allowed("participation_person_register")
    return _page("sign_up")


def ask_account() -> Any:
    """Take a sign-up."""
    if tk.current_user.is_authenticated:
        return core.RegisterView().post() if _is_admin() else redirect(tk.url_for("participation_people.sign_up"))
    try:
        captcha.check_recaptcha(ckan_request)
    except captcha.CaptchaError:
        return _page("sign_up", {"captcha": tk._("The check that you are a person failed. Try it again.")}, 409)
    return _carry_out("participation_person_register", "sign_up", lambda told: _told(told, "sign_up"),
                      "email", "public_name", "password", came_from=_place())


def resend() -> Response | str:
    """Show the page that asks for another link."""
    _allowed("participation_person_resend")
    return _page("resend")


def ask_link() -> Any:
    """Send another link."""
    return _carry_out("participation_person_resend", "resend", lambda told: _told(told, "sign_up"), "email", came_from=_place())


def mail_sent() -> str:
    """Say where to look now."""
    return tk.render("participation/people/mail_sent.html", {"told": session.get(TOLD) or {}, "place": _place()})


def confirm(token: str) -> Any:
    """Show what the link of a sign-up will do: programmes that look into mails open links too."""
    return _by_link(links.CONFIRM, token, "confirm")


def confirm_address(token: str) -> Any:
    """Confirm a sign-up, sign the person in and lead back to where they came from."""
    def done(told: Data) -> Response:
        signing_in.let_in(told["name"])
        tk.h.flash_success(tk._("Your address is confirmed and you are signed in. You can write now."))
        return redirect(_way_back() or tk.url_for("home.index"))

    return _carry_out("participation_person_confirm", "confirm", done, "password", token=token, purpose=links.CONFIRM)


def sign_in() -> Any:
    """Show CKAN's sign-in page, and carry it out within the limits of wrong passwords."""
    if request.method != "POST" or tk.current_user.is_authenticated:
        return core.login()
    login = request.form.get("login")
    password = request.form.get("password", "")
    if not (signing_in.is_plausible(login) and signing_in.is_comparable(password) and request.form.get("remember", "0").isdigit()):
        tk.h.flash_error(tk._("Enter the name of your account or its e-mail address, and the password."))
        return make_response(tk.render("user/login.html"), 409)
    account = signing_in.account_meant(login or "")
    try:
        attempts.refuse_guessing(account)
    except LimitExceeded as error:
        tk.h.flash_error(words_by_field(error)["limit"])
        return make_response(tk.render("user/login.html"), 429)
    before = former_token.present()
    reply = core.login()
    if not tk.current_user.is_authenticated:
        attempts.guessed_wrong(account)
        return reply
    attempts.guessed_right(account)
    former_token.remember(before)
    back = _way_back()
    return redirect(back) if back else reply


def reset_ask() -> str | Response:
    """Show the page for a forgotten password."""
    return _page("reset_ask")


def ask_reset() -> Any:
    """Mail the link that sets a new password."""
    return _carry_out("participation_person_reset_ask", "reset_ask", lambda told: _told(told, "reset"), "login", came_from=_place())


def reset(token: str) -> Any:
    """Show the page that takes a new password."""
    return _by_link(links.RESET, token, "reset")


def set_password(token: str) -> Any:
    """Set a new password."""
    def done(_told: Data) -> Response:
        tk.h.flash_success(tk._("Your new password is set. Sign in with it."))
        return redirect(tk.h.participation_sign_in_url(_place()))

    return _carry_out("participation_person_reset", "reset", done, "password", token=token, purpose=links.RESET)


def email_confirm(token: str) -> Any:
    """Show what the link of a new address will do."""
    return _by_link(links.ADDRESS, token, "email_confirm")


def confirm_new_address(token: str) -> Any:
    """Confirm a new address."""
    def done(_told: Data) -> Response:
        tk.h.flash_success(tk._("Your new address is confirmed: mails go there from now on."))
        return redirect(tk.url_for("participation_people.profile") if tk.current_user.is_authenticated
                        else tk.h.participation_sign_in_url("/"))

    return _carry_out("participation_person_email_confirm", "email_confirm", done, token=token, purpose=links.ADDRESS)


def own_page(name: str) -> Callable[[], Any]:
    """Return the view that shows a page of one's own account."""
    return lambda: _own(name)


def update() -> Any:
    """Store the profile."""
    return _carry_out("participation_person_update", "profile", _back(tk._("Your profile is stored.")),
                      "public_name", "mail_language", "about")


def change_email() -> Any:
    """Ask for another address."""
    return _carry_out("participation_person_email_change", "email", lambda told: _told(told, "address"), "email", "password")


def change_password() -> Any:
    """Change the password."""
    return _carry_out("participation_person_password_change", "password", _back(tk._("Your new password is set.")),
                      "password", "new_password")


def close() -> Any:
    """Close the account and sign out."""
    def done(_told: Data) -> Response:
        logout_user()
        return make_response(tk.render("participation/people/closed.html"))

    return _carry_out("participation_person_close", "close", done, "password")


def _carry_out(action: str, page: str, done: Callable[[Data], Any], *fields: str, **more: Any) -> Any:
    """Call `action` with the form's `fields` and `more`; show `page` again, without passwords, when it is refused."""
    purpose = more.pop("purpose", None)
    data = {name: request.form.get(name) for name in fields} | more
    try:
        told = tk.get_action(action)({}, data)
    except links.LinkRefused as error:
        return _refused(error.code, purpose)
    except tk.ValidationError as error:
        return _shown_again(page, words_by_field(error), 409)
    except tk.NotAuthorized as error:
        if purpose is None and not tk.current_user.is_authenticated and page in OWN:
            return _shown_again(page, {"": tk._("You are not signed in any more, so nothing was changed. Sign in in another tab, come "
                                                "back and press the button again.")}, 403)
        return tk.abort(403, str(error))
    return done(told)


def _shown_again(page: str, problems: dict[str, str], status: int) -> Response:
    return _own(page, problems, status) if page in OWN else _page(page, problems, status)


def _page(page: str, problems: dict[str, str] | None = None, status: int = 200, **more: Any) -> Response:
    html = tk.render(f"participation/people/{page}.html", {
        "form": request.form, "place": _place(), "errors": problems or {},
        "summary": summary_of(problems or {}, request.form), "shortest": rules.SHORTEST_PASSWORD, **more})
    return _private(make_response(html, status))


def _own(page: str, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    try:
        account = tk.get_action("participation_person_show")({}, {})
    except tk.NotAuthorized:
        if request.method != "POST":
            return redirect(tk.h.participation_sign_in_url(request.full_path.rstrip("?")))
        account = {}
    return _page(page, problems, status, account=account)


def _by_link(purpose: str, token: str, page: str) -> Response:
    try:
        owner = links.owner(purpose, token)
    except links.LinkRefused as error:
        return _refused(error.code, purpose)
    return _page(page, owner={"name": owner.name, "public_name": owner.display_name}, token=token)


def _refused(code: str, purpose: str | None) -> Response:
    return _page("link_refused", status=410, code=code, purpose=purpose)


def _private(response: Response) -> Response:
    """Keep pages with links that are keys out of stores and out of the next site's sight."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _told(told: Data, what: str) -> Response:
    """Lead to the page that says to look into the mail, so that a reload sends nothing again."""
    session[TOLD] = {"what": what, "email": told.get("email"), "hours": told["hours"]}
    place = _place()
    return redirect(tk.url_for("participation_people.mail_sent", **({"came_from": place} if place else {})))


def _back(words: str) -> Callable[[Data], Response]:
    def done(_told: Data) -> Response:
        tk.h.flash_success(words)
        return redirect(tk.url_for("participation_people.profile"))

    return done


def _place() -> str:
    return schema.local_path(request.args.get("came_from") or request.args.get("next"))


def _way_back() -> str:
    """Return where to go back to, in the language of this page: Flask's paths do not tell it."""
    place = _place()
    return tk.h.url_for(place) if place and place.split("/")[1] not in get_locales_dict() else place


def _is_admin() -> bool:
    return bool(getattr(tk.current_user, "sysadmin", False))


def _allowed(action: str) -> None:
    try:
        tk.check_access(action, {"user": tk.current_user.name}, {})
    except tk.NotAuthorized as error:
        tk.abort(403, str(error))


OWN = {"profile": update, "email": change_email, "password": change_password, "close": close}
HOME = "/participation/person"

for path, name, show, take in (
        ("/user/register", "sign_up", sign_up, ask_account), ("/user/reset", "reset_ask", reset_ask, ask_reset),
        (f"{HOME}/resend", "resend", resend, ask_link), (f"{HOME}/confirm/<token>", "confirm", confirm, confirm_address),
        (f"{HOME}/reset/<token>", "reset", reset, set_password),
        (f"{HOME}/address/<token>", "email_confirm", email_confirm, confirm_new_address),
        (HOME, "profile", own_page("profile"), update), (f"{HOME}/email", "email", own_page("email"), change_email),
        (f"{HOME}/password", "password", own_page("password"), change_password), (f"{HOME}/close", "close", own_page("close"), close)):
    people.add_url_rule(path, name, show)
    people.add_url_rule(path, f"{name}_take", take, methods=["POST"])
people.add_url_rule("/user/login", "sign_in", sign_in, methods=["GET", "POST"])
people.add_url_rule(f"{HOME}/mail", "mail_sent", mail_sent)


def _keep(page: str) -> Callable[[str], str]:
    return lambda message: str(_own(page, {"": message}).get_data(as_text=True))


for name in OWN:
    web.keeps_text(f"participation_people.{name}_take", _keep(name))

blueprints = [people]
