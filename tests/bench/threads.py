"""`make bench-threads`: what reading and writing conversations costs, beside stock CKAN's dataset page in the same run.

QUICK=1 ends in two minutes with at most five thousand messages; the full run has ten million. Server CPU is the web worker's
processor time plus that of its PostgreSQL processes, per request, as the median of rounds in which the requests take turns.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import report
from bench.conversations import SMALL, Conversations
from bench.load import Client, Cost, Probe, Reply, counted, csrf, measure, once, together
from bench.report import Figure
from bench.server import PLUGINS, STOCK, House, Web, ended_by_signal, in_ckan, result_of, serving
from postgres import DATABASE
from report import say, step

from ckanext.participation.threads import rules

ORDERS = ("oldest", "oldest-flat", "newest", "newest-flat", "useful", "useful-flat")
SMALLEST = "/api/3"
PREVIEWS = "text_view image_view"
# So many small threads stand beside the longest on its dataset's page.
BESIDE = 10


@dataclass(frozen=True)
class Sizes:
    """How much of everything: messages per stage, the long thread of each stage, datasets, accounts, repetitions."""

    messages: tuple[int, int, int]
    threads: tuple[int, int, int]
    datasets: int
    accounts: int
    writers: int
    rounds: int
    each: int
    warm_up: int
    steady: int
    seconds: float

    @property
    def text(self) -> str:
        return (f"messages in the table {', '.join(f'{n:,}' for n in self.messages)}; longest thread {self.threads[2]:,}; "
                f"{self.accounts:,} accounts; {self.datasets} datasets in both catalogues (stock has no messages and stays at this size)")


FULL = Sizes((100, 100_000, 10_000_000), (80, 50_000, 1_000_000), 300, 10_000, 100, 9, 20, 500, 3000, 20)
QUICK = Sizes((100, 1_000, 5_000), (80, 500, 2_000), 24, 300, 8, 3, 5, 60, 120, 4)


@dataclass
class Bench:
    """One run: its sizes, its sites, and what was found so far."""

    sizes: Sizes
    house: House
    ours: Web
    stock: Web
    made: dict[str, Any]
    talk: Conversations
    figures: list[Figure]

    def figure(self, name: str, value: float, op: Any, target: float) -> None:
        """Note a measured value against its promise."""
        self.figures.append(Figure(name, value, op, target))

    def measured(self, probes: list[Probe]) -> dict[str, Cost]:
        """Measure with the run's repetitions."""
        return measure(probes, rounds=self.sizes.rounds, each=self.sizes.each)

    def signed_in(self, web: Web, made: dict[str, Any], number: int) -> Client:
        """Give a reader who is signed in."""
        person = made["people"][number]
        return Client(web.port).sign_in(person["name"], person["password"])


def main() -> int:
    """Run the benchmark; return the exit code."""
    quick = bool(os.environ.get("QUICK"))
    sizes = QUICK if quick else FULL
    say(f"bench-threads, {'quick' if quick else 'full'}: {sizes.text}\n")
    house = House.open()
    ours, stock = Web(house, house.ours(), DATABASE), Web(house, house.stock(), STOCK)
    with step("Stock CKAN's database"):
        result_of(in_ckan(stock.ini, "upgrade"))
    with step(f"The same {sizes.datasets} datasets in both") as progress:
        words = [str(sizes.datasets), str(sizes.writers), "6"]
        beside = in_ckan(stock.ini, "make", "stock", *words), in_ckan(ours.ini, "make", "ours", *words)
        stock_made, made = (result_of(process) for process in beside)
        progress(f"{len(made['datasets'])} and {len(stock_made['datasets'])}")
    bench = Bench(sizes, house, ours, stock, made, Conversations(house, sizes.accounts, made["organization"]), [])
    with serving(ours, stock):
        fragments(bench)
        dataset_pages(bench, stock_made, previews=False)
        other_pages(bench)
        cards(bench)
        posting(bench)
        memory(bench)
    rate(bench)
    with_previews(bench, stock_made)
    return report.closing(bench.figures)


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
            for depth, path in (("first", _path(thread, order)), ("deep", _path(thread, order, _deep(bench, thread, order)))):
                probes.append(Probe.page(f"thread of {length}, {order}, {depth}", bench.ours, client, path))
    path = _path(max(threads.values()), "oldest")
    tag = client.get(path).headers.get("etag", "")
    probes.append(Probe("unchanged (304)", bench.ours, client, lambda client: client.get(path, If_None_Match=tag), expect=304))
    return probes


def _path(thread: int, order: str, mark: str | None = None) -> str:
    name, _, flat = order.partition("-")
    return f"/participation/thread/{thread}/messages?order={name}{'&flat=1' if flat else ''}" + (f"&after={mark}" if mark else "")


def _deep(bench: Bench, thread: int, order: str) -> str:
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
    bench.figure("thread-fragment-cpu-ms", max(above(key) for key in pages if key[0] == largest), "<=", 10)
    small = f"thread of {bench.sizes.threads[0]:,}, oldest, first"
    # In units of the smallest request at the same size: a machine that has become slower meanwhile slows both.
    bench.figure("thread-fragment-same-at-any-table-size",
                 report.spread(above((total, small)) / costs[total, "smallest"].ms for total in bench.sizes.messages), "<=", 1.2)
    oldest = [key for key in pages if key[0] == largest and ", oldest," in key[1]]
    bench.figure("thread-fragment-same-in-any-thread-first-or-deep", report.spread(above(key) for key in oldest), "<=", 1.2)
    unchanged = [asked[key]["comments"] for key in costs if key[1].startswith("unchanged")]
    bench.figure("thread-304-message-statements", max(unchanged), "<=", 0)


def dataset_pages(bench: Bench, stock_made: dict[str, Any], *, previews: bool) -> None:
    """Measure the dataset page with its conversations against stock's without any."""
    with step("Dataset pages, ours with conversations and stock's" + (", with preview plugins" if previews else "")):
        readers = {"anonymous": (Client(bench.ours.port), Client(bench.stock.port)),
                   "signed in": (bench.signed_in(bench.ours, bench.made, 0), bench.signed_in(bench.stock, stock_made, 0))}
        probes = []
        for (reader, clients), name in itertools.product(readers.items(), ("three", "twenty")):
            for whose, web, client in (("ours", bench.ours, clients[0]), ("stock", bench.stock, clients[1])):
                probes.append(Probe.page(f"{reader}, {name} files, {whose}", web, client, f"/dataset/{name}"))
        about, about_stock = readers["anonymous"]
        probes.append(Probe.page("empty page, ours", bench.ours, about, "/about"))
        probes.append(Probe.page("empty page, stock", bench.stock, about_stock, "/about"))
        asked = {probe.name: counted(probe) for probe in probes}
        costs = bench.measured(probes)
    suffix = "-previews" if previews else ""
    say(report.table(f"Dataset page{', preview plugins on' if previews else ''} (milliseconds of CPU per request)",
                     ("request", "SQL", "of these the conversation's", "Solr", "web", "database", "sum", "÷ stock", "wall"),
                     [(name, asked[name]["sql"], asked[name]["threads"], asked[name]["solr"], cost.web_ms, cost.database_ms, cost.ms,
                       cost.ms / costs[name.replace("ours", "stock")].ms, cost.wall_ms) for name, cost in costs.items()]))
    for reader, name in itertools.product(readers, ("three", "twenty")):
        ratio = costs[f"{reader}, {name} files, ours"].ms / costs[f"{reader}, {name} files, stock"].ms
        bench.figure(f"dataset-page-{name}-files-{reader.replace(' ', '-')}-ratio{suffix}", ratio, "<=", 0.45)
        ours = asked[f"{reader}, {name} files, ours"]
        bench.figure(f"dataset-page-{name}-files-{reader.replace(' ', '-')}-sql{suffix}", ours["sql"] - ours["threads"], "<=", 8)
        bench.figure(f"dataset-page-{name}-files-{reader.replace(' ', '-')}-solr{suffix}", ours["solr"], "<=", 1)


def other_pages(bench: Bench) -> None:
    """Show what the other pages of conversations cost at the largest size; only stock's dataset page is promised against."""
    with step("Other pages at the largest size"):
        thread = bench.house.sql("SELECT id FROM participation_thread ORDER BY next_seq DESC LIMIT 1")[0][0]
        client = Client(bench.ours.port)
        paths = {
            "the longest thread": f"/participation/thread/{thread}",
            "a permalink deep in it": f"/participation/thread/{thread}?at={bench.sizes.threads[2] * 9 // 10}",
            "a dataset's conversations": "/participation/dataset/twenty/threads",
            "an organisation's conversations": "/participation/organization/agency-0/conversations",
            "the latest conversations": "/participation/conversations",
        }
        probes = [Probe.page(name, bench.ours, client, path) for name, path in paths.items()]
        asked = {probe.name: counted(probe) for probe in probes}
        costs = bench.measured(probes)
    say(report.table("Other pages at the largest size (milliseconds)", ("page", "SQL", "web", "database", "wall"),
                     [(name, asked[name]["sql"], cost.web_ms, cost.database_ms, cost.wall_ms) for name, cost in costs.items()]))


def with_previews(bench: Bench, stock_made: dict[str, Any]) -> None:
    """Measure the dataset page again with CKAN's own view plugins on, in both catalogues."""
    formats = "ckan.preview.text_formats"
    bench.ours.ini = bench.house.ours(**{"ckan.plugins": f"{PLUGINS} {PREVIEWS}", formats: "txt"})
    bench.stock.ini = bench.house.stock(**{"ckan.plugins": PREVIEWS, formats: "txt"})
    with step("Previews of the files, in both"):
        for process in [in_ckan(web.ini, "views", "three", "twenty") for web in (bench.ours, bench.stock)]:
            result_of(process)
    with serving(bench.ours, bench.stock):
        dataset_pages(bench, stock_made, previews=True)


def cards(bench: Bench) -> None:
    """Count what the cards of a search page ask of the database: the same for one card and for twenty."""
    client = Client(bench.ours.port)
    rows = []
    counts = {}
    for cards_, path in ((1, "/dataset/?tags=one"), (5, "/dataset/?tags=five"), (20, "/dataset/?tags=stations")):
        client.get(path)
        page = client.get(path, X_Bench_Count="1")
        found = sum(f'href="/dataset/{name}"' in page.text for name in bench.made["datasets"])
        counts[cards_] = page.counted
        rows.append((cards_, found, page.counted["sql"], page.counted["ours"], page.counted["solr"]))
    say(report.table("Search page by number of cards", ("cards", "found on the page", "SQL", "of our tables", "Solr"), rows))
    if [row[0] for row in rows] != [row[1] for row in rows]:
        raise RuntimeError("the search page does not show the cards that it should")
    bench.figure("search-cards-sql", counts[20]["ours"], "<=", 1)
    # One card has one organisation in the facets beside it, five and twenty have all five: only the cards differ between these.
    bench.figure("search-cards-sql-growth-from-5-to-20", counts[20]["sql"] - counts[5]["sql"], "<=", 0)


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


def memory(bench: Bench) -> None:
    """Measure the worker's resident memory after a warm-up and after many more requests of every kind."""
    with step(f"Memory of the worker: {bench.sizes.warm_up} requests, then {bench.sizes.steady} more"):
        thread = bench.house.sql("SELECT id FROM participation_thread ORDER BY next_seq DESC LIMIT 1")[0][0]
        reader, writer = Client(bench.ours.port), Client(bench.ours.port)
        deep = _path(thread, "oldest", _deep(bench, thread, "oldest"))
        paths = ["/dataset/three", _path(thread, "oldest"), "/dataset/twenty", deep, f"/participation/thread/{thread}",
                 "/dataset/?tags=stations", _path(thread, "useful"), "/api/3/action/package_show?id=three", "/fr/dataset/three"]
        turns = itertools.cycle([*[Probe.page(path, bench.ours, reader, path) for path in paths],
                                 Probe("post", bench.ours, writer, poster(bench, thread))])
        marks = []
        for count in (bench.sizes.warm_up, bench.sizes.steady):
            for _ in range(count):
                once(next(turns))
            marks.append(bench.ours.memory())
    say(f"  worker: {marks[0] / 2**20:.1f} MB after {bench.sizes.warm_up} requests, {marks[1] / 2**20:.1f} MB after "
        f"{bench.sizes.steady} more\n")
    bench.figure("worker-memory-growth-ratio", marks[1] / marks[0], "<=", 1.05)


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
