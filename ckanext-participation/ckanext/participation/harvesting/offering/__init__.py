"""The whole catalogue as files that other catalogues harvest: `/data.json` (DCAT-US 1.1), `/data.ttl` and `/data.jsonld` (DCAT-AP).

Promises: what an anonymous reader may see and nothing else; a file is whole or not there; requests never build; building costs bounded
memory, and only what changed is worked out anew (`store`). Leaves out: other dataset types, and what people say of a dataset, which
changes without the dataset.

In order: `catalogue` (which datasets); `making` (their pieces), either from `rows` by `describing` with its `parts`, `terms`, `values` and
`licensing`, where `suitable` says that this gives the same, or by ckanext-dcat's profiles; `statements` and `triples` (Turtle and JSON-LD
of either), `data_json`; `sections` and `packing` (pieces packed together), `store` (sections kept between builds), `renewing` (those that
changed made anew), `files` (the files), `building` (all of it), `commands` (by hand and by the clock).
"""
