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

from browser.pages import LANGUAGES, NAMES, SIGNED_IN, WIDTHS, path_of
from running import CHECKOUT, Site

TARGET = CHECKOUT / "screenshots"
DOCS = CHECKOUT / "ckanext-participation" / "docs" / "images" / "dataset.png"
QUESTION = "What do the values of the column “quality” mean?"


def the_site(home: Path) -> Site:
    """Open the running site of a home."""
    return Site(CHECKOUT, home, int(json.loads((home / "credentials.json").read_text())["site_url"].rsplit(":", 1)[1]))


def conversation(site: Site) -> tuple[dict, dict]:
    """Return a dataset of the demonstration's agency and a conversation about it, made by the demonstration's accounts if need be."""
    dataset = site.call("package_search", fq="organization:csa-asc", q="satellite", rows=1).result["results"][0]
    rows = site.call("participation_thread_list", subject_id=dataset["name"], limit=100).result["results"]
    known = [row for row in rows if row["title"] == QUESTION]
    if known:
        return dataset, known[0]
    thread = site.as_role("citizen", "participation_thread_create", subject_id=dataset["name"], lang="en", title=QUESTION,
                          body="I see the values **0** to **3** and no explanation.")
    site.as_role("agency", "participation_comment_create", thread_id=thread["id"], as_organization=True, lang="en",
                 body="0 is *not checked*, 3 is *checked twice*. We added it to the data dictionary.")
    return dataset, thread


def sign_in(context: BrowserContext, site: Site) -> None:
    """Sign in as the demonstration's citizen."""
    page = context.new_page()
    page.goto(f"{site.url}/user/login")
    page.fill("#field-login", site.accounts["citizen"]["name"])
    page.fill("#field-password", site.accounts["citizen"]["password"])
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
    dataset, thread = conversation(site)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("no Chromium here: sudo apt-get install chromium")
    TARGET.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        for width in WIDTHS:
            reader = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
            citizen = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
            sign_in(citizen, site)
            for name in NAMES:
                for lang in LANGUAGES:
                    page = (citizen if name in SIGNED_IN else reader).new_page()
                    page.goto(site.url + ("/fr" if lang == "fr" else "") + path_of(name, dataset, thread))
                    page.screenshot(path=TARGET / f"{name.replace(' ', '-')}-{lang}-{width}.png", full_page=True)
                    page.close()
        if asked.docs:
            DOCS.parent.mkdir(parents=True, exist_ok=True)
            page = browser.new_page(viewport={"width": 1180, "height": 1000}, reduced_motion="reduce")
            page.goto(site.url + path_of("dataset", dataset, thread))
            page.screenshot(path=DOCS)
        browser.close()
    print(f"{len(list(TARGET.glob('*.png')))} pictures in {TARGET}")


if __name__ == "__main__":
    main()
