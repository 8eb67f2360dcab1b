"""A home holds everything of one stack: made once, private where it must be, anywhere on the machine."""

from __future__ import annotations

import mailbox
import os
import socket
import stat
from pathlib import Path

import postgres
import pytest
import running
import settings
import supervision
from layout import LONGEST_SOCKET_FOLDER, Home, port_in_use, write_private


def mode(path: Path) -> int:
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private(tmp_path / "new" / "file", "text")
    finally:
        os.umask(before)
    assert mode(tmp_path / "new" / "file") == 0o600
    assert (tmp_path / "new" / "file").read_text() == "text"


def test_a_private_file_that_was_open_to_others_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert mode(path) == 0o600
    assert path.read_text() == "new"


def test_a_private_file_is_not_written_through_somebody_elses_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    (tmp_path / "file.part").symlink_to(victim)
    write_private(tmp_path / "file", "ours")
    assert victim.read_text() == "theirs"
    assert (tmp_path / "file").read_text() == "ours"


def test_secrets_are_made_once_and_differ_from_each_other(home: Home) -> None:
    again = Home.open(home.path, home.port)
    assert again.secrets == home.secrets
    assert len(set(home.secrets.values())) == len(home.secrets) == 4
    assert all(len(value) >= 40 for value in home.secrets.values())


def test_secrets_differ_between_two_homes(home: Home, tmp_path: Path) -> None:
    other = Home.open(tmp_path / "other", 5002)
    assert not set(home.secrets.values()) & set(other.secrets.values())


def test_the_file_of_secrets_is_private(home: Home) -> None:
    assert mode(home.path / "secrets.json") == 0o600


def test_ports_are_kept_for_the_next_start(home: Home) -> None:
    home.keep_ports()
    again = Home.open(home.path, home.port)
    assert again.ports == home.ports
    assert len(set(home.ports.values())) == len(home.ports)


def test_the_site_s_port_is_the_one_asked_for_not_the_one_kept(home: Home) -> None:
    home.keep_ports()
    assert Home.open(home.path, 5999).ports["web"] == 5999


def test_a_port_of_ours_that_somebody_took_is_replaced(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        home.ports["redis"] = taken.getsockname()[1]
        assert port_in_use(home.ports["redis"])
        assert not port_in_use(home.renew_port("redis"))


def test_a_socket_is_in_the_home_when_its_name_is_short_enough(home: Home) -> None:
    if len(os.fsencode(home.run)) > LONGEST_SOCKET_FOLDER:
        pytest.skip("the temporary folder of this machine has a long name")
    assert home.socket_folder == home.run


@pytest.mark.parametrize("name", ["x" * 120, "é" * 60])
def test_a_socket_of_a_home_with_a_long_name_is_elsewhere_and_short_enough(tmp_path: Path, name: str) -> None:
    """Linux takes 107 bytes for the name of a socket; bytes, not letters."""
    home = Home.open(tmp_path / name, 5001)
    assert len(os.fsencode(home.socket_folder / "pg" / ".s.PGSQL.5432")) <= 107
    assert len(os.fsencode(home.socket_folder / "supervisor.sock")) <= 107
    assert home.socket_folder != Home.open(tmp_path / ("y" + name), 5001).socket_folder


def test_the_folder_of_the_database_s_socket_is_closed_to_others(home: Home) -> None:
    """Its mode is what keeps other accounts out: the database asks for no password."""
    assert mode(postgres.socket(home)) == 0o700


def test_the_mail_folder_takes_mail(home: Home) -> None:
    """The Maildir library makes what it needs only where the folder itself is new: an empty one takes no mail."""
    box = mailbox.Maildir(home.path / "mail", create=True)
    box.add(b"Subject: test\n\ntext\n")
    assert len(list((home.path / "mail" / "new").iterdir())) == 1


def test_nothing_runs_in_a_home_that_was_only_opened(home: Home) -> None:
    assert supervision.running(home) is False


def test_a_free_port_is_free() -> None:
    assert not port_in_use(running.free_port())


def test_a_secret_that_is_made_never_reads_like_a_placeholder(tmp_path: Path) -> None:
    digits = set("0123456789abcdef")
    assert all(set(secret) <= digits for secret in Home.open(tmp_path, 5000).secrets.values())
    assert not [word for word in settings.PLACEHOLDERS if set(word) <= digits]
