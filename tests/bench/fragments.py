"""Pages of fifty messages while the table grows: statements, CPU above the smallest request, in every order, first page and deep.

A web process keeps what it has drawn for readers who are not signed in: pages are measured both drawn anew and kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from bench import report
from bench.conversations import SMALL
from bench.load import Client, Cost, Probe, Reply, counted
from bench.run import Bench
from report import say, step

from ckanext.participation.threads import rules

ORDERS = ("oldest", "oldest-flat", "newest", "newest-flat", "useful", "useful-flat")
SMALLEST = "/api/3"
# So many small threads stand beside the longest on its dataset's page.
BESIDE = 10
# One for the whole run: the sizes ask for the same pages again.
_NUMBERS = itertools.count()


def fragments(bench: Bench) -> None:
    """Measure pages of messages while the table grows."""
    talk, sizes = bench.talk, bench.sizes
    talk.make_people()
    ids = {name: row["id"] for name, row in bench.made["datasets"].items()}
    # `three` gets its conversations at the first size, `twenty` at the last, when the longest thread is among them.
    about = {name: talk.subject(dataset, name) for name, dataset in ids.items()}
    for name, subject in about.items():
        talk.count(subject, threads=3, threads_open=2, questions_open=1, comments=SMALL, stars_4=len(name))
    others = list(about.values())[2:]
    rows, costs, asked = [], {}, {}
    threads: dict[str, int] = {}
    for stage, (total, longest) in enumerate(zip(sizes.messages, sizes.threads, strict=True)):
        with step(f"{total:,} messages by COPY, the longest thread {longest:,}"):
            place = about["three"] if stage == 0 else about["twenty"] if stage == 2 else others[0]
            rest = total - talk.messages - longest
            filler = [(place, 10)] * 2 if stage == 0 else [
                (place if n < BESIDE else others[n % len(others)], SMALL) for n in range(rest // SMALL)]
            threads[f"{longest:,}"] = talk.grow([(place, longest), *filler])[0]
        with step(f"Pages of 50 messages at {total:,}"):
            found = _pages_of(bench, threads)
            found_costs = bench.measured(found)
            base = found_costs["smallest"]
            for probe in found:
                cost = found_costs[probe.name]
                key = (total, probe.name)
                costs[key] = cost
                asked[key] = counted(probe)
                rows.append((f"{total:,}", probe.name, asked[key]["sql"], asked[key]["comments"], cost.web_ms, cost.database_ms,
                             cost.ms - base.ms, (cost.ms - base.ms) / base.ms))
    say(report.table("Fragments of 50 messages with authors (milliseconds of CPU per request)",
                     ("in the table", "request", "SQL", "of messages", "web", "database", "above smallest", "÷ smallest"), rows))
    _judge_fragments(bench, costs, asked)


def _pages_of(bench: Bench, threads: dict[str, int]) -> list[Probe]:
    """List the requests to measure: the smallest, a 304, and every thread's first and deep page in every order."""
    client = Client(bench.ours.port)
    probes = [Probe.page("smallest", bench.ours, client, SMALLEST)]
    for length, thread in threads.items():
        for order in ORDERS if len(threads) == len(bench.sizes.messages) and thread == max(threads.values()) else ("oldest",):
            for depth, path in (("first", path_of(thread, order)), ("deep", path_of(thread, order, deep_in(bench, thread, order)))):
                probes.append(Probe(f"thread of {length}, {order}, {depth}", bench.ours, client, _drawn_anew(path)))
    path = path_of(max(threads.values()), "oldest")
    probes.append(Probe.page("kept, oldest, first", bench.ours, client, path))
    tag = client.get(path).headers.get("etag", "")
    probes.append(Probe("unchanged (304)", bench.ours, client, lambda client: client.get(path, If_None_Match=tag), expect=304))
    return probes


def _drawn_anew(path: str) -> Callable[[Client], Reply]:
    """Return what asks for a page under an address that nobody asked for before: nothing is kept under it."""
    return lambda client: client.get(f"{path}&drawn={next(_NUMBERS)}")


def path_of(thread: int, order: str, mark: str | None = None) -> str:
    name, _, flat = order.partition("-")
    return f"/participation/thread/{thread}/messages?order={name}{'&flat=1' if flat else ''}" + (f"&after={mark}" if mark else "")


def deep_in(bench: Bench, thread: int, order: str) -> str:
    """Return the mark of a page after nine tenths of the thread, or after a quarter where the thread is short."""
    size, = bench.house.sql("SELECT max(seq) FROM participation_comment WHERE thread_id = %s", thread)[0]
    seq = size * 9 // 10 if size > 10 * rules.PER_PAGE else max(2, size - rules.PER_PAGE - 2)
    if order in {"newest", "useful"}:
        # These two walk from root to root: the mark lies on a root.
        seq, = bench.house.sql("SELECT max(seq) FROM participation_comment WHERE thread_id = %s AND depth = 0 AND seq <= %s",
                               thread, max(2, size - seq))[0]
    path, support = bench.house.sql("SELECT path, n_support FROM participation_comment WHERE thread_id = %s AND seq = %s", thread, seq)[0]
    return rules.write_mark(order, seq=seq, path=path, support=support, root_seq=seq, root_support=support)


def _judge_fragments(bench: Bench, costs: dict[tuple[int, str], Cost], asked: dict[tuple[int, str], dict[str, int]]) -> None:
    pages = [key for key in costs if key[1].startswith("thread")]
    largest = bench.sizes.messages[2]

    def above(key: tuple[int, str]) -> float:
        return costs[key].ms - costs[key[0], "smallest"].ms

    bench.figure("thread-fragment-sql", max(asked[key]["sql"] for key in pages), "<=", 5)
    bench.figure("thread-fragment-drawn-anew-cpu-ms", max(above(key) for key in pages if key[0] == largest), "<=", 10)
    bench.figure("thread-fragment-kept-cpu-ms", max(above(key) for key in costs if key[1].startswith("kept")), "<=", 10)
    bench.figure("thread-fragment-kept-message-statements",
                 max(asked[key]["comments"] for key in costs if key[1].startswith("kept")), "<=", 0)
    small = f"thread of {bench.sizes.threads[0]:,}, oldest, first"
    # In units of the smallest request at the same size: a machine that has become slower meanwhile slows both.
    bench.figure("thread-fragment-same-at-any-table-size",
                 report.spread(above((total, small)) / costs[total, "smallest"].ms for total in bench.sizes.messages), "<=", 1.2)
    oldest = [key for key in pages if key[0] == largest and ", oldest," in key[1]]
    bench.figure("thread-fragment-same-in-any-thread-first-or-deep", report.spread(above(key) for key in oldest), "<=", 1.2)
    unchanged = [asked[key]["comments"] for key in costs if key[1].startswith("unchanged")]
    bench.figure("thread-304-message-statements", max(unchanged), "<=", 0)
