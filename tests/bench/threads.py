"""`make bench-threads`: what reading and writing conversations costs, beside stock CKAN's dataset page in the same run.

QUICK=1 ends in two minutes with at most five thousand messages; the full run has ten million. Server CPU is the web worker's
processor time plus that of its PostgreSQL processes, per request, as the median of rounds in which the requests take turns.
"""

from __future__ import annotations

import itertools
import os
import sys
from typing import Any

from bench import report
from bench.conversations import Conversations
from bench.fragments import deep_in, fragments, path_of
from bench.load import Client, Probe, counted, once
from bench.posting import poster, posting, rate
from bench.run import FULL, QUICK, Bench
from bench.server import PLUGINS, STOCK, House, Web, ended_by_signal, in_ckan, result_of, serving
from postgres import DATABASE
from report import say, step

PREVIEWS = "text_view image_view"


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
        costs = bench.measured(probes, pages=True)
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


def memory(bench: Bench) -> None:
    """Measure the worker's resident memory after a warm-up and after many more requests of every kind."""
    with step(f"Memory of the worker: {bench.sizes.warm_up} requests, then {bench.sizes.steady} more"):
        thread = bench.house.sql("SELECT id FROM participation_thread ORDER BY next_seq DESC LIMIT 1")[0][0]
        reader, writer = Client(bench.ours.port), Client(bench.ours.port)
        deep = path_of(thread, "oldest", deep_in(bench, thread, "oldest"))
        paths = ["/dataset/three", path_of(thread, "oldest"), "/dataset/twenty", deep, f"/participation/thread/{thread}",
                 "/dataset/?tags=stations", path_of(thread, "useful"), "/api/3/action/package_show?id=three", "/fr/dataset/three"]
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
