"""What the stack does inside CKAN, in one process (a start of CKAN costs seconds): `inside.py INI upgrade|demo PORT`."""

from __future__ import annotations

import sys
from pathlib import Path

import click.testing
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app


def upgrade(config: dict) -> None:
    """Write the licence list, then bring the schema of CKAN and of every plugin up to date."""
    from ckan.cli.db import upgrade as upgrade_command

    from ckanext.participation.licences.export import write_licences

    write_licences(config["licenses_group_url"].removeprefix("file://"))
    done = click.testing.CliRunner().invoke(upgrade_command, [])
    print(done.output)
    if done.exit_code:
        raise SystemExit(str(done.exception or done.output))


def main() -> None:
    """Load the settings file named first and run the command named second."""
    config = CKANConfigLoader(sys.argv[1]).get_config()
    if sys.argv[2] == "upgrade":
        # The licence list must exist before CKAN is loaded: it reads it at start.
        target = Path(config["licenses_group_url"].removeprefix("file://"))
        if not target.exists():
            target.write_text("[]")
    app = make_app(config)
    with app._wsgi_app.test_request_context():
        if sys.argv[2] == "upgrade":
            upgrade(config)
        elif sys.argv[2] == "demo":
            sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "demo"))
            import seed

            seed.run(Path(sys.argv[1]).parent, int(sys.argv[3]))


if __name__ == "__main__":
    main()
