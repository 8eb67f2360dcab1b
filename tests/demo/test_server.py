"""The server itself: its front page, its failures on demand, its start from the command line."""

from __future__ import annotations

import json
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from replay import Replay


def status(replay: Replay, path: str) -> int:
    return requests.get(replay.url(path), timeout=10).status_code


def test_the_front_page_lists_what_is_served_and_every_link_works(replay: Replay) -> None:
    reply = requests.get(replay.url("/"), timeout=10)
    links = re.findall(r'href="([^"]+)"', reply.text)
    assert len(links) == 6
    assert all(requests.get(link, timeout=10).status_code == 200 for link in links)
    assert "Open Government Licence – Canada" in reply.text
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/other",
        "/csa",
        "/csa/",
        "/csa/api/3/action",
        "/us",
        "/us/data.json/x",
        "/csa/../sources.json",
        "/%2e%2e/sources.json",
    ],
)
def test_an_unknown_path_is_not_found(replay: Replay, path: str) -> None:
    assert status(replay, path) == 404


def test_two_servers_run_side_by_side(replay: Replay) -> None:
    with Replay() as other:
        del other.us.datasets[1:]
        assert len(requests.get(other.url("/us/data.json"), timeout=10).json()["dataset"]) == 1
        assert len(requests.get(replay.url("/us/data.json"), timeout=10).json()["dataset"]) == 170


def test_a_closed_server_gives_its_port_back() -> None:
    with Replay() as first:
        port = first.port
    with Replay(port=port) as second:
        assert status(second, "/us/data.json") == 200


def test_many_requests_at_once_are_answered(replay: Replay) -> None:
    paths = ["/us/data.json", "/psdi/catalog.ttl", "/csa/api/3/action/package_search?rows=100"] * 10
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda path: status(replay, path), paths)) == {200}


def test_one_connection_serves_many_requests(replay: Replay) -> None:
    with requests.Session() as session:
        ports = set()
        for _ in range(3):
            with session.get(replay.url("/psdi/catalog.ttl"), stream=True, timeout=10) as reply:
                ports.add(reply.raw.connection.sock.getsockname()[1])
                assert reply.content
        assert len(ports) == 1


def test_requests_are_remembered(replay: Replay) -> None:
    status(replay, "/us/data.json")
    requests.head(replay.url("/psdi/catalog.ttl?page=2"), timeout=10)
    assert replay.requests == [("GET", "/us/data.json"), ("HEAD", "/psdi/catalog.ttl?page=2")]


def test_a_path_fails_as_often_as_asked_and_is_well_again(replay: Replay) -> None:
    replay.fail("/us/data.json", status=503, times=2)
    assert [status(replay, "/us/data.json") for _ in range(3)] == [503, 503, 200]


def test_a_failure_lasts_until_it_is_ended(replay: Replay) -> None:
    replay.fail("/csa/api/3/action/package_show", status=500)
    name = next(iter(replay.csa.datasets))
    assert [status(replay, f"/csa/api/3/action/package_show?id={name}") for _ in range(2)] == [500, 500]
    assert status(replay, "/csa/api/3/action/package_list") == 200
    replay.recover()
    assert status(replay, f"/csa/api/3/action/package_show?id={name}") == 200


def test_one_page_can_fail_alone(replay: Replay) -> None:
    replay.fail("/psdi/catalog.ttl?page=2", status=404)
    assert [status(replay, f"/psdi/catalog.ttl?page={number}") for number in (1, 2, 3)] == [200, 404, 200]


def test_a_body_can_break_off(replay: Replay) -> None:
    replay.fail("/us/data.json", keep_bytes=100)
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(replay.url("/us/data.json"), timeout=10)


def test_a_connection_can_be_dropped(replay: Replay) -> None:
    replay.fail("/us/data.json", drop=True)
    with pytest.raises(requests.exceptions.ConnectionError):
        status(replay, "/us/data.json")


def test_an_answer_can_be_late(replay: Replay) -> None:
    replay.fail("/us/data.json", delay=0.5)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(replay.url("/us/data.json"), timeout=0.1)


def test_a_body_and_its_type_can_be_replaced(replay: Replay) -> None:
    replay.fail("/us/data.json", body=b"<html>We are busy</html>", content_type="text/html")
    reply = requests.get(replay.url("/us/data.json"), timeout=10)
    assert (reply.status_code, reply.text, reply.headers["Content-Type"]) == (
        200,
        "<html>We are busy</html>",
        "text/html",
    )


def test_a_folder_of_ones_own_is_served(tmp_path: Path) -> None:
    (tmp_path / "us").mkdir()
    (tmp_path / "us" / "data.json").write_text(
        json.dumps({"@type": "dcat:Catalog", "dataset": [{"identifier": "1"}]})
    )
    with Replay(recordings=tmp_path) as replay:
        assert requests.get(replay.url("/us/data.json"), timeout=10).json()["dataset"] == [
            {"identifier": "1"}
        ]
        assert status(replay, "/csa/api/3/action/site_read") == 404


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no recording"):
        Replay(recordings=tmp_path)


@contextmanager
def started(*arguments: str, demo: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server as ``make up`` starts it, without the packages of the virtual environment."""
    command = [sys.executable, "-I", "-S", str(demo / "replay"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], 10)
        assert ready, "the server said nothing"
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_the_command_starts_within_a_second_logs_each_request_and_stops_when_asked(demo: Path) -> None:
    begin = time.monotonic()
    with started(demo=demo) as (process, line):
        address = line.rpartition(" ")[2]
        assert requests.get(f"{address}us/data.json", timeout=10).status_code == 200
        assert time.monotonic() - begin < 3, "one second, and room for a busy machine"
        assert process.stdout is not None
        assert '"GET /us/data.json HTTP/1.1" 200' in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_port_in_use_is_said_in_one_line(demo: Path, replay: Replay) -> None:
    command = [sys.executable, str(demo / "replay"), "--port", str(replay.port)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert ended.stderr == f"replay: cannot serve on 127.0.0.1:{replay.port}: Address already in use\n"


def test_the_folder_can_be_moved(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo, tmp_path / "elsewhere", ignore=shutil.ignore_patterns("__pycache__"))
    with started(demo=tmp_path / "elsewhere") as (_, line):
        assert requests.get(f"{line.rpartition(' ')[2]}psdi/catalog.rdf", timeout=10).status_code == 200
