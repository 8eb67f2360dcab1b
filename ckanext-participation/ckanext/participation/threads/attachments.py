"""Pictures in messages: what forms send, taking uploaded ones into a message, who may see one, how they are shown.

A picture is uploaded first and is loose: only its owner sees it. `claim` gives it to a message in the message's transaction. From
then on it is seen by those who may read that message, decided anew at every request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.participation import config
from ckanext.participation.common import images, people, subjects, visibility
from ckanext.participation.common.errors import field_error, words_by_field
from ckanext.participation.common.model import Attachment, Event, Subject
from ckanext.participation.common.registry import EventType, Registry
from ckanext.participation.threads.model import Comment, Thread

MOST = 4
ALT_BYTES = 300
CREATED = "attachment.created"
REFUSED = "attachment.refused"
DELETED = "attachment.deleted"
SWEPT = "attachment.swept"
EVENTS = (CREATED, REFUSED, DELETED, SWEPT)

Data = dict[str, Any]


def register(registry: Registry) -> None:
    """Enter the events of pictures, none of them told by mail, and the removal of those that were never posted."""
    for name in EVENTS:
        registry.add(EventType(name))
    registry.add_chore("pictures", images.sweep, config.sweep_seconds)


@dataclass
class FormPictures:
    """What a form says about pictures, for the view (`ids`, `errors`) and for `pictures_field.html` (all of it)."""

    uploaded: list[Data] = field(default_factory=list)
    # One per picture that was not taken: its description is shown again, its file has to be chosen again (no browser fills it in).
    retry: list[str] = field(default_factory=list)
    errors: list[Data] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """Return the ids to post as `attachments`."""
        return [row["id"] for row in self.uploaded]


def from_form(files: Any, form: Any) -> FormPictures:
    """Upload what a form's pairs of `pictures` (files) and `alt` (words) brought, beside what it had uploaded before.

    Those in `remove_attachments` are deleted. Both arguments are werkzeug's dictionaries of several values. Call it in the view
    before posting; with `errors` show the form again and hand the result to it as `pictures`: what was uploaded stays.
    """
    result = kept(form)
    for identifier in set(form.getlist("remove_attachments")) & set(result.ids):
        tk.get_action("participation_attachment_delete")({}, {"id": identifier})
        result.uploaded = [row for row in result.uploaded if row["id"] != identifier]
    words = form.getlist("alt")
    for place, file in enumerate(files.getlist("pictures")):
        if not file.filename:
            continue
        alt = words[place] if place < len(words) else ""
        try:
            if len(result.uploaded) >= MOST:
                raise field_error("upload", tk._("A message takes at most {most} pictures: remove one first.").format(most=MOST))
            result.uploaded.append(tk.get_action("participation_attachment_create")({}, {"upload": file, "alt": alt}))
        except (tk.ValidationError, tk.NotAuthorized) as error:
            result.retry.append(alt)
            result.errors += _errors(error, len(result.retry))
    return result


def kept(form: Any) -> FormPictures:
    """Return the pictures that the form had uploaded before (hidden inputs `attachments`) and that are still the reader's, loose."""
    try:
        ids = ids_of({"attachments": form.getlist("attachments")})
    except tk.ValidationError:
        return FormPictures()
    person = _reader({"user": tk.current_user.name})
    rows = _loose(ids, person.person_id) if person and ids else {}
    words = _words(list(rows))
    return FormPictures([as_dict(_entry(rows[one], words)) for one in ids if one in rows])


def ids_of(data: Data) -> list[str]:
    """Return the ids in the field `attachments`: a list, or one text with commas; ValidationError otherwise. Pure."""
    raw = data.get("attachments")
    if isinstance(raw, str):
        raw = [part.strip() for part in raw.split(",") if part.strip()] if len(raw) <= 40 * MOST else [raw]
    if raw in (None, []):
        return []
    if not isinstance(raw, list) or not all(images.is_id(one) for one in raw):
        raise field_error("attachments", tk._("Must be a list of ids that participation_attachment_create gave."))
    if len(raw) > MOST:
        raise field_error("attachments", tk._("A message takes at most {most} pictures: remove one first.").format(most=MOST))
    return list(dict.fromkeys(raw))


def claim(ids: list[str], person_id: int, thread_id: int, seq: int) -> list[Data] | None:
    """Give the person's uploaded pictures to a message and return what its `Comment.attachments` holds; does not commit.

    Raises ValidationError on `attachments` when there are more than four, or one is somebody else's, in another message, or swept.
    """
    ids = ids_of({"attachments": ids})
    if not ids:
        return None
    rows = {row.id: row for row in model.Session.scalars(
        sa.update(Attachment).where(Attachment.id.in_(ids), Attachment.person_id == person_id, Attachment.thread_id.is_(None))
        .values(thread_id=thread_id, seq=seq).returning(Attachment))}
    if len(rows) != len(ids):
        raise field_error("attachments", tk._("A picture is not there any more (pictures wait for their message for a day), or is in "
                                              "another message already: upload it again."))
    words = _words(ids)
    return [_entry(rows[one], words) for one in ids]


def as_dict(entry: Data) -> Data:
    """Return an entry of `Comment.attachments` with the addresses and the thumbnail's size, as API and pages show it."""
    width, height = images.thumb_size(entry["width"], entry["height"])
    name = {"picture_id": entry["id"], "extension": images.EXTENSION, "locale": "default"}
    return {"id": entry["id"], "alt": entry["alt"], "width": entry["width"], "height": entry["height"],
            "url": tk.url_for("participation_pictures.full", **name), "thumb_url": tk.url_for("participation_pictures.thumb", **name),
            "thumb_width": width, "thumb_height": height}


def as_dicts(entries: list[Data] | None) -> list[Data]:
    """Return what a message shows of its pictures."""
    return [as_dict(entry) for entry in entries or []]


def visible(context: Context, identifier: str) -> tuple[Attachment, bool]:
    """Return a picture that the reader may see now, and whether everyone may.

    Raises ObjectNotFound alike for one that does not exist and one that the reader may not see.
    """
    row = model.Session.get(Attachment, identifier) if images.is_id(identifier) else None
    if row is not None:
        if row.thread_id is None:
            reader = _reader(context)
            if reader and reader.person_id == row.person_id:
                return row, False
        elif _message_shows(context, row):
            return row, _everyone_reads(row)
    raise tk.ObjectNotFound(tk._("There is no such picture, or you may not see it."))


def _message_shows(context: Context, row: Attachment) -> bool:
    """Say whether the picture's message is there for this reader, and still has the picture."""
    comment = model.Session.get(Comment, (row.thread_id, row.seq))
    thread = model.Session.get(Thread, row.thread_id)
    subject = model.Session.get(Subject, thread.subject_id) if thread else None
    if comment is None or thread is None or subject is None:
        return False
    if row.id not in [entry["id"] for entry in comment.attachments or []]:
        return False
    reader = _reader(context)
    for state, author_id in ((thread.visibility, thread.author_id), (comment.state, comment.author_id)):
        own = reader is not None and (reader.is_sysadmin or reader.person_id == author_id)
        if state != visibility.VISIBLE and not (state == visibility.HELD and own):
            return False
    return subjects.readable(context, subject)


def _everyone_reads(row: Attachment) -> bool:
    return _message_shows({"user": "", "auth_user_obj": None, "ignore_auth": False}, row)


def _reader(context: Context) -> people.Actor | None:
    user = model.User.get(context.get("user")) if context.get("user") else None
    return people.actor(context) if user is not None and user.state == model.State.ACTIVE else None


def _loose(ids: list[str], person_id: int) -> dict[str, Attachment]:
    rows = model.Session.scalars(sa.select(Attachment).where(
        Attachment.id.in_(ids), Attachment.person_id == person_id, Attachment.thread_id.is_(None)))
    return {row.id: row for row in rows}


def _words(ids: list[str]) -> dict[str, str]:
    """Return the descriptions of loose pictures: until a message takes them, they are in the record of the upload."""
    if not ids:
        return {}
    rows = model.Session.execute(sa.select(Event.target_id, Event.data["alt"].astext).where(
        Event.target_type == "attachment", Event.target_id.in_(ids), Event.type == CREATED))
    return {row[0]: row[1] or "" for row in rows}


def _entry(row: Attachment, words: dict[str, str]) -> Data:
    return {"id": row.id, "width": row.width, "height": row.height, "alt": words.get(row.id, "")}


def _errors(error: Exception, place: int) -> list[Data]:
    """Return errors by the names and ids of the form's inputs in the pair `place`."""
    if not isinstance(error, tk.ValidationError):
        words = {"upload": str(error) or tk._("Sign in first.")}
    else:
        words = words_by_field(error)
    return [{"field": "alt" if name == "alt" else "pictures", "id": f"field-{'alt' if name == 'alt' else 'pictures'}-{place}",
             "message": message} for name, message in words.items()]
