"""Many datasets out of a few, and ckanext-dcat's own catalogue, for `bench.feeds`: runs inside CKAN, in a process of its own.

A copy is a row of `package`, its rows of `resource`, and what the search index keeps of a dataset for its readers; nothing else of it is
needed to list or to describe it.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

FIELDS = ("id", "index_id", "site_id", "entity_type", "dataset_type", "state", "capacity", "name", "metadata_modified",
          "data_dict", "validated_data_dict")
BATCH = 500


def run(words: list[str]) -> None:
    """Run the step named second in the site of the settings file named first; print what it returns."""
    from ckan.cli import CKANConfigLoader
    from ckan.config.middleware import make_app

    ini, step, *rest = words
    app = make_app(CKANConfigLoader(ini).get_config())
    with app._wsgi_app.test_request_context():
        print(json.dumps({"copy": copy, "change": change, "stock": stock, "profiles": profiles}[step](*(int(word) for word in rest))))


def _documents(rows: int, **more: Any) -> list[dict[str, Any]]:
    import ckan.plugins.toolkit as tk
    from ckan.lib.search.common import make_connection

    found = make_connection(decode_dates=False).search("*:*", rows=rows, fl=",".join(FIELDS), sort="id asc", **{
        "fq": f'+site_id:"{tk.config["ckan.site_id"]}" +entity_type:package +dataset_type:dataset', **more})
    # Who may find a document is not kept in it; all of these are public.
    return [{**document, "permission_labels": ["public"]} for document in found.docs]


def _send(documents: list[dict[str, Any]], *, last: bool) -> None:
    from ckan.lib.search.common import make_connection

    make_connection().add(documents, commit=last)


def copy(count: int) -> dict[str, Any]:
    """Make `count` datasets of those that are there."""
    import sqlalchemy as sa
    from ckan import model

    columns = [column.name for column in model.Package.__table__.columns if column.name not in {"id", "name"}]
    insert = sa.text(f"INSERT INTO package (id, name, {', '.join(columns)}) SELECT new.id, new.name, {', '.join('p.' + c for c in columns)} "
                     "FROM unnest(CAST(:ids AS text[]), CAST(:names AS text[])) AS new(id, name), package p WHERE p.id = :template")
    of_files = [column.name for column in model.Resource.__table__.columns if column.name not in {"id", "package_id"}]
    files = sa.text(f"INSERT INTO resource (id, package_id, {', '.join(of_files)}) SELECT gen_random_uuid()::text, new.id, "
                    f"{', '.join('r.' + c for c in of_files)} FROM unnest(CAST(:ids AS text[])) AS new(id), resource r "
                    "WHERE r.package_id = :template AND r.state = 'active'")
    templates = _documents(1000)
    made = len(templates)
    while made < count:
        template = templates[made // BATCH % len(templates)]
        some = range(made, min(count, made + BATCH))
        ids, names = [str(uuid.uuid4()) for _ in some], [f"copy-{number}" for number in some]
        model.Session.execute(insert, {"ids": ids, "names": names, "template": template["id"]})
        model.Session.execute(files, {"ids": ids, "template": template["id"]})
        model.Session.commit()
        made += len(ids)
        _send([_renamed(template, new, name) for new, name in zip(ids, names, strict=True)], last=made >= count)
    return {"datasets": made}


def _renamed(template: dict[str, Any], new: str, name: str) -> dict[str, Any]:
    document = {**template, "id": new, "name": name, "index_id": uuid.uuid4().hex}
    for key in ("data_dict", "validated_data_dict"):
        document[key] = template[key].replace(template["id"], new).replace(json.dumps(template["name"]), json.dumps(name))
    return document


def change(count: int) -> dict[str, Any]:
    """Change `count` datasets, as if they had been edited now."""
    import datetime

    import sqlalchemy as sa
    from ckan import model

    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    table = model.Package.__table__
    documents = _documents(count)
    model.Session.execute(sa.update(table).where(table.c.id.in_([one["id"] for one in documents])).values(metadata_modified=now))
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
