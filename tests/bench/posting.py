"""What one post costs, by API and by form, and how many per second four clients get through."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from bench import report
from bench.load import Client, Probe, Reply, csrf, together
from bench.run import Bench
from bench.server import Web, serving
from postgres import DATABASE
from report import say, step


def poster(bench: Bench, thread: int) -> Callable[[Client], Reply]:
    """Return a function that posts a message by API, each time as another person: nobody writes more than a person would."""
    people = itertools.cycle(bench.made["people"])
    numbers = itertools.count(1)

    def post(client: Client) -> Reply:
        client.token = next(people)["token"]
        number = next(numbers)
        return client.call("participation_comment_create", thread_id=thread, lang="en", parent_seq=1 + number % 40,
                           body=f"I saw the same, number {number}. *Since when*?", idempotency_key=f"bench-{time.monotonic_ns()}")

    return post


def posting(bench: Bench) -> None:
    """Measure what one post costs, by API with a token and by the form."""
    with step("Posting by API and by form"):
        thread = bench.house.sql("SELECT id FROM participation_thread ORDER BY next_seq DESC LIMIT 1")[0][0]
        client = bench.signed_in(bench.ours, bench.made, 1)
        page = f"/participation/thread/{thread}"
        token = csrf(client.get(page).text)
        numbers = itertools.count(1)

        def form(client: Client) -> Reply:
            return client.post(page, {"body": f"By form, number {next(numbers)}. *Thanks*.", "lang": "en", "_csrf_token": token,
                                      "idempotency_key": f"form-{time.monotonic_ns()}"})

        # A page shows what the posts before have left to say; without it they would pile up in the session.
        probes = [Probe("by API", bench.ours, Client(bench.ours.port), poster(bench, thread)),
                  Probe("by form", bench.ours, client, form, expect=302, before=lambda: client.get(page))]
        costs = bench.measured(probes)
    say(report.table("One post (milliseconds of CPU)", ("way", "web", "database", "sum", "wall"),
                     [(name, cost.web_ms, cost.database_ms, cost.ms, cost.wall_ms) for name, cost in costs.items()]))
    bench.figure("post-by-api-cpu-ms", costs["by API"].ms, "<=", 15)
    bench.figure("post-by-form-cpu-ms", costs["by form"].ms, "<=", 15)


def rate(bench: Bench) -> None:
    """Measure how many posts per second four clients get through on the product's two workers."""
    web = Web(bench.house, bench.ours.ini, DATABASE, workers=2)
    rows = bench.house.sql("SELECT id FROM participation_thread ORDER BY next_seq DESC, id LIMIT 4")
    places = {"four conversations": [row[0] for row in rows], "all in the longest": [rows[0][0]] * 4}
    found = {}
    with serving(web), step("Posts per second, four clients, two workers"):
        for name, threads in places.items():
            probes = [Probe(name, web, Client(web.port), poster(bench, thread)) for thread in threads]
            together(probes, seconds=2)
            found[name] = together(probes, seconds=bench.sizes.seconds)
    say(report.table("Posts per second, four clients", ("where", "posts/s"), list(found.items())))
    bench.figure("posts-per-second", found["four conversations"], ">=", 60)
