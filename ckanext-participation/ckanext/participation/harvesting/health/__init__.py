"""How well each source works, and what a person can do about it: shown to everybody, mended by those who publish.

Promises: a page of sources costs the same number of statements for three of them and for three hundred; nothing of a source's
configuration leaves here; a removal that waits is decided once, by a person whose name is kept. Leaves out harvesting itself. Pure
parts: `rules` (how a source stands), `progress` (how far a run is), `wording` (which sentences of a report are the same).
Neighbours: `engine` (runs, what is known of records, held removals), ckanext-harvest's jobs.
"""
