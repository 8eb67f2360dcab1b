"""The permission table: who may call which action about a public and about a private dataset.

One row per action. Readers: `nobody` (not signed in), `user` (an account of nowhere), `member` and `editor` of the publishing
organisation, `other` (an editor of another one), `admin` (a sysadmin). A letter means yes: n u m e o a; `-` means nobody.
`about` says what the action needs: a dataset's id, a thread's, a message's, a posted picture's, or nothing.
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
    # Of a dataset that is there nobody learns anything; of one that a harvest removed: tests/harvesting/test_removals.py.
    "participation_removed_dataset_show": Row("dataset", ADMIN, ADMIN),
    "participation_thread_list": Row("dataset", EVERYONE, INSIDERS),
    "participation_thread_latest": Row("nothing", EVERYONE, EVERYONE),
    "participation_thread_show": Row("thread", EVERYONE, INSIDERS),
    "participation_comment_list": Row("thread", EVERYONE, INSIDERS),
    "participation_thread_create": Row("dataset", SIGNED_IN, INSIDERS),
    "participation_comment_create": Row("thread", SIGNED_IN, INSIDERS),
    "participation_thread_overview": Row("organization", EVERYONE, EVERYONE),
    "participation_comment_show": Row("thread", EVERYONE, INSIDERS),
    "participation_comment_history": Row("thread", EVERYONE, INSIDERS),
    "participation_comment_edit": Row("thread", SIGNED_IN, INSIDERS),
    "participation_comment_translate": Row("thread", SIGNED_IN, INSIDERS),
    "participation_comment_delete": Row("thread", SIGNED_IN, INSIDERS),
    "participation_thread_state_set": Row("thread", SIGNED_IN, INSIDERS),
    "participation_thread_problem_set": Row("thread", SIGNED_IN, INSIDERS),
    "participation_thread_answer_set": Row("thread", SIGNED_IN, INSIDERS),
    "participation_thread_assign": Row("thread", SIGNED_IN, INSIDERS),
    "participation_licence_policy_show": Row("organization", EVERYONE, EVERYONE),
    "participation_licence_policy_set": Row("organization", ADMIN, ADMIN),
    "participation_licence_policy_report": Row("organization", "ea", "ea"),
    "participation_quality_show": Row("dataset", EVERYONE, INSIDERS),
    "participation_quality_summary": Row("organization", "ea", "ea"),
    "participation_quality_list": Row("organization", "ea", "ea"),
    "participation_licence_alias_create": Row("nothing", ADMIN, ADMIN),
    "participation_licence_alias_delete": Row("nothing", ADMIN, ADMIN),
    "participation_licence_alias_list": Row("nothing", ADMIN, ADMIN),
    "participation_licence_unrecognised_list": Row("nothing", ADMIN, ADMIN),
    "participation_organization_policy_show": Row("organization", EVERYONE, EVERYONE),
    "participation_organization_policy_set": Row("organization", ADMIN, ADMIN),
    "participation_text_preview": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_queue_list": Row("nothing", ADMIN, ADMIN),
    "participation_visibility_set": Row("nothing", ADMIN, ADMIN),
    "participation_subject_sweep": Row("nothing", ADMIN, ADMIN),
    "participation_subject_orphans": Row("nothing", ADMIN, ADMIN),
    "participation_licence_list": Row("nothing", EVERYONE, EVERYONE),
    "participation_licence_show": Row("nothing", EVERYONE, EVERYONE),
    "participation_licence_recognise": Row("nothing", EVERYONE, EVERYONE),
    "participation_licence_credit": Row("dataset", EVERYONE, INSIDERS),
    "participation_licence_compatibility": Row("dataset", EVERYONE, INSIDERS),
    "participation_licence_change_list": Row("dataset", EVERYONE, INSIDERS),
    # Besides, the staff of the organisation whose dataset it is: tests/licensing/test_explaining.py.
    "participation_licence_change_explain": Row("nothing", ADMIN, ADMIN),
    "participation_support_set": Row("message", SIGNED_IN, INSIDERS),
    "participation_support_list": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_follow_set": Row("thread", SIGNED_IN, INSIDERS),
    "participation_follow_show": Row("thread", SIGNED_IN, INSIDERS),
    "participation_follow_list": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_rating_set": Row("dataset", SIGNED_IN, INSIDERS),
    "participation_rating_show": Row("dataset", EVERYONE, INSIDERS),
    "participation_thread_mark_read": Row("thread", SIGNED_IN, INSIDERS),
    "participation_person_register": Row("nothing", EVERYONE, EVERYONE),
    "participation_person_resend": Row("nothing", EVERYONE, EVERYONE),
    "participation_person_confirm": Row("nothing", EVERYONE, EVERYONE),
    "participation_person_reset_ask": Row("nothing", EVERYONE, EVERYONE),
    "participation_person_reset": Row("nothing", EVERYONE, EVERYONE),
    "participation_person_email_confirm": Row("nothing", EVERYONE, EVERYONE),
    "participation_person_show": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_person_update": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_person_email_change": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_person_password_change": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_person_close": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_attachment_create": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_attachment_delete": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_attachment_show": Row("picture", EVERYONE, INSIDERS),
    "participation_subject_attach": Row("nothing", ADMIN, ADMIN),
    "participation_thread_export": Row("dataset", EVERYONE, INSIDERS),
    # About the organisation: tests/harvesting/test_previews.py.
    "participation_harvest_preview_create": Row("nothing", ADMIN, ADMIN),
    "participation_harvest_preview_show": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_harvest_preview_accept": Row("nothing", SIGNED_IN, SIGNED_IN),
    # About the source: tests/harvesting/test_switching.py.
    "participation_harvest_source_switch": Row("nothing", ADMIN, ADMIN),
    # About the source: tests/harvesting/test_health.py, tests/harvesting/test_held.py.
    "participation_harvest_health_list": Row("nothing", EVERYONE, EVERYONE),
    "participation_harvest_health_show": Row("nothing", ADMIN, ADMIN),
    "participation_harvest_run_show": Row("nothing", ADMIN, ADMIN),
    "participation_harvest_run_start": Row("nothing", ADMIN, ADMIN),
    "participation_harvest_run_stop": Row("nothing", ADMIN, ADMIN),
    "participation_harvest_held_list": Row("nothing", SIGNED_IN, SIGNED_IN),
    "participation_harvest_held_show": Row("nothing", ADMIN, ADMIN),
    "participation_harvest_held_settle": Row("nothing", ADMIN, ADMIN),
    "participation_harvest_held_reopen": Row("nothing", ADMIN, ADMIN),
    "participation_discussion_search": Row("nothing", EVERYONE, EVERYONE),
}
