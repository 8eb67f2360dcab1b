"""Makes pictures of the main pages for people to look at: `.venv/bin/python tests/browser/shots.py [HOME]`.

HOME is the folder of a running `make up` (default: var). The pictures go to `screenshots/`; with `--docs` the one of the
documentation is made too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser.pages import LANGUAGES, NAMES, SIGNED_IN, STAFF, WIDTHS, path_of
from running import CHECKOUT, Site

TARGET = CHECKOUT / "screenshots"
DOCS = CHECKOUT / "ckanext-participation" / "docs" / "images" / "dataset.png"
QUESTION = "What do the values of the column “quality” mean?"
REPORT = "A date of the year 9999"


def the_site(home: Path) -> Site:
    """Open the running site of a home."""
    return Site(CHECKOUT, home, int(json.loads((home / "credentials.json").read_text())["site_url"].rsplit(":", 1)[1]))


def the_dataset(site: Site) -> dict:
    """Return a dataset of the demonstration's agency."""
    return site.call("package_search", fq="organization:csa-asc", q="satellite", rows=1).result["results"][0]


def known(site: Site, dataset: dict, title: str) -> dict | None:
    """Return the dataset's conversation of that title, if an earlier run has made it."""
    rows = site.call("participation_thread_list", subject_id=dataset["name"], limit=100).result["results"]
    return next((row for row in rows if row["title"] == title), None)


def question(site: Site, dataset: dict) -> dict:
    """Return a question that was changed and answered, made by the demonstration's accounts if need be."""
    thread = known(site, dataset, QUESTION)
    if thread:
        return thread
    thread = site.as_role("citizen", "participation_thread_create", subject_id=dataset["name"], lang="en", title=QUESTION,
                          body="I see the values **0** to **3** and no explanation.")
    site.as_role("citizen", "participation_comment_edit", thread_id=thread["id"], seq=1,
                 body="I see the values **0** to **4** and no explanation.")
    site.as_role("agency", "participation_comment_create", thread_id=thread["id"], as_organization=True, lang="en",
                 body="0 is *not checked*, 3 is *checked twice*. We added it to the data dictionary.")
    return thread


def problem(site: Site, dataset: dict) -> dict:
    """Return a report of a problem that the agency has confirmed, made by the demonstration's accounts if need be."""
    thread = known(site, dataset, REPORT)
    if thread:
        return thread
    thread = site.as_role("citizen", "participation_thread_create", subject_id=dataset["name"], lang="en", kind="problem", title=REPORT,
                          body="Every other date is of this century.",
                          problem={"resource_id": dataset["resources"][0]["id"], "field": "date_obs", "row": "12", "wrong": "9999-01-01",
                                   "expected": "1999-01-01"})
    return site.as_role("agency", "participation_thread_problem_set", id=thread["id"], state="confirmed", reason="We see it too.")


def sign_in(context: BrowserContext, site: Site, role: str) -> None:
    """Sign in as one of the demonstration's accounts."""
    page = context.new_page()
    page.goto(f"{site.url}/user/login")
    page.fill("#field-login", site.accounts[role]["name"])
    page.fill("#field-password", site.accounts[role]["password"])
    page.locator("form:has(#field-password) button[type=submit]").click()
    page.locator(".pt-account").wait_for(state="attached")
    page.close()


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("home", nargs="?", default=os.environ.get("PARTICIPATION_HOME") or str(CHECKOUT / "var"))
    parser.add_argument("--docs", action="store_true", help="make the picture of the documentation too")
    asked = parser.parse_args()
    site = the_site(Path(asked.home).resolve())
    dataset = the_dataset(site)
    thread, report = question(site, dataset), problem(site, dataset)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("no Chromium here: sudo apt-get install chromium")
    TARGET.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        for width in WIDTHS:
            reader, citizen, agency = (browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce") for _ in range(3))
            sign_in(citizen, site, "citizen")
            sign_in(agency, site, "agency")
            for name in NAMES:
                for lang in LANGUAGES:
                    page = (agency if name in STAFF else citizen if name in SIGNED_IN else reader).new_page()
                    page.goto(site.url + ("/fr" if lang == "fr" else "") + path_of(name, dataset, thread, report))
                    page.screenshot(path=TARGET / f"{name.replace(' ', '-')}-{lang}-{width}.png", full_page=True)
                    page.close()
        if asked.docs:
            DOCS.parent.mkdir(parents=True, exist_ok=True)
            page = browser.new_page(viewport={"width": 1180, "height": 1000}, reduced_motion="reduce")
            page.goto(site.url + path_of("dataset", dataset, thread, report))
            page.screenshot(path=DOCS)
        browser.close()
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET}")


if __name__ == "__main__":
    main()
