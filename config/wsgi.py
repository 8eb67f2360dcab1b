"""The WSGI application: `CKAN_INI` names the settings file."""

from __future__ import annotations

import os

from ckan import authz, logic
from ckan.cli import CKANConfigLoader
from ckan.config.middleware import make_app

from ckanext.participation.licences import rules
from ckanext.participation.licences.register import bundled_register

application = make_app(CKANConfigLoader(os.environ["CKAN_INI"]).get_config())

# CKAN fills these two tables at their first use, in place: of two threads that are the first in a new process, one reads a table
# that is half full, and misses an action or a chained auth function. Here they are filled before the workers are forked.
logic.get_action("status_show")
authz.auth_functions_list()

# Reading the licence register takes most of a second: here once for all workers, and not while the first reader waits.
rules.recognise(bundled_register(), title="CC BY 4.0")
