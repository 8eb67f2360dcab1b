"""The server: both cores answer, nothing but what we use is open, and what was written survives a stop."""

from __future__ import annotations

import signal
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import solr as stack_solr

if TYPE_CHECKING:
    from tests.solr.conftest import RunningSolr

THREAD = {
    "index_id": "test:thread:1",
    "id": "1",
    "site_id": "test",
    "type": "thread",
    "entry": "thread:1",
    "title_fr": "Où sont les données de 2024 ?",
    "permission_labels": ["public"],
    "created": "2026-01-01T00:00:00Z",
}


def test_both_cores_answer(solr: RunningSolr) -> None:
    for core in stack_solr.CORES:
        assert solr.core(core).search("*:*").hits == 0
    assert stack_solr.ready(solr.port)
    assert stack_solr.problems(solr.port) == {}


def test_ckan_reads_the_schema_name_it_supports(solr: RunningSolr) -> None:
    from ckan.lib.search import SUPPORTED_SCHEMA_VERSIONS

    name = solr.json("ckan/schema")["schema"]["name"]
    assert name.removeprefix("ckan-") in SUPPORTED_SCHEMA_VERSIONS


def test_it_listens_on_loopback_only(solr: RunningSolr) -> None:
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), solr.port, socket.AF_INET)}
    for address in addresses | {"127.0.0.2"}:
        if address == "127.0.0.1":
            continue
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((address, solr.port), timeout=2).close()


@pytest.mark.parametrize(
    "handler",
    [
        "config",
        "replication",
        "get",
        "export",
        "stream",
        "graph",
        "sql",
        "terms",
        "update/extract",
        "update/csv",
        "update/json",
        "update/json/docs",
        "update/cbor",
        "debug/dump",
        "tasks/list",
        "tasks/cancel",
        "admin/luke",
        "admin/system",
        "admin/file",
        "admin/plugins",
        "admin/mbeans",
        "admin/segments",
        "analysis/document",
    ],
)
@pytest.mark.parametrize("core", stack_solr.CORES)
def test_handlers_that_nobody_uses_are_closed(solr: RunningSolr, core: str, handler: str) -> None:
    # 405 comes from the empty servlet behind Solr, for a path that no handler has.
    assert solr.status(f"{core}/{handler}") in (404, 405)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "index.html",
        "admin/info/system",
        "admin/info/properties",
        "admin/info/logging",
        "admin/collections?action=LIST",
        "admin/configs?action=LIST",
        "admin/zookeeper",
        "admin/authentication",
        "admin/cores?action=UNLOAD&core=ckan",
        "admin/cores?action=CREATE&name=x",
        "admin/cores?action=STATUS&action=UNLOAD&core=ckan",
        "%61dmin/info/system",
        "admin;x/info/system",
        "____v2/node/properties",
        "admin/cores",
    ],
)
def test_the_node_cannot_be_managed_or_read_by_url(solr: RunningSolr, path: str) -> None:
    assert solr.status(path) in (400, 404, 405)


def test_a_core_is_not_unloaded_by_post(solr: RunningSolr) -> None:
    assert solr.status("admin/cores?action=STATUS", "POST", b"action=UNLOAD&core=ckan") == 404
    assert stack_solr.ready(solr.port)


def test_the_schema_cannot_be_changed(solr: RunningSolr) -> None:
    before = solr.json("ckan/schema")["schema"]
    assert solr.status("ckan/schema", "POST", b'{"delete-field":{"name":"title"}}') >= 400
    assert solr.json("ckan/schema")["schema"] == before


@pytest.mark.parametrize(
    "parameter", ["stream.url=http://127.0.0.1:1/", "stream.file=/etc/passwd", "stream.body=<delete/>"]
)
def test_solr_fetches_no_content_by_itself(solr: RunningSolr, parameter: str) -> None:
    assert solr.status(f"ckan/update?{parameter}") == 400


def test_solr_asks_no_other_server(solr: RunningSolr) -> None:
    assert solr.status("ckan/select?q=*:*&shards=127.0.0.1:1/solr/ckan") in (400, 403)


def test_a_long_request_line_is_read(solr: RunningSolr) -> None:
    clauses = "%20OR%20".join(f"id:{number:06d}" for number in range(3000))
    assert solr.status(f"ckan/select?q={clauses}") == 200


def test_more_clauses_than_allowed_are_refused(solr: RunningSolr) -> None:
    body = ("q=" + " OR ".join(f"title:{number}" for number in range(10_000))).encode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{solr.port}/solr/ckan/select", data=body, timeout=20)
    assert refused.value.code == 400


def test_what_was_written_survives_sigterm(solr: RunningSolr) -> None:
    # No commit: closing the index writes what is pending.
    solr.core("participation").add([THREAD], commit=False)
    status = solr.stop(signal.SIGTERM)
    assert status in (0, 143), solr.log()
    solr.start()
    assert solr.core("participation").search("*:*").hits == 1


def test_what_was_answered_survives_a_kill(solr: RunningSolr) -> None:
    solr.core("participation").add([THREAD | {"index_id": "test:thread:2", "id": "2"}], commit=True)
    solr.core("participation").add([THREAD | {"index_id": "test:thread:3", "id": "3"}], commit=False)
    solr.stop(signal.SIGKILL)
    solr.start()
    # Solr replays its log beside the first searches.
    deadline = time.monotonic() + 20
    while not {"2", "3"} <= {found["id"] for found in solr.core("participation").search("*:*", fl="id")}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_permission_labels_are_never_given_back(solr: RunningSolr) -> None:
    solr.core("participation").add([THREAD], commit=True)
    for found in solr.core("participation").search("*:*", fl="*,permission_labels"):
        assert "permission_labels" not in found


def test_a_home_is_refreshed_without_touching_its_data(tmp_path: Path) -> None:
    stack_solr.make_home(tmp_path)
    core = tmp_path / "solr" / "ckan"
    (core / "data").mkdir()
    (core / "data" / "index").write_text("kept")
    (core / "conf" / "schema.xml").write_text("old")
    (core / "conf" / "stale.txt").write_text("of an earlier version")
    stack_solr.make_home(tmp_path)
    assert (core / "conf" / "schema.xml").read_text() == (
        stack_solr.SOURCE / "configsets/ckan/conf/schema.xml"
    ).read_text()
    assert not (core / "conf" / "stale.txt").exists()
    assert (core / "data" / "index").read_text() == "kept"


def test_not_ready_where_nothing_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert not stack_solr.ready(port)
    assert set(stack_solr.problems(port)) == set(stack_solr.CORES)
