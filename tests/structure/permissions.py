"""The permission table: who may call which action about a public and about a private dataset.

One row per action. Readers: `nobody` (not signed in), `user` (an account of nowhere), `member` and `editor` of the publishing
organisation, `other` (an editor of another one), `admin` (a sysadmin). A letter means yes: n u m e o a; `-` means nobody.
`about` says what the action needs: a dataset's id, a thread's, or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Who may call an action: letters of readers, for a public and for a private dataset."""

    about: str
    public: str
    private: str


EVERYONE = "numeoa"
SIGNED_IN = "umeoa"
INSIDERS = "mea"
ADMIN = "a"

PERMISSIONS: dict[str, Row] = {
    "participation_thread_list": Row("dataset", EVERYONE, INSIDERS),
    "participation_thread_latest": Row("nothing", EVERYONE, EVERYONE),
    "participation_thread_show": Row("thread", EVERYONE, INSIDERS),
    "participation_comment_list": Row("thread", EVERYONE, INSIDERS),
    "participation_thread_create": Row("dataset", SIGNED_IN, INSIDERS),
    "participation_comment_create": Row("thread", SIGNED_IN, INSIDERS),
    "participation_text_preview": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_queue_list": Row("nothing", ADMIN, ADMIN),
    "participation_visibility_set": Row("nothing", ADMIN, ADMIN),
    "participation_subject_sweep": Row("nothing", ADMIN, ADMIN),
    "participation_subject_orphans": Row("nothing", ADMIN, ADMIN),
    "participation_licence_list": Row("nothing", EVERYONE, EVERYONE),
    "participation_licence_show": Row("nothing", EVERYONE, EVERYONE),
    "participation_licence_recognise": Row("nothing", EVERYONE, EVERYONE),
    "participation_licence_credit": Row("dataset", EVERYONE, INSIDERS),
}
