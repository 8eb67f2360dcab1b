"""Every field that this extension adds to the search index, for both cores, in one list.

`solr/derive_schema.py` writes the schemas of both cores from this list and `docs/search-fields.md` is printed
from it, so a new field is one row here. CKAN's own fields of the `ckan` core are in CKAN's schema and are not
repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

DATASETS = "ckan"
PARTICIPATION = "participation"

LANGUAGES = ("fr", "en")


@dataclass(frozen=True)
class Field:
    """One field: its Solr type, whether it repeats, where its value comes from and what it is for."""

    core: str
    name: str
    type: str
    multi: bool
    source: str
    why: str
    stored: bool = False
    required: bool = False
    # Fields that hold a copy of this one; Solr copies when a document arrives.
    copied_to: tuple[str, ...] = ()


_SAID = ("text_fr", "text_en", "words")
_SAID_IN_TITLE = (*_SAID, "title_exact")


def _dataset(name: str, type_: str, source: str, why: str, *, multi: bool = False) -> Field:
    return Field(DATASETS, name, type_, multi, source, why)


def _document(
    name: str,
    type_: str,
    source: str,
    why: str,
    *,
    multi: bool = False,
    stored: bool = True,
    required: bool = False,
    copied_to: tuple[str, ...] = (),
) -> Field:
    return Field(PARTICIPATION, name, type_, multi, source, why, stored, required, copied_to)


DATASET_FIELDS: tuple[Field, ...] = (
    _dataset(
        "title_fr", "text_fr", "title_translated.fr, else title", "French title, stemmed"
    ),
    _dataset(
        "title_en", "text_en", "title_translated.en, else title", "English title, stemmed"
    ),
    _dataset(
        "title_exact",
        "text_exact",
        "both titles",
        "a title with the very word comes first",
        multi=True,
    ),
    _dataset(
        "notes_fr", "text_fr", "notes_translated.fr, else notes", "French description"
    ),
    _dataset(
        "notes_en", "text_en", "notes_translated.en, else notes", "English description"
    ),
    _dataset(
        "tags_fr",
        "text_fr",
        "keywords_translated.fr, tags",
        "keywords as words, not only as facet values",
        multi=True,
    ),
    _dataset(
        "tags_en",
        "text_en",
        "keywords_translated.en, tags",
        "keywords as words, not only as facet values",
        multi=True,
    ),
    _dataset(
        "resources_fr",
        "text_fr",
        "each resource's name_translated.fr, description_translated.fr, else name, description",
        "what the files are called",
        multi=True,
    ),
    _dataset(
        "resources_en",
        "text_en",
        "each resource's name_translated.en, description_translated.en, else name, description",
        "what the files are called",
        multi=True,
    ),
    _dataset(
        "organization_fr",
        "text_fr",
        "the organisation's title_translated.fr, else title",
        "find by who publishes",
        multi=True,
    ),
    _dataset(
        "organization_en",
        "text_en",
        "the organisation's title_translated.en, else title",
        "find by who publishes",
        multi=True,
    ),
    _dataset(
        "words",
        "text_exact",
        "name, formats, titles of groups, other extensions' contributions",
        "words that belong to no language",
        multi=True,
    ),
    _dataset(
        "text_fr",
        "text_fr",
        "`words`, and what the fields above say in English only",
        "the rest read as French: a word is found in whatever field and language it stands",
        multi=True,
    ),
    _dataset(
        "text_en",
        "text_en",
        "`words`, and what the fields above say in French only",
        "the rest read as English: a word is found in whatever field and language it stands",
        multi=True,
    ),
    _dataset(
        "participation_licence", "string", "room licences: id in the register", "facet and filter by licence"
    ),
    _dataset(
        "participation_openness",
        "string",
        "room licences: open, restricted, closed, unknown",
        "facet by openness",
    ),
    _dataset(
        "participation_language",
        "string",
        "language of the dataset and of its resources, two letters",
        "facet by language of the data",
        multi=True,
    ),
    _dataset(
        "participation_threads", "int", "room threads: visible threads", "shown in lists; sort by discussion"
    ),
    _dataset(
        "participation_threads_open",
        "int",
        "room threads: visible threads that are open",
        "filter: to answer",
    ),
    _dataset(
        "participation_talk",
        "string",
        "room threads: conversation, open-question, answered, problem",
        "facet by what is said about the data",
        multi=True,
    ),
    _dataset("participation_comments", "int", "room threads: visible comments", "sort by discussion"),
    _dataset("participation_requests", "int", "reserved for room requests", "requests this dataset answers"),
    _dataset("participation_showcases", "int", "reserved for room showcases", "applications that use it"),
    _dataset(
        "participation_people",
        "int",
        "reserved: distinct people who follow, support, reuse",
        "use signal for ranking",
    ),
)

DOCUMENT_FIELDS: tuple[Field, ...] = (
    _document("index_id", "string", "site_id:type:conversation!message", "unique key", required=True),
    _document("id", "string", "number of the conversation and of the message, `42#7`", "load the row", required=True),
    _document("site_id", "string", "ckan.site_id", "several sites can share a core", required=True),
    _document("type", "string", "thread", "what it is", required=True),
    _document("entry", "string", "type and number of the conversation, `thread:42`", "one hit per conversation", required=True),
    _document(
        "about",
        "string",
        "type and id of what it is about, and of its dataset for a file: `dataset:ID`",
        "search within one dataset, file or organisation",
        multi=True,
    ),
    _document(
        "subject_title",
        "text_exact",
        "title of the subject",
        "found by what it is about",
        stored=False,
        copied_to=_SAID,
    ),
    _document("title_fr", "text_fr", "title, when French", "title, stemmed", copied_to=_SAID_IN_TITLE),
    _document("title_en", "text_en", "title, when English", "title, stemmed", copied_to=_SAID_IN_TITLE),
    _document("title_exact", "text_exact", "copy of both titles", "the very word comes first", multi=True, stored=False),
    _document(
        "body_fr",
        "text_fr",
        "the message, or its translation, in French",
        "text, stemmed; where the words stand",
        multi=True,
        copied_to=_SAID,
    ),
    _document(
        "body_en",
        "text_en",
        "the message, or its translation, in English",
        "text, stemmed; where the words stand",
        multi=True,
        copied_to=_SAID,
    ),
    _document("words", "text_exact", "copy of titles, texts and subject", "the second try, for misspelled words", multi=True, stored=False),
    _document("text_fr", "text_fr", "copy of titles, texts and subject", "everything read as French", multi=True, stored=False),
    _document("text_en", "text_en", "copy of titles, texts and subject", "everything read as English", multi=True, stored=False),
    _document("state", "string", "open, answered, closed, locked", "filter"),
    _document("kind", "string", "question, problem, suggestion, thanks", "filter"),
    _document("lang", "string", "languages in which the message can be read", "filter", multi=True),
    _document("organization", "string", "id of the organisation answerable", "filter"),
    _document(
        "permission_labels",
        "string",
        "labels of the subject (get_dataset_labels)",
        "who may find it: every query filters on the reader's labels",
        multi=True,
        stored=False,
        required=True,
    ),
    _document("created", "date", "UTC", "sort"),
    _document("checksum", "string", "digest of all of the above", "compare with the tables"),
    _document("_version_", "long", "Solr", "Solr's own optimistic lock", stored=False),
)

FIELDS: tuple[Field, ...] = DATASET_FIELDS + DOCUMENT_FIELDS


def fields_of(core: str) -> tuple[Field, ...]:
    """The rows of one core, in the order of the schema."""
    return tuple(field for field in FIELDS if field.core == core)
