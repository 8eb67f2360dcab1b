"""Writes many harvested datasets at once: what `harvesting.writing` does for one, in one transaction for a few hundred.

Promises: a batch is written whole, with its harvest objects, its rows of the report and whatever the caller adds in `before_commit`, or not
at all; a record that cannot be written costs only itself, and its reason is in the report; what is written reads like what CKAN's own
actions write; the search hears of it after the commit, and again later when it was away. Leaves out: reading sources, deciding what
differs, making organisations. `obstacles` says whether this site's plugins let datasets be written so.
Neighbours: `harvesting.record` and `harvesting.rules`; `common.indexing` for the marks.
"""

from __future__ import annotations

from ckanext.participation.harvesting.batches.chains import obstacles
from ckanext.participation.harvesting.batches.items import BeforeCommit, Item, Outcome, Refusal, Removal, Run
from ckanext.participation.harvesting.batches.removing import remove
from ckanext.participation.harvesting.batches.searching import show
from ckanext.participation.harvesting.batches.writing import refuse, write

__all__ = ["BeforeCommit", "Item", "Outcome", "Refusal", "Removal", "Run", "obstacles", "refuse", "remove", "show", "write"]
