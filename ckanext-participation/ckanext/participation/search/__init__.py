"""Search: datasets and conversations are found by their words, in French and English, whoever reads.

Promises: accents, plurals and elided articles do not matter; a word is found in whatever field and language
it stands; a dataset that Solr could not take (nested metadata, very long values) is indexed all the same; what
somebody may not read is not found, and no write is lost on its way to the search (`docs/search.md`). The
fields of both cores are one list, `fields.py`, from which the schemas and `docs/search-fields.md` are made.

Leaves out: ranking by use, second tries for datasets, saved searches (a later issue); queries with a field name
(`tags:eau`) and clients that choose their own `qf` or `defType` get what they ask for, as in stock CKAN.

Neighbours: sees `common` only. Other rooms enter fields of the dataset document (`add_index_fields`) and texts of
their own (`Searchable`) in `common.registry`; the plugin hands the former to `hooks.before_dataset_index`. Solr
itself: `solr/README.md`.
"""
