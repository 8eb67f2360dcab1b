"""Solr without an installation: fetch its jars, compile the launcher, lay out a home, say how to start it.

`build` once per checkout, `make_home` before every start, `command` to start, `ready` to wait. The jars are
the versions of `solr/pom.xml` and must have the checksums of `solr/jars.sha256`. Python's standard library
only: this runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import StackError

SOURCE = Path(__file__).resolve().parents[2] / "solr"
TARGET = SOURCE / "target"
CORES = ("ckan", "participation")

INSTALL_JAVA = "apt-get install -y openjdk-17-jdk-headless"
INSTALL_MAVEN = "apt-get install -y maven"
JAVA_MINIMUM = 17

Report = Callable[[str], None]


def build(target: Path = TARGET, report: Report | None = None) -> None:
    """Put the jars into `target/lib` and the compiled launcher into `target/classes`.

    Does nothing when an earlier build was of the same pom, list of jars and launcher. `report` is told each
    step that takes time. Raises StackError when a tool is missing, a download fails or a checksum differs.
    """
    stamp = target / "built"
    wanted = _fingerprint()
    if not _is(stamp, wanted):
        check_tools()
        target.mkdir(parents=True, exist_ok=True)
        with _alone(target / "lock"):
            if not _is(stamp, wanted):
                _build(target, report or (lambda _line: None))
                stamp.write_text(wanted, encoding="utf-8")


def make_home(home: Path, target: Path = TARGET) -> None:
    """Lay out `home` for both cores; a second call refreshes the configuration and leaves the data alone."""
    (home / "logs").mkdir(parents=True, exist_ok=True)
    solr_home = home / "solr"
    for core in CORES:
        folder = solr_home / core
        folder.mkdir(parents=True, exist_ok=True)
        _mirror(SOURCE / "configsets" / core / "conf", folder / "conf")
        _write(folder / "core.properties", f"name={core}\n")
    _write(solr_home / "solr.xml", (SOURCE / "solr.xml").read_text(encoding="utf-8"))
    _write(home / "target", f"{target.resolve()}\n")


def command(home: Path, port: int, heap: str = "512m", host: str = "127.0.0.1") -> list[str]:
    """The program and arguments that run Solr in the foreground. SIGTERM closes the indexes and ends it."""
    target = Path((home / "target").read_text(encoding="utf-8").strip())
    return [
        shutil.which("java") or "java",
        "-Xms128m",
        f"-Xmx{heap}",
        # Lucene's own advice: a heap this small is collected well by G1, and a full one must end, not linger.
        "-XX:+UseG1GC",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        "-Duser.timezone=UTC",
        "-Dfile.encoding=UTF-8",
        f"-Dsolr.solr.home={home.resolve() / 'solr'}",
        f"-Dsolr.install.dir={target}",
        f"-Dsolr.log.dir={home.resolve() / 'logs'}",
        f"-Dlog4j2.configurationFile={SOURCE / 'log4j2.xml'}",
        f"-Djetty.host={host}",
        f"-Djetty.port={port}",
        "-cp",
        f"{target / 'classes'}:{target / 'lib'}/*",
        "SolrServer",
    ]


def ready(port: int, host: str = "127.0.0.1", timeout: float = 2.0) -> bool:
    """Whether both cores answer a search; False also when a core failed to load (`problems` says why)."""
    return all(_pings(f"http://{host}:{port}/solr/{core}/admin/ping?wt=json", timeout) for core in CORES)


def problems(port: int, host: str = "127.0.0.1", timeout: float = 2.0) -> dict[str, str]:
    """Which cores did not load, and Solr's first line about why. For the message when `ready` stays False."""
    try:
        with urllib.request.urlopen(
            f"http://{host}:{port}/solr/admin/cores?action=STATUS&wt=json", timeout=timeout
        ) as answer:
            failures = json.load(answer).get("initFailures", {})
    except (OSError, ValueError) as error:
        return dict.fromkeys(CORES, f"no answer: {error}")
    return {core: str(reason).splitlines()[0] for core, reason in failures.items()}


def check_tools() -> None:
    """Raise StackError with the command that installs what is missing."""
    for program in ("java", "javac"):
        if not shutil.which(program):
            raise StackError(f"Solr needs {program} (Java {JAVA_MINIMUM} or newer): {INSTALL_JAVA}")
    if not shutil.which("mvn"):
        raise StackError(f"Solr's jars are fetched with Maven, which is missing: {INSTALL_MAVEN}")
    version = _java_version()
    if version < JAVA_MINIMUM:
        raise StackError(f"Java {version} is too old, Solr needs {JAVA_MINIMUM} or newer: {INSTALL_JAVA}")


def checksums(lib: Path) -> str:
    """Return the text of `jars.sha256` for the jars in `lib`: what to commit after a version was raised."""
    return "".join(f"{_sha256(jar)}  {jar.name}\n" for jar in sorted(lib.glob("*.jar"), key=lambda j: j.name))


def _build(target: Path, say: Report) -> None:
    (target / "built").unlink(missing_ok=True)
    # Emptied first: a jar of the version before would be on the class path too.
    shutil.rmtree(target / "lib", ignore_errors=True)
    shutil.rmtree(target / "classes", ignore_errors=True)
    say("Solr: fetching the jars with Maven")
    _fetch(target)
    say("Solr: checking their checksums")
    _verify(target / "lib")
    say("Solr: compiling the launcher")
    _compile(target)


def _fetch(target: Path) -> None:
    _run(
        [
            "mvn",
            "-q",
            "-B",
            "-f",
            str(SOURCE / "pom.xml"),
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            f"-DoutputDirectory={target / 'lib'}",
        ],
        "Maven could not fetch Solr's jars (network or proxy?)",
    )


def _compile(target: Path) -> None:
    classes = target / "classes"
    classes.mkdir(parents=True, exist_ok=True)
    launcher = SOURCE / "launcher" / "SolrServer.java"
    _run(
        [
            "javac",
            "--release",
            str(JAVA_MINIMUM),
            "-cp",
            f"{target / 'lib'}/*",
            "-d",
            str(classes),
            str(launcher),
        ],
        "Solr's launcher does not compile",
    )


def _verify(lib: Path) -> None:
    listed = {}
    for line in (SOURCE / "jars.sha256").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        listed[name] = digest
    found = {jar.name: _sha256(jar) for jar in lib.glob("*.jar")}
    for what, names in (
        ("missing", listed.keys() - found.keys()),
        ("not in the list", found.keys() - listed.keys()),
        (
            "different from the list",
            {name for name in listed.keys() & found.keys() if listed[name] != found[name]},
        ),
    ):
        if names:
            raise StackError(
                f"Solr's jars do not match solr/jars.sha256, {what}: {', '.join(sorted(names)[:5])}"
                " (empty ~/.m2/repository of these and try again; see solr/README.md)"
            )


def _fingerprint() -> str:
    """What a build depends on. The jars themselves are not read again: a start should not cost a second."""
    digest = hashlib.sha256()
    for path in (SOURCE / "pom.xml", SOURCE / "jars.sha256", SOURCE / "launcher" / "SolrServer.java"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _java_version() -> int:
    answer = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    # 'openjdk version "17.0.15" 2025-04-15'; before Java 9 it was "1.8.0_402".
    try:
        numbers = answer.stderr.split('"')[1].split(".")
        return int(numbers[1] if numbers[0] == "1" else numbers[0].split("-")[0])
    except (IndexError, ValueError) as error:
        raise StackError(f"`java -version` does not answer as expected: {INSTALL_JAVA}") from error


def _run(argv: list[str], complaint: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        lines = [
            line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line or "error:" in line
        ]
        detail = lines[0].strip() if lines else f"exit {done.returncode}"
        raise StackError(f"{complaint}: {detail[:300]}")


def _mirror(source: Path, copy: Path) -> None:
    copy.mkdir(parents=True, exist_ok=True)
    names = {path.name for path in source.iterdir() if path.is_file()}
    for name in names:
        _write(copy / name, (source / name).read_text(encoding="utf-8"))
    for stale in copy.iterdir():
        if stale.name not in names:
            stale.unlink()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock: `make test` beside `make up` on a fresh checkout builds once."""
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _write(path: Path, text: str) -> None:
    if not _is(path, text):
        path.write_text(text, encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pings(url: str, timeout: float) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return json.load(answer).get("status") == "OK"
    except (OSError, ValueError):
        return False
