"""What the pages with forms share: an error shows the form again with everything that was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from flask import make_response, request
from werkzeug.wrappers import Response

from ckanext.participation.common.errors import summary_of, words_of
from ckanext.participation.threads import attachments

__all__: list[str] = []

Data = dict[str, Any]
Errors = list[Data]
Page = Callable[..., str]

# Boxes that a form leaves out when they are not ticked: each has a hidden companion `…_shown` that says it was there.
BOXES = ("signed", "translation_expected")
TEXT = ("title", "body", "kind", "lang", "parent_seq", "idempotency_key", "problem_resource_id", "problem_field", "problem_row",
        "problem_wrong", "problem_expected")


def posted() -> Data:
    """Return what a form that posts a text sent, as the actions take it."""
    data: Data = {name: request.form[name] for name in TEXT if name in request.form}
    data["as_organization"] = request.form.get("as_organization")
    for name in BOXES:
        if f"{name}_shown" in request.form:
            data[name] = "true" if request.form.get(name) else "false"
    return data


def send(page: Page, post: Callable[[Data], Response], *, pictures: bool = True) -> Response:
    """Preview or post what the form sent: `page(errors, preview=…, pictures=…)` shows the form again, `post(data)` does it."""
    taken = attachments.from_form(request.files, request.form) if pictures else attachments.FormPictures()
    if taken.errors:
        return make_response(page(taken.errors, pictures=taken), 409)
    try:
        if "preview" in request.form:
            html = tk.get_action("participation_text_preview")({}, {"body": request.form.get("body", "")})["html"]
            return make_response(page([], preview=html, pictures=taken))
        return post(posted() | ({"attachments": taken.ids} if pictures else {}))
    except tk.ValidationError as error:
        return make_response(page(summary_of(error), pictures=taken), 429 if "limit" in error.error_dict else 409)
    except tk.NotAuthorized as error:
        return make_response(page(summary_of({"body": refusal(error)}), pictures=taken), 403)


def kept_pictures() -> attachments.FormPictures:
    """Return the pictures that a refused form had uploaded before; what it brought now is not taken."""
    return attachments.kept(request.form)


def refusal(error: tk.NotAuthorized) -> str:
    """Return why somebody may not do this: the session may have ended while the text was written."""
    if tk.current_user.is_authenticated:
        return str(error) or tk._("You may not do this.")
    return tk._("You are not signed in any more, so nothing was posted. Your text is still here: sign in in another tab, come back and "
                "press the button again.")


def subject_of(subject_type: str, subject_id: str) -> Data:
    """Return what a page is about; 404 for what is not there or not for this reader."""
    try:
        return tk.h.participation_subject(subject_type, subject_id)
    except tk.ValidationError:
        return tk.abort(404, tk._("There is no such page."))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))


def thread_of(thread_id: int) -> Data:
    """Return a conversation; 404 for what is not there or not for this reader."""
    try:
        return tk.get_action("participation_thread_show")({}, {"id": thread_id})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return tk.abort(404, tk._("There is no such conversation, or you may not see it. If you have an account, sign in and try again."))


def comment_of(thread_id: int, seq: int) -> Data:
    """Return a message; 404 for what is not there or not for this reader."""
    try:
        return tk.get_action("participation_comment_show")({}, {"thread_id": thread_id, "seq": seq})
    except (tk.NotAuthorized, tk.ObjectNotFound, tk.ValidationError):
        return tk.abort(404, tk._("There is no such message, or you may not see it. If you have an account, sign in and try again."))


def speaks(subject: Data) -> bool:
    """Say whether the reader may answer in the organisation's name."""
    return tk.h.participation_may_speak_for(subject.get("organization_id"))


def list_of(action: str, data: Data) -> Data:
    """Return a list for a page; what can't be read as a list's parameters is 400 with its reason."""
    try:
        return tk.get_action(action)({}, data)
    except tk.ValidationError as error:
        return tk.abort(400, words_of(error))
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return tk.abort(404, tk._("There is no such page, or you may not see it. If you have an account, sign in and try again."))


def say_next(*, held: bool) -> None:
    """Say what was recorded and what happens next."""
    if held:
        tk.h.flash_notice(tk._("Your text is stored. A person looks at it before others see it."))
    else:
        tk.h.flash_success(tk._("Posted. The organisation is told by mail; you are told when somebody answers."))
