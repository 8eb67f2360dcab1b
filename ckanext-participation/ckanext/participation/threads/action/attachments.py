"""What one can do with pictures: upload one, take it back, see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from werkzeug.datastructures import FileStorage

from ckanext.participation import config
from ckanext.participation.common import events, images, paging, people, schema
from ckanext.participation.common.errors import LimitExceeded, field_error
from ckanext.participation.common.model import Attachment, Event, now
from ckanext.participation.threads import attachments, gates
from ckanext.participation.threads.schema import all_errors

__all__ = ["participation_attachment_create", "participation_attachment_delete", "participation_attachment_show"]

Data = dict[str, Any]
HOUR = 3600
BUSY_SECONDS = 5


def participation_attachment_create(context: Context, data_dict: Data) -> dict[str, Any]:
    """Upload one picture for a message that is not posted yet.

    The picture is made anew: upright, at most 2000 pixels long, without the place, camera and other notes of the original. Send
    it as multipart form data. Post the message with the returned id in `attachments` within a day; until then only you see it.

    :param upload: the file: PNG, JPEG, WebP or GIF (its first picture), at most `participation.images.max_bytes` bytes and 40
        million pixels (WebP 12.5 million, progressive JPEG 25 million)
    :type upload: file
    :param alt: what the picture shows, for those who do not see it, at most 300 bytes
    :type alt: string
    :returns: `{"id", "alt", "width", "height", "url", "thumb_url", "thumb_width", "thumb_height"}`, sizes in pixels
    :raises ValidationError: `upload` or `alt`, with what to do
    :raises NotAuthorized: nobody is signed in
    :raises LimitExceeded: too many pictures in an hour, or another one is being read (429, with Retry-After)
    """
    data, alt = all_errors(lambda: _upload(data_dict), lambda: _words(data_dict))
    tk.check_access("participation_attachment_create", context, data_dict)
    gates.refuse_when_read_only()
    actor = people.actor(context)
    _check_limits(actor.person_id)
    try:
        picture = images.read(data)
    except images.ImageRefused as error:
        # A refusal counts towards the limit: it costs the site as much as a picture that is taken.
        events.write(attachments.REFUSED, actor_id=actor.person_id, target=("attachment", "refused"), data={"code": error.code})
        model.Session.commit()
        raise field_error("upload", error.words) from error
    try:
        identifier = images.store(picture)
    except OSError as error:
        model.Session.rollback()
        raise field_error("upload", tk._("The catalogue cannot store pictures at the moment. Post the message without it, or try "
                                         "again later.")) from error
    try:
        row = Attachment(id=identifier, person_id=actor.person_id, width=picture.width, height=picture.height,
                         bytes=len(picture.full), media_type=images.MEDIA_TYPE)
        model.Session.add(row)
        events.write(attachments.CREATED, actor_id=actor.person_id, target=("attachment", identifier),
                     data={"alt": alt, "bytes": len(picture.full)})
        model.Session.commit()
    except Exception:
        images.remove(identifier)
        raise
    return attachments.as_dict({"id": identifier, "alt": alt, "width": picture.width, "height": picture.height})


def participation_attachment_delete(context: Context, data_dict: Data) -> dict[str, Any]:
    """Take back a picture that you uploaded and did not post yet.

    :param id: id of the picture
    :type id: string
    :returns: `{"id"}`
    :raises ValidationError: `id` is missing
    :raises ObjectNotFound: there is no such picture of yours, or it is posted already
    :raises NotAuthorized: nobody is signed in
    """
    identifier = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_attachment_delete", context, data_dict)
    actor = people.actor(context)
    gone = model.Session.scalar(sa.delete(Attachment).where(
        Attachment.id == identifier, Attachment.person_id == actor.person_id, Attachment.thread_id.is_(None)).returning(Attachment.id))
    if gone is None:
        raise tk.ObjectNotFound(tk._("You have no picture with this id that is not posted yet."))
    events.write(attachments.DELETED, actor_id=actor.person_id, target=("attachment", gone))
    model.Session.commit()
    images.remove(gone)
    return {"id": gone}


@tk.side_effect_free
def participation_attachment_show(context: Context, data_dict: Data) -> dict[str, Any]:
    """Show what is known of a picture that the reader may see: its message's readers, or its owner before it is posted.

    :param id: id of the picture
    :type id: string
    :returns: `{"id", "width", "height", "bytes", "media_type", "created", "thread_id", "seq", "public"}`; `public` says whether
        everyone may see it, `thread_id` and `seq` are null before it is posted
    :raises ValidationError: `id` is missing
    :raises NotAuthorized: there is no such picture, or the reader may not see it
    """
    identifier = paging.text_of(data_dict, "id", required=True) or ""
    tk.check_access("participation_attachment_show", context, data_dict)
    row, public = attachments.visible(context, identifier)
    return {"id": row.id, "width": row.width, "height": row.height, "bytes": row.bytes, "media_type": row.media_type,
            "created": row.created.isoformat(), "thread_id": row.thread_id, "seq": row.seq, "public": public}


def _upload(data_dict: Data) -> bytes:
    """Return the bytes of the upload, no more than may be taken; a named error unless they begin as a picture does."""
    upload = data_dict.get("upload")
    if not isinstance(upload, FileStorage):
        raise field_error("upload", tk._("Choose a picture: send the file as multipart form data."))
    data = upload.stream.read(config.picture_bytes() + 1)
    try:
        images.check(data)
        images.folder()
    except images.ImageRefused as error:
        raise field_error("upload", error.words) from error
    except images.NoStorage as error:
        raise field_error("upload", tk._("This site stores no pictures. Post the message without it.")) from error
    return data


def _words(data_dict: Data) -> str:
    words = schema.cleaned(data_dict, "alt", most=attachments.ALT_BYTES, single_line=True, required=False)
    if not words:
        raise field_error("alt", tk._("Say in a sentence what the picture shows."))
    return words


def _check_limits(person_id: int) -> None:
    """Refuse one more picture past the hour's limit, and a second one while the first is being read."""
    key = (sa.func.hashtext("participation.images"), sa.cast(person_id % 2**31, sa.Integer))
    if not model.Session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(*key))):
        raise LimitExceeded(tk._("Another picture of yours is being read. Try again in a few seconds."), BUSY_SECONDS)
    count, first = model.Session.execute(
        sa.select(sa.func.count(), sa.func.min(Event.at)).where(
            Event.actor_id == person_id, Event.type.in_((attachments.CREATED, attachments.REFUSED)),
            Event.at > now() - timedelta(seconds=HOUR))).one()
    if count >= config.pictures_per_hour():
        wait = int((first + timedelta(seconds=HOUR) - now()).total_seconds()) + 1
        raise LimitExceeded(tk._("You uploaded {count} pictures within an hour. Post the message without this one, or try again in "
                                 "{minutes} minutes.").format(count=count, minutes=-(-wait // 60)), wait)
