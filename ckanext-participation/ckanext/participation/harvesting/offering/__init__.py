"""The whole catalogue as files that other catalogues harvest: `/data.json` (DCAT-US 1.1), `/data.ttl` and `/data.jsonld` (DCAT-AP).

Promises: what an anonymous reader may see and nothing else; a file is whole or not there; requests never build; building costs bounded
memory, and only what changed is worked out anew (`store`). Leaves out: other dataset types, and what people say of a dataset, which
changes without the dataset. In order: `catalogue` (which datasets), `data_json` and `triples` (one dataset's pieces, made by `making`),
`store` (pieces kept between builds), `files` (the files), `building` (all of it), `commands` (by hand and by the clock).
"""
