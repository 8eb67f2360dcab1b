"""Makes a harvest source and a queued job on a site, in a process of CKAN's."""

from __future__ import annotations

import json
import sys
from typing import Any


def run(ini: str, url: str) -> None:
    """Make them with CKAN's actions, as the forms do; print their ids as JSON."""
    import ckan.plugins.toolkit as tk
    from ckan.cli import load_config
    from ckan.config.middleware import make_app

    app = make_app(load_config(ini))
    with app._wsgi_app.test_request_context():
        user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]

        def call(action: str, **words: Any) -> Any:
            return tk.get_action(action)({"user": user, "ignore_auth": True}, words)

        title = {"en": "A space agency", "fr": "Une agence spatiale"}
        owner = call("organization_create", name="agency", title_translated=title)
        source = call("harvest_source_create", name="agency-portal", title="Portal", url=url, source_type="participation_ckan",
                      owner_org=owner["id"], frequency="MANUAL", config='{"organizations": "source"}')
        job = call("harvest_job_create", source_id=source["id"], run=True)
        sys.stdout.write(json.dumps({"source": source["id"], "job": job["id"]}) + "\n")
