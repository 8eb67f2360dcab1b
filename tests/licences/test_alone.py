"""A site that has `participation_licences` and no other plugin: its pages show the box, the mix and the credit, in both languages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Plugins change what CKAN imports, so this site runs in a process of its own.
SITE = """
import json, sys
import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.cli import load_config
from ckan.config.middleware import make_app

app = make_app(load_config(sys.argv[1]))._wsgi_app
site = lambda: {"ignore_auth": True, "user": tk.config["ckan.site_id"]}
with app.test_request_context():
    owner = tk.get_action("organization_create")(site(), {"name": "alone-house", "title": "House"})["id"]
    for name, licence in (("alone-rivers", "CC-BY-4.0"), ("alone-bare", "")):
        tk.get_action("package_create")(site(), {"name": name, "title": name, "license_id": licence, "owner_org": owner,
            "resources": [{"url": "https://example.org/a.csv", "name": "Map", "license": "CC-BY-NC-SA-4.0"}]})
try:
    found = {"plugins": list(tk.config["ckan.plugins"])}
    for path in json.loads(sys.argv[2]):
        reply = app.test_client().get(path)
        found[path] = [reply.status_code, reply.get_data(as_text=True)]
finally:
    with app.test_request_context():
        for name in ("alone-rivers", "alone-bare"):
            tk.get_action("dataset_purge")(site(), {"id": name})
        tk.get_action("organization_purge")(site(), {"id": "alone-house"})
print("\\n" + json.dumps(found))
"""
PAGES = {
    "/dataset/alone-rivers": ["pt-licence--known", "May I mix this with other data?", "Files under another licence"],
    "/fr/dataset/alone-rivers": ["pt-licence--known", "Licence ouverte", "Creative Commons Attribution 4.0 International"],
    "/dataset/alone-bare": ["pt-licence--not-specified", "No licence stated"],
    "/dataset/": ["alone-rivers"],
    "/participation/licences/compatibility": ["No dataset is picked yet"],
    "/participation/licences/compatibility?id=alone-rivers&id=alone-bare": ["CC BY 4.0", "No licence stated"],
    "/participation/licences/credit/alone-rivers": ["credit-bibtex"],
    "/api/3/action/participation_licence_compatibility?id=alone-rivers": ["CC-BY-4.0"],
}


@pytest.mark.usefixtures("clean_db", "clean_index")
def test_the_pages_work_with_this_plugin_alone(tmp_path: Path) -> None:
    settings = tmp_path / "alone.ini"
    settings.write_text(f"[app:main]\nuse = config:{os.environ['CKAN_INI']}\nckan.plugins = participation_licences\n", encoding="utf-8")
    script = tmp_path / "site.py"
    script.write_text(SITE, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script), str(settings), json.dumps(list(PAGES))], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.pop("plugins") == ["participation_licences"]
    assert {path: status for path, (status, _body) in found.items()} == dict.fromkeys(PAGES, 200)
    missing = [(path, words) for path, wanted in PAGES.items() for words in wanted if words not in found[path][1]]
    assert missing == []
