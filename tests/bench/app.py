"""The WSGI application of a benchmark's server: the product's own, with counting. `CKAN_INI` names the settings file."""

from __future__ import annotations

from bench import counting
from wsgi import application as plain

application = counting.wrap(plain)
