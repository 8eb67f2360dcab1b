"""Many datasets out of a few, and ckanext-dcat's own catalogue, for `bench.feeds`: runs inside CKAN, in a process of its own.

A copy is a row of `package`, its rows of `resource`, and what the search index keeps of a dataset for its readers; nothing else of it is
needed to list or to describe it. Its texts are sentences of recorded datasets, in an order of its own.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
import uuid
from pathlib import Path
from typing import Any

FIELDS = ("id", "index_id", "site_id", "entity_type", "dataset_type", "state", "capacity", "name", "metadata_modified",
          "data_dict", "validated_data_dict")
BATCH = 500
# Where the templates' files lie.
SITE = "https://agency.example/"
# A description has so many, each of such a length: some 700 characters, as the recorded ones have.
SENTENCES = 5
LENGTHS = (30, 400)


def run(words: list[str]) -> None:
    """Run the step named second in the site of the settings file named first; print what it returns."""
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    ini, step, *rest = words
    app = make_app(CKANConfigLoader(ini).get_config())
    with app._wsgi_app.test_request_context():
        print(json.dumps({"copy": copy, "change": change, "stock": stock, "profiles": profiles}[step](*(int(word) for word in rest))))


def _documents(rows: int, which: str = "*:*") -> list[dict[str, Any]]:
    import ckan.plugins.toolkit as tk
    from ckan.lib.search.common import make_connection

    found = make_connection(decode_dates=False).search(
        which, rows=rows, fl=",".join(FIELDS), sort="id asc",
        fq=f'+site_id:"{tk.config["ckan.site_id"]}" +entity_type:package +dataset_type:dataset')
    # Who may find a document is not kept in it; all of these are public.
    return [{**document, "permission_labels": ["public"]} for document in found.docs]


def _send(documents: list[dict[str, Any]], *, last: bool) -> None:
    from ckan.lib.search.common import make_connection

    make_connection().add(documents, commit=last)


def copy(count: int) -> dict[str, Any]:
    """Make `count` datasets of those that are there, each with a title, texts and addresses of its own."""
    import sqlalchemy as sa
    from ckan import model

    own = ("id", "name", "title", "notes", "url", "extras")
    columns = [column.name for column in model.Package.__table__.columns if column.name not in own]
    insert = sa.text(f"INSERT INTO package ({', '.join(own)}, {', '.join(columns)}) SELECT new.id, new.name, new.title, new.notes, new.url, "
                     f"CAST(new.extras AS jsonb), {', '.join('p.' + c for c in columns)} FROM unnest("
                     f"{', '.join(f'CAST(:{name} AS text[])' for name in own)}) AS new({', '.join(own)}), package p WHERE p.id = :template")
    of_files = [column.name for column in model.Resource.__table__.columns if column.name not in {"id", "package_id", "url"}]
    files = sa.text(f"INSERT INTO resource (id, package_id, url, {', '.join(of_files)}) SELECT gen_random_uuid()::text, new.id, "
                    f"replace(r.url, :site, :site || new.name || '/'), {', '.join('r.' + c for c in of_files)} "
                    "FROM unnest(CAST(:id AS text[]), CAST(:name AS text[])) AS new(id, name), resource r "
                    "WHERE r.package_id = :template AND r.state = 'active'")
    templates, chance, said = _documents(1000), random.Random(1), _sentences()
    made = len(templates)
    while made < count:
        template = templates[made // BATCH % len(templates)]
        extras = model.Session.scalar(sa.select(model.Package.extras).where(model.Package.id == template["id"])) or {}
        rows = [_row(number, extras, {language: " ".join(chance.sample(some, SENTENCES)) for language, some in said.items()})
                for number in range(made, min(count, made + BATCH))]
        arrays = {name: [row[name] for row in rows] for name in own}
        model.Session.execute(insert, {**arrays, "template": template["id"]})
        model.Session.execute(files, {"id": arrays["id"], "name": arrays["name"], "template": template["id"], "site": SITE})
        model.Session.commit()
        made += len(rows)
        _send([_document(template, row) for row in rows], last=made >= count)
    return {"datasets": made}


def _sentences() -> dict[str, list[str]]:
    """Return what real datasets say, from the demo's recordings: a text that is always the same is packed to nothing."""
    # In the checkout, beside the application.
    sys.path.append(str(Path(__file__).parents[2] / "config" / "demo"))
    from replay.recordings import RECORDED, read_text

    found: dict[str, set[str]] = {"en": set(), "fr": set()}
    for line in read_text(RECORDED / "csa" / "datasets.jsonl").splitlines():
        for language, some in found.items():
            some.update(re.split(r"(?<=[.!?])\s+", json.loads(line)["notes_translated"].get(language) or ""))
    return {language: sorted(one for one in some if LENGTHS[0] < len(one) < LENGTHS[1]) for language, some in found.items()}


def _row(number: int, extras: dict[str, Any], notes: dict[str, str]) -> dict[str, str]:
    """Return what a copy has in its row that its template has not."""
    name = f"copy-{number}"
    titles = {language: f"{text} {number}" for language, text in json.loads(extras["title_translated"]).items()}
    own = {"title_translated": json.dumps(titles, ensure_ascii=False), "notes_translated": json.dumps(notes, ensure_ascii=False),
           "identifier": f"bench-{number}"}
    return {"id": str(uuid.uuid4()), "name": name, "title": titles["en"], "notes": notes["en"], "url": f"{SITE}{name}",
            "extras": json.dumps({**extras, **own}, ensure_ascii=False)}


def _document(template: dict[str, Any], row: dict[str, str]) -> dict[str, Any]:
    document = {**template, "id": row["id"], "name": row["name"], "index_id": uuid.uuid4().hex}
    extras = json.loads(row["extras"])
    texts = {key: json.loads(extras[key]) for key in ("title_translated", "notes_translated")}
    same = {key: row[key] for key in ("name", "title", "notes", "url")} | {"identifier": extras["identifier"]}
    for key, more in (("data_dict", {}), ("validated_data_dict", texts)):
        whole = json.loads(template[key].replace(template["id"], row["id"]).replace(SITE, f"{SITE}{row['name']}/"))
        document[key] = json.dumps({**whole, **same, **more})
    return document


def change(count: int) -> dict[str, Any]:
    """Change `count` datasets, as if they had been edited now."""
    import datetime

    import sqlalchemy as sa
    from ckan import model

    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    table = model.Package.__table__
    # Spread over the catalogue, as edits are.
    whole = model.Session.scalars(sa.select(table.c.id).order_by(table.c.id)).all()
    ids = whole[::len(whole) // count][:count]
    documents = [one for start in range(0, count, BATCH) for one in _documents(BATCH, f"id:({' OR '.join(ids[start:start + BATCH])})")]
    model.Session.execute(sa.update(table).where(table.c.id.in_(ids)).values(metadata_modified=now))
    model.Session.commit()
    for document in documents:
        document["metadata_modified"] = f"{now.isoformat()}Z"
        for key in ("data_dict", "validated_data_dict"):
            document[key] = json.dumps({**json.loads(document[key]), "metadata_modified": now.isoformat(), "version": "changed"})
    _send(documents, last=True)
    return {"datasets": len(documents)}


def stock(count: int) -> dict[str, Any]:
    """Read `count` datasets of ckanext-dcat's catalogue, page by page, as Turtle with its own profiles; return the seconds."""
    import ckan.plugins.toolkit as tk

    tk.config["ckanext.dcat.rdf.profiles"] = "euro_dcat_ap_3 euro_dcat_ap_scheming"
    started, used, size = time.monotonic(), time.process_time(), 0
    for page in range(1, count // 100 + 1):
        size += len(tk.get_action("dcat_catalog_show")({"user": ""}, {"format": "ttl", "page": page}))
    return {"seconds": time.monotonic() - started, "cpu": time.process_time() - used, "bytes": size}


def profiles(count: int) -> dict[str, Any]:
    """Make the pieces of `count` datasets by ckanext-dcat's profiles, as for datasets that the quick way leaves to them."""
    from ckanext.participation.harvesting.offering import catalogue
    from ckanext.participation.harvesting.offering.making import Made, Maker

    maker, made = Maker(catalogue.organisations()), Made()
    rows = next(iter(catalogue.batches())).rows[:count]
    maker._by_profiles(rows[:10], made)
    started, used = time.monotonic(), time.process_time()
    maker._by_profiles(rows, made)
    return {"seconds": time.monotonic() - started, "cpu": time.process_time() - used, "datasets": len(rows)}
