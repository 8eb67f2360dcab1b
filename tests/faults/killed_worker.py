"""F1: a web worker is killed (SIGKILL) in the middle of posts, two hundred times at random instants. Nothing may be lost or doubled.

Four clients post all the time, conversations and answers, by API and by form, each text with a key of its own. When the connection
breaks, the client sends the same again with the same key, as a browser or a careful program does; one in ten gives up instead.
gunicorn's master, as in production, replaces the worker. Afterwards the tables are held against what the clients were told.
QUICK=1 kills twenty times.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from bench import processes, report
from bench.load import Client, Reply, csrf
from bench.report import Figure
from bench.server import House, Web, ended_by_signal, in_ckan, result_of, serving
from faults import promises
from postgres import DATABASE
from report import say, step, wait_until

CLIENTS = 4
# One client in four uses the forms.
BY_FORM = (3,)
GIVES_UP = 0.1
STARTS_A_THREAD = 0.25
PATIENCE = 30.0
SENT_AGAIN = 500


@dataclass
class Post:
    """One text that a client wants posted, and what became of it."""

    body: str
    key: str
    thread: int | None
    writer: int
    # What the site called it: `12` for a conversation, `12#3` for a message; None while nothing was answered.
    told: str | None = None
    sent: int = 0
    broke: list[float] = field(default_factory=list)
    abandoned: bool = False


class Writer(threading.Thread):
    """A client that posts until it is told to stop."""

    def __init__(self, number: int, run: Run) -> None:
        """Prepare the client; `start` begins."""
        super().__init__(name=f"writer-{number}", daemon=True)
        self.number = number
        self.run_ = run
        self.chance = random.Random(f"{run.seed}-{number}")
        self.posts: list[Post] = []
        self.took: list[float] = []
        self.busy = False
        self.trouble: BaseException | None = None
        person = run.made["people"][number]
        self.client = Client(run.web.port, None if number in BY_FORM else person["token"])
        if number in BY_FORM:
            self.client.sign_in(person["name"], person["password"])
        self.form_token = ""

    def run(self) -> None:
        """Post one text after the other."""
        try:
            while not self.run_.over.is_set():
                self.one()
        except BaseException as error:  # noqa: BLE001 (raised again by the run, in the main thread)
            self.trouble = error

    def one(self) -> None:
        """Post one text; after a broken connection send it again with the same key, or give up."""
        thread = None if self.chance.random() < STARTS_A_THREAD else self.chance.choice(self.run_.threads[-20:])
        post = Post(f"Text {uuid.uuid4().hex}", uuid.uuid4().hex, thread, self.number)
        self.posts.append(post)
        while post.told is None and not post.abandoned:
            began = time.monotonic()
            self.busy = True
            self.run_.begun.set()
            try:
                post.sent += 1
                post.told = self.send(post)
                self.took.append(time.monotonic() - began)
            except (OSError, http.client.HTTPException):
                post.broke.append(time.time())
                if time.monotonic() - began > PATIENCE:
                    raise
                post.abandoned = self.chance.random() < GIVES_UP
            finally:
                self.busy = False
                # A connection each: one left open by a killed worker would break though no post was under way on it.
                self.client.close()
        if post.told and post.thread is None:
            self.run_.threads.append(int(post.told))

    def send(self, post: Post) -> str:
        """Send the post once; return what the site calls what it made. Raises RuntimeError when it refuses."""
        if self.number in BY_FORM:
            return self.by_form(post)
        if post.thread is None:
            reply = self.client.call("participation_thread_create", subject_id="three", title=f"About {post.body[:20]}", body=post.body,
                                     lang="en", idempotency_key=post.key)
            return str(_result(reply)["id"])
        reply = self.client.call("participation_comment_create", thread_id=post.thread, body=post.body, lang="en",
                                 idempotency_key=post.key)
        return f"{_result(reply)['thread_id']}#{_result(reply)['seq']}"

    def by_form(self, post: Post) -> str:
        """Send the post as a browser does."""
        page = "/participation/dataset/three/threads/new" if post.thread is None else f"/participation/thread/{post.thread}"
        if not self.form_token or len(self.posts) % 10 == 0:
            self.form_token = csrf(self.client.get(page).text)
            self.client.close()
        form = {"body": post.body, "lang": "en", "idempotency_key": post.key, "_csrf_token": self.form_token}
        reply = self.client.post(page, form | ({"title": f"About {post.body[:20]}", "kind": "question"} if post.thread is None else {}))
        found = re.search(r"/thread/(\d+)(?:\?[^#]*)?(?:#(\d+))?$", reply.headers.get("location", ""))
        if reply.status not in (302, 303) or not found:
            raise RuntimeError(f"the form was refused: {reply.status} {reply.text[:500]}")
        return found.group(1) if post.thread is None else f"{found.group(1)}#{found.group(2)}"


def _result(reply: Reply) -> dict[str, Any]:
    if reply.status != 200:
        raise RuntimeError(f"the API refused: {reply.status} {reply.text[:500]}")
    return reply.result


@dataclass
class Run:
    """Everything of one run."""

    house: House
    web: Web
    made: dict[str, Any]
    kills: int
    seed: int
    threads: list[int] = field(default_factory=list)
    killed: list[float] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    writers: list[Writer] = field(default_factory=list)

    @property
    def posts(self) -> list[Post]:
        return [post for writer in self.writers for post in list(writer.posts)]

    def check_writers(self) -> None:
        """Raise what a writer met that was not a broken connection."""
        for writer in self.writers:
            if writer.trouble:
                raise writer.trouble

    def answers(self) -> int:
        """Return how many posts have been answered so far."""
        return sum(len(writer.took) for writer in self.writers)


def main() -> int:
    """Run it; return the exit code."""
    kills = 20 if os.environ.get("QUICK") else 200
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    say(f"F1: {kills} kills of a web worker in the middle of posts (SEED={seed} chooses the same instants again)\n")
    house = House.open()
    ini = house.ours()
    with step("A catalogue and its people"):
        made = result_of(in_ckan(ini, "make", "ours", "2", str(CLIENTS), str(CLIENTS)))
    run = Run(house, Web(house, ini, DATABASE, workers=2), made, kills, seed)
    with serving(run.web):
        run.threads = [int(_result(Client(run.web.port, made["people"][0]["token"]).call(
            "participation_thread_create", subject_id="three", title="The first", body="The first text", lang="en"))["id"])]
        run.writers = [Writer(number, run) for number in range(CLIENTS)]
        with step("Posting and killing") as progress:
            post_and_kill(run)
            progress(f"{len(run.posts)} posts")
        with step("Every key once more"):
            other_replies = replay(run)
    return report.closing(judge(run, other_replies))


def post_and_kill(run: Run) -> None:
    """Start the writers, kill workers at random instants of their posts, and let every post come to its end."""
    chance = random.Random(run.seed)
    for writer in run.writers:
        writer.start()
    _await_answers(run, 40)
    while len(run.killed) < run.kills:
        run.begun.clear()
        run.begun.wait(PATIENCE)
        time.sleep(chance.uniform(0, 1.5 * report.median(took for writer in run.writers for took in writer.took[-50:])))
        victim = chance.choice(run.web.pids())
        run.killed.append(time.time())
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda victim=victim: not processes.alive(victim) and len(run.web.pids()) == run.web.workers, "a new worker", PATIENCE)
        _await_answers(run, 2)
    run.over.set()
    for writer in run.writers:
        writer.join(PATIENCE * 2)
    run.check_writers()


def _await_answers(run: Run, more: int) -> None:
    until = run.answers() + more

    def there() -> bool:
        run.check_writers()
        return run.answers() >= until

    wait_until(there, f"{more} answers", PATIENCE * 2)


def answered(run: Run) -> list[Post]:
    """Return the latest posts that the site answered: what is sent once more at the end."""
    return [post for post in run.posts if post.told][-SENT_AGAIN:]


def replay(run: Run) -> int:
    """Send what was answered once more, with the same key; return how many replies named something else than the first time."""
    others = 0
    for post in answered(run):
        others += run.writers[post.writer].send(post) != post.told
        run.writers[post.writer].client.close()
    return others


def judge(run: Run, other_replies: int) -> list[Figure]:
    """Hold the tables against what the clients were told."""
    posts = run.posts
    broken = [post for post in posts if post.broke]
    hits = {max((kill for kill in run.killed if kill <= moment), default=0.0) for post in broken for moment in post.broke} - {0.0}
    found = promises.look(run.house, {post.body: post.told for post in posts})
    made_at = found.made_at
    before = sum(post.body in made_at and made_at[post.body] < post.broke[0] for post in broken)
    say(report.table("What happened", ("what", "count"), [
        ("posts", len(posts)), ("of these conversations", sum(post.thread is None for post in posts)),
        ("kills", len(run.killed)), ("kills that broke a post", len(hits)), ("posts that a kill broke", len(broken)),
        ("stored before the worker died, its answer lost", before),
        ("nothing stored when the worker died", len(broken) - before),
        ("posts broken more than once", sum(len(post.broke) > 1 for post in posts)),
        ("given up after a break", sum(post.abandoned for post in posts)),
        ("answered, then sent once more", len(answered(run)))]))
    if found.examples:
        say("\n".join(found.examples) + "\n")
    return [
        Figure("f1-kills", len(run.killed), ">=", run.kills),
        Figure("f1-share-of-kills-that-broke-a-post", len(hits) / len(run.killed), ">=", 0.5),
        Figure("f1-p1-answered-but-lost", found.lost, "<=", 0),
        Figure("f1-p2-parts-of-what-was-not-answered", found.partial, "<=", 0),
        Figure("f1-p3-doubled", found.doubled, "<=", 0),
        Figure("f1-p3-other-reply-to-the-same-key", other_replies, "<=", 0),
        Figure("f1-p4-without-exactly-one-event", found.events, "<=", 0),
        Figure("f1-gaps-in-numbers", found.gaps, "<=", 0),
        Figure("f1-p6-wrong-counters", found.counters, "<=", 0),
    ]


if __name__ == "__main__":
    ended_by_signal()
    sys.exit(main())
