"""Reading a source: what is known of it, what it lists, what differs, what of that is fetched.

Promises: an unchanged record costs no harvest object and no page that did not change is parsed; nothing is removed unless the
source was read to its end; a record that failed is a row that is tried again, never a reason to read everything. Leaves out
writing datasets. Pure parts: `rules` (what differs), `hashing` (what is the same). Neighbours: `common.fetch`, the two source
types, which say how their kind is read (`ckan_reading`, `dcat_reading`).
"""
