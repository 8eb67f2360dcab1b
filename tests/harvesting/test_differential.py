"""The stock harvesters and ours make the same dataset and the same search document of every recorded portal, but for what `DIFFERENCES` names."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import ckan.plugins as p
import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan
from ckan.lib.search.common import make_connection
from ckan.lib.search.query import PackageSearchQuery
from ckan.tests.helpers import call_action
from ckanext.dcat.harvesters import DCATJSONHarvester
from ckanext.harvest.model import HarvestObject
from harvesting.recorded import FEEDS, FULL, Feed, needed

from ckanext.participation.harvesting.running import Report, run
from ckanext.participation.metadata import fields

pytestmark = [pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index"), needed]

Make = Callable[..., dict[str, Any]]
Shown = dict[str, Any]
SAMPLE = 4
# In the normal run; all of them with FULL=1.
QUICK = ("csa", "hdx", "birmingham", "kitten-toilets", "us-fcc", "norway-all_catalogs", "norway-catalog_with_blank_node",
         "norway-all_datasets", "norway-harvest_response_error")
CHOSEN = [feed for feed in FEEDS if FULL or feed.name in QUICK]
OURS = {"ckan": "participation_ckan", "dcat_rdf": "participation_dcat", "dcat_json": "participation_dcat"}
STOCK = ("ckan_harvester", "dcat_rdf_harvester", "dcat_json_harvester")
PATHS = {"ckan": "csa", "json": "us", "ttl": "psdi", "rdf": "psdi", "jsonld": "psdi"}

ANY, MORE, LESS = "may differ", "stock has nothing there", "ours has nothing there"
# What must differ between the two: where, which field, how, and why. Everything else is equal, whatever the order of lists. A field of the
# search's document may differ where the dataset's or file's field does from which it is made.
DIFFERENCES: dict[tuple[str, str], tuple[str, str]] = {
    ("dataset", "metadata_created"): (ANY, "the moment of writing"),
    ("dataset", "metadata_modified"): (ANY, "ours says when it changed here; the source's own date is in `modified` where it gives one"),
    ("dataset", "id"): (ANY, "made anew by both for what is no CKAN"),
    ("dataset", "name"): (ANY, "numbers for machines make no address of a page; names that clash are numbered differently"),
    ("dataset", "license_id"): (ANY, "ours is the register's; what it does not know is `notspecified`"),
    ("dataset", "license_title"): (ANY, "as license_id"),
    ("dataset", "license_url"): (ANY, "as license_id"),
    ("dataset", "isopen"): (ANY, "as license_id"),
    ("dataset", "tags"): (ANY, "ours has the keywords of both languages, repaired where CKAN would refuse them"),
    ("dataset", "num_tags"): (ANY, "as tags"),
    ("dataset", "tags_translated"): (MORE, "stock harvesters do not fill keywords by language"),
    ("dataset", "url"): (MORE, "ours is the dataset's page at the source where that names no other"),
    **{("dataset", name): (MORE, "read by ours alone from this form") for name in (
        "access_rights", "contact", "creator", "publisher", "theme", "issued", "modified", "frequency", "identifier", "uri",
        "temporal_coverage", "spatial_coverage", "documentation", "conforms_to", "data_dictionary", "alternate_identifier", "provenance",
        "version")},
    ("extra", "guid"): (ANY, "ours says by what a record is known here, for CKAN sources too; another CKAN may carry one of its own"),
    ("extra", "licence_as_published"): (MORE, "the source's words, where the register does not know them"),
    **{("extra", name): (MORE, "DCAT-US fields that the stock type drops") for name in (
        "rights_as_published", "themes_as_published", "publisher_hierarchy", "bureau_code", "program_code", "system_of_records",
        "primary_it_investment_uii", "is_part_of")},
    **{("extra", name): (LESS, "in a field of the schema") for name in (
        "dcat_issued", "dcat_modified", "dcat_publisher_name", "dcat_publisher_email", "uri", "identifier")},
    ("file", "id"): (ANY, "made anew by both for what is no CKAN"),
    ("file", "package_id"): (ANY, "as the dataset's id"),
    ("file", "created"): (ANY, "the moment of writing"),
    ("file", "metadata_modified"): (ANY, "the moment of writing"),
    ("file", "last_modified"): (LESS, "in `modified`: CKAN's field is for its own uploads"),
    ("file", "modified"): (MORE, "as last_modified"),
    ("file", "format"): (ANY, "CKAN's short name, of the first of several; else of the media type or the address' ending"),
    ("file", "mimetype"): (ANY, "a media type, where what is said is one"),
    ("file", "name"): (MORE, "the format, for a file without a name"),
    ("file", "name_translated"): (MORE, "as name"),
    ("file", "description_translated"): (MORE, "stock harvesters leave it to the plain description"),
    ("file", "size"): (LESS, "0 stands for unknown"),
    ("file", "language"): (ANY, "only those that the schema's rule takes, by their codes"),
    **{("file", name): (MORE, "read by ours alone from this form") for name in (
        "download_url", "access_url", "data_dictionary", "conforms_to", "license", "issued", "uri", "character_encoding", "identifier")},
    ("dataset", "language"): (ANY, "by the codes of one list, whichever list the source takes them from"),
    ("text", "language"): (ANY, "untagged text is in the language that the record names; stock takes the site's"),
    ("extra", "accessURL"): (MORE, "a file's field at the dataset itself, where DCAT-US has none: kept as the source's settings ask"),
    ("extra", "dataQuality"): (MORE, "a field of DCAT-US that the schema has no place for: kept as the source's settings ask; the stock type drops it"),
    ("file", "position"): (ANY, "files of a graph have no order: ours are sorted by address"),
    ("file", "(no address)"): (LESS, "a file without an address is left out, and the report says so"),
    ("file", "(own)"): (LESS, "fields of the source that the schema has not: stock keeps whatever a file says"),
}
# Fields of the search's document that say nothing of the dataset, or repeat all of it.
_KEEPING = frozenset(["_version_", "indexed_ts", "index_id", "data_dict", "validated_data_dict"])
_MADE_OF = {"spatial": "spatial_coverage", "name_ngram": "name", "title_ngram": "title", "title_string": "title", "harvest_source_id": "", "harvest_object_id": ""}


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Load the harvesters of ckanext-harvest and ckanext-dcat; see test_switching.py for the JSON one's hook."""

    def without_language(_self: Any, package: dict[str, Any], *_more: Any) -> dict[str, Any]:
        package["extras"] = [extra for extra in package["extras"] if extra["key"] != "language" and extra["value"]]
        return package

    monkeypatch.setattr(DCATJSONHarvester, "modify_package_dict", without_language)
    p.load(*STOCK)
    yield
    p.unload(*STOCK)


def serve(feed: Feed, served: Any) -> None:
    if feed.kind == "ckan":
        served.csa.datasets.clear()
        served.csa.datasets.update({row["name"]: row for row in feed.served(None if FULL else SAMPLE)})
    elif feed.kind == "json":
        served.us.datasets[:] = feed.content()[: None if FULL else SAMPLE]
    else:
        served.psdi.pages[feed.kind][:] = [feed.content()]


def source_for(feed: Feed, make_source: Make, served: Any) -> dict[str, Any]:
    kind = {"ckan": "ckan", "json": "dcat_json"}.get(feed.kind, "dcat_rdf")
    more = {"url": served.url(f"/psdi/catalog.{feed.kind}")} if PATHS[feed.kind] == "psdi" else {}
    return make_source(PATHS[feed.kind], source_type=kind, config="", **more)


def all_of_it() -> dict[str, tuple[Shown, Shown]]:
    """`package_show` and the search's document of every dataset, by what identifies it at the source."""
    make_connection().commit()
    model.Session.expire_all()
    rows = model.Session.execute(sa.select(HarvestObject.guid, HarvestObject.package_id).where(
        HarvestObject.current.is_(True), HarvestObject.package_id.isnot(None))).all()
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    found = {}
    for guid, package_id in rows:
        shown = call_action("package_show", {"user": user, "use_cache": False}, id=package_id)
        found[guid] = (shown, PackageSearchQuery().get_index(package_id))
    return found


def both(feed: Feed, make_source: Make, served: Any) -> tuple[Any, Any, Report, Report]:
    serve(feed, served)
    source = source_for(feed, make_source, served)
    first = run(source["id"])
    theirs = all_of_it()
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    call_action("harvest_source_clear", {"user": user}, id=source["id"])
    model.Session.execute(sa.text("UPDATE harvest_source SET type = :type, config = '{\"organizations\": \"source\", \"keep_extras\": [\"*\"]}'"),
                          {"type": OURS[source["source_type"]]})
    model.Session.commit()
    second = run(source["id"])
    return theirs, all_of_it(), first, second


def pairs(theirs: Any, ours: Any) -> list[tuple[Any, Any]]:
    """The same dataset as both made it: by its identifier, or by its title where the stock type has none that lasts."""
    titles = Counter(shown["title"] for shown, _ in ours.values())
    by_title = {shown["title"]: guid for guid, (shown, _) in ours.items() if titles[shown["title"]] == 1}
    return [(row, ours[guid if guid in ours else by_title[row[0]["title"]]]) for guid, row in theirs.items()]


def plain(value: Any) -> Any:
    """A value to compare: nothing is nothing however it is written, and lists have no order."""
    if isinstance(value, list):
        return sorted((plain(one) for one in value), key=str) or None
    if isinstance(value, dict):
        return {key: said for key, one in value.items() if (said := plain(one)) is not None} or None
    return None if value in ("", False) else value


def unpacked(value: Any) -> Any:
    """A value of the search's document to compare: JSON in a text has no order either."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return plain(json.loads(value))
        except ValueError:
            return value
    return plain(value)


def differing(where: str, theirs: Shown, ours: Shown, seen: Counter[tuple[str, str]]) -> list[str]:
    """What differs without leave, as sentences."""
    wrong = []
    for name in sorted(theirs.keys() | ours.keys()):
        before, after = plain(theirs.get(name)), plain(ours.get(name))
        if before == after or name in {"resources", "extras"}:
            continue
        row = ("text", "language") if same_words(name, before, after) else (where, name)
        if where == "file" and row not in DIFFERENCES and name not in fields.definitions("resource"):
            row = (where, "(own)")
        how = DIFFERENCES.get(row, ("", ""))[0]
        if how == ANY or (how == MORE and before is None) or (how == LESS and after is None):
            seen[row] += 1
        else:
            wrong.append(f"{where} {name}: {str(before)[:120]} → {str(after)[:120]}")
    return wrong


def same_words(name: str, before: Any, after: Any) -> bool:
    """Whether a field by language says the same, said to be in another one."""
    if not name.endswith("_translated") or not isinstance(before, dict) or not isinstance(after, dict):
        return False
    return len(before) == len(after) == 1 and list(before.values()) == list(after.values())


def extras(shown: Shown) -> Shown:
    return {row["key"]: row["value"] for row in shown.get("extras", []) if not row["key"].startswith("harvest_")}


def compare(theirs: Shown, ours: Shown, seen: Counter[tuple[str, str]]) -> list[str]:
    addressed = [file for file in theirs["resources"] if file["url"]]
    seen["file", "(no address)"] += len(theirs["resources"]) - len(addressed)
    theirs = {**theirs, "resources": addressed, "num_resources": len(addressed)}
    wrong = differing("dataset", theirs, ours, seen) + differing("extra", extras(theirs), extras(ours), seen)
    left = list(ours["resources"])
    for file in theirs["resources"]:
        same = next((one for one in left if one["url"] == file["url"] and plain(file.get("name")) in (None, one.get("name"))), None) or next(
            (one for one in left if one["url"] == file["url"]), None)
        if same is None:
            wrong.append(f"file {file['url']}: not among ours")
            continue
        left.remove(same)
        wrong += differing("file", file, same, seen)
    return wrong + [f"file {one['url']}: only among ours" for one in left]


def in_search(theirs: Shown, ours: Shown) -> list[str]:
    """Fields of the search's document that differ although nothing they are made of may."""
    wrong = []
    for name in sorted(theirs.keys() | ours.keys()):
        before, after = unpacked(theirs.get(name)), unpacked(ours.get(name))
        if name in _KEEPING or before == after or same_words(name, before, after):
            continue
        base = name.removeprefix("extras_").partition("__")[0]
        base = _MADE_OF.get(base, base)
        made_of = {("dataset", base), ("extra", base)} | ({("file", base.removeprefix("res_"))} if base.startswith("res_") else set())
        if base == "res_type":
            made_of.add(("file", "(own)"))
        # The text of a search is made of names in both languages, keywords and notes.
        if base and not made_of & DIFFERENCES.keys() and not base.startswith(("harvest_", "text", "vocab_")):
            wrong.append(f"search {name}: {str(theirs.get(name))[:120]} → {str(ours.get(name))[:120]}")
    return wrong


@pytest.fixture(scope="module")
def seen() -> Counter[tuple[str, str]]:
    """How often each row of the table was needed."""
    return Counter()


@pytest.mark.parametrize("feed", CHOSEN, ids=[feed.name for feed in CHOSEN])
def test_both_make_the_same_dataset(feed: Feed, make_source: Make, allowed: Any, stock: None, seen: Counter[tuple[str, str]]) -> None:
    theirs, ours, first, second = both(feed, make_source, allowed)
    # Ours has all that stock has, and refuses nothing but what has no title.
    assert second.counts["added"] == len(ours) >= len(theirs)
    assert all(sentence.endswith("The record has no title.") for sentence in second.sentences) or not second.counts["errored"]
    if not ours:
        assert second.sentences, "nothing was found, and nothing was said"
    wrong = []
    for (before, document), (after, other) in pairs(theirs, ours):
        said = compare(before, after, seen)
        # What the search says of files is all in one list.
        if len(before["resources"]) == len(after["resources"]):
            said += in_search(document, other)
        wrong += [f"{after['title'][:40]}: {sentence}" for sentence in said]
    assert wrong == []
    assert first.counts["added"] == len(theirs)


def test_every_row_of_the_table_says_why() -> None:
    assert all(how in {ANY, MORE, LESS} and len(why) > 5 for how, why in DIFFERENCES.values())


def test_our_harvest_leaves_the_databases_own_check_as_it_was(make_source: Make, allowed: Any, cli: Any) -> None:
    before = cli.invoke(ckan, ["db", "check"])
    del allowed.us.datasets[5:]
    source = make_source("us")
    assert run(source["id"]).counts == {"added": 5}
    after = cli.invoke(ckan, ["db", "check"])
    assert (after.exit_code, str(after.exception), findings(after.output)) == (
        before.exit_code, str(before.exception), findings(before.output))


def findings(output: str) -> list[str]:
    """What the check says, without the lines of the log."""
    return sorted(re.sub(r"0x[0-9a-f]+", "", line) for line in output.splitlines() if not line.startswith("20"))
