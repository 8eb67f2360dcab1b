"""The clock's rounds, on a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ckanext.harvest import queue

from ckanext.participation.harvesting import cli


@pytest.fixture
def redis(_all_plugins: None) -> Iterator[Any]:
    connection = queue.get_connection()
    queue.get_fetch_consumer().queue_purge()
    yield connection
    queue.get_fetch_consumer().queue_purge()
    connection.delete(f"{queue.get_fetch_routing_key()}:held")


def test_nothing_waits_in_an_empty_queue(redis: Any) -> None:
    assert cli._busy() is False


def test_a_record_that_waits_keeps_the_clock_from_handing_it_out_again(redis: Any) -> None:
    queue.get_fetch_publisher().send({"harvest_object_id": "waiting"})
    assert cli._busy() is True


def test_so_does_one_in_a_consumers_hands(redis: Any) -> None:
    redis.set(f"{queue.get_fetch_routing_key()}:held", "2026-11-22 00:00:00.0")
    assert cli._busy() is True
