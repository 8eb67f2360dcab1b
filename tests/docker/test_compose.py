"""The containers' files: complete, pinned, from the same locks as everything else, and without a secret of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import container
import pytest
import yaml
from errors import StackError

import solr

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = DOCKER / "compose.yaml"
NGINX = ROOT / "config" / "nginx" / "catalogue.conf"
SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "SECRET_KEY", "CSRF_KEY", "TOKEN_KEY")
REQUIRED = (*SECRETS, "SITE_URL", "MAIL_FROM", "SMTP_SERVER")
PROCESSES = {"postgres", "redis", "solr", "upgrade", "web", "jobs", "gather", "fetch", "clock", "outbox", "nginx"}
SCRIPTS = sorted({*DOCKER.rglob("*.sh"), DOCKER / "solr" / "solr-answers"})


def random_text(number: int) -> str:
    return f"{number:02d}" + "4f9ac1e07b35d286" * 2


def filled() -> dict[str, str]:
    """Values for every required variable, each secret its own."""
    given = {name: random_text(number) for number, name in enumerate(SECRETS)}
    return given | {"SITE_URL": "https://data.test.invalid", "MAIL_FROM": "a@test.invalid", "SMTP_SERVER": "relay:25"}


def inside(**changes: str) -> dict[str, str]:
    """The environment of a container, as the compose file gives it."""
    return {"SITE_URL": "https://data.test.invalid", "MAIL_FROM": "a@test.invalid", "SMTP_SERVER": "relay:25",
            "SOLR_URL": "http://solr:8983/solr/ckan", "STORAGE_PATH": "/var/lib/catalogue",
            "DATABASE_URL": f"postgresql://ckan:{random_text(1)}@postgres/ckan",
            "REDIS_URL": f"redis://:{random_text(2)}@redis:6379/0",
            "SECRET_KEY": random_text(3), "CSRF_KEY": random_text(4), "TOKEN_KEY": random_text(5), **changes}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


def compose_command() -> list[str]:
    """`docker compose`, where this machine has the client with its plugin."""
    if not shutil.which("docker"):
        pytest.skip("no docker client on this machine")
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("this docker client has no compose plugin")
    return ["docker", "compose", "--env-file", os.devnull, "-f", str(COMPOSE), "config"]


def run_compose(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    return subprocess.run(compose_command(), env=kept | environment, capture_output=True, text=True, check=False)


def test_compose_accepts_the_file_when_every_variable_is_set() -> None:
    done = run_compose(filled())
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == PROCESSES


@pytest.mark.parametrize("name", REQUIRED)
def test_compose_refuses_and_names_a_variable_that_is_missing(name: str) -> None:
    done = run_compose(filled() | {name: ""})
    assert done.returncode != 0
    assert name in done.stderr


@pytest.mark.parametrize("name", REQUIRED)
def test_every_use_of_a_required_variable_stops_the_start_without_it(name: str) -> None:
    uses = re.findall(r"\$\{" + name + r"\b([^}]*)\}", COMPOSE.read_text(encoding="utf-8"))
    assert uses
    assert all(rest.startswith(f":?{name} is not set") for rest in uses)


def test_the_example_environment_has_every_required_variable_and_no_value() -> None:
    lines = [line for line in (DOCKER / ".env.example").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    assert set(lines) == {f"{name}=" for name in REQUIRED}


def test_all_processes_of_the_catalogue_are_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == PROCESSES


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values() if "build" not in service]
    for dockerfile in DOCKER.glob("*/Dockerfile"):
        images += re.findall(r"^FROM (\S+)", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(images) >= 6
    loose = [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?[\w.-]*$", image)]
    assert not loose, f"not pinned: {loose}"


def test_only_nginx_publishes_a_port_and_by_default_on_loopback(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if service.get("ports")}
    assert list(published) == ["nginx"]
    assert all(port.startswith("${PUBLISH:-127.0.0.1:") for port in published["nginx"])


def test_the_services_without_a_public_side_have_no_way_out(compose: dict[str, Any]) -> None:
    assert compose["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "redis", "solr"):
        assert compose["services"][name]["networks"] == ["inside"], name
    assert compose["services"]["nginx"]["networks"] == ["front"]


@pytest.mark.parametrize("name", ["postgres", "redis", "solr", "web", "nginx"])
def test_what_listens_has_a_health_check(compose: dict[str, Any], name: str) -> None:
    assert compose["services"][name]["healthcheck"]["test"]


def test_the_catalogue_is_installed_from_the_lock_with_hashes() -> None:
    text = (DOCKER / "catalogue" / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r requirements/run.txt" in text
    installs = [line for line in re.sub(r"\\\n", " ", text).splitlines() if "pip install" in line]
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


def test_the_jars_are_compared_with_the_checksums() -> None:
    text = (DOCKER / "solr" / "Dockerfile").read_text(encoding="utf-8")
    assert "solr/jars.sha256" in text
    assert "cmp - ../jars.sha256" in text


def test_what_the_images_copy_exists() -> None:
    for dockerfile in DOCKER.glob("*/Dockerfile"):
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(encoding="utf-8"), re.MULTILINE):
            words = [word for word in line.split() if not word.startswith("--")]
            missing = [word for word in words[:-1] if not (ROOT / word).exists()]
            assert not missing, f"{dockerfile}: {missing}"


def test_solr_starts_with_the_same_options_as_on_one_machine(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("/opt/solr\n", encoding="utf-8")
    script = (DOCKER / "solr" / "entrypoint.sh").read_text(encoding="utf-8")
    for word in solr.command(tmp_path, 8983)[1:]:
        name = re.split(r"[=/]|\d", word)[0]
        assert name in script, word


def test_the_site_starts_the_same_programmes_as_on_one_machine() -> None:
    source = (ROOT / "config" / "stack" / "supervision.py").read_text(encoding="utf-8")
    script = (DOCKER / "catalogue" / "entrypoint.sh").read_text(encoding="utf-8")
    for name in re.findall(r'Program\("(web|jobs|gather|fetch|clock|outbox)"', source):
        assert re.search(rf"^\s+(\w+ \| )?{name}( \| \w+)?\)", script, re.MULTILINE), name
    for words in ('"jobs", "worker"', '"participation", "harvest", "clock"', '"participation", "outbox", "run"'):
        assert words in source
        assert words.replace('"', "").replace(",", "") in script


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_script_is_correct_shell_and_executable(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)


def test_the_yaml_is_clean() -> None:
    done = subprocess.run([str(Path(sys.executable).with_name("yamllint")), "-s", "docker"], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_container_with_everything_set_may_start() -> None:
    container.check(inside())


@pytest.mark.parametrize("name", [*container.ADDRESSES, *container.SECRETS])
def test_a_container_refuses_to_start_without_a_setting(name: str) -> None:
    with pytest.raises(StackError, match=name):
        container.check(inside(**{name: ""}))


@pytest.mark.parametrize(("name", "value"), [
    ("SECRET_KEY", "changeme"),
    ("CSRF_KEY", "change-me-" * 5),
    ("TOKEN_KEY", "too-short-for-a-key"),
    ("DATABASE_URL", "postgresql://ckan@postgres/ckan"),
    ("DATABASE_URL", "postgresql://ckan:ckan@postgres/ckan"),
    ("REDIS_URL", "redis://redis:6379/0"),
])
def test_a_container_refuses_to_start_on_a_placeholder(name: str, value: str) -> None:
    with pytest.raises(StackError, match=f"{name} is too short or a placeholder"):
        container.check(inside(**{name: value}))


def test_a_container_refuses_one_secret_used_twice() -> None:
    with pytest.raises(StackError, match="two secrets are the same"):
        container.check(inside(CSRF_KEY=random_text(3)))


def test_a_container_writes_settings_that_nobody_else_can_read(tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "config" / "stack" / "container.py"), "settings"]
    environment = {"PATH": os.environ["PATH"], "CKAN_INI": str(tmp_path / "ckan.ini"), **inside(FETCH_ALLOW="10.20.0.0/16")}
    subprocess.run(words, env=environment, check=True)
    written = tmp_path / "ckan.ini"
    assert written.stat().st_mode & 0o777 == 0o600
    text = written.read_text(encoding="utf-8")
    assert "config/production.ini" in text
    assert "ckan.site_url = https://data.test.invalid" in text
    assert "participation.fetch.allow = 10.20.0.0/16" in text
    assert "OGL-Canada-2.0" in (tmp_path / "licences.json").read_text(encoding="utf-8")


def test_nginx_takes_uploads_as_large_as_the_site_does() -> None:
    most = int(re.findall(r"^MAX_CONTENT_LENGTH = (\d+)", (ROOT / "config" / "base.ini").read_text(encoding="utf-8"),
                          re.MULTILINE)[0])
    assert f"client_max_body_size {most // 2**20}m;" in NGINX.read_text(encoding="utf-8")


def test_nginx_stores_nothing_between_readers() -> None:
    assert "proxy_cache" not in NGINX.read_text(encoding="utf-8")


def test_nginx_understands_its_settings(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not nginx:
        pytest.skip("no nginx on this machine")
    # The name `web` is known among the containers only.
    (tmp_path / "site.conf").write_text(NGINX.read_text(encoding="utf-8").replace("server web:", "server 127.0.0.1:"))
    places = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid; events {{}} http {{ {places} include {tmp_path}/site.conf; }}")
    done = subprocess.run([nginx, "-t", "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
