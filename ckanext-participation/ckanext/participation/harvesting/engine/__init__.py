"""A harvest from end to end: what is known of a source, what it lists, what differs, and the writing of that in portions.

Promises: an unchanged record costs no harvest object and no page that did not change is parsed; nothing is removed unless the
source was read to its end; a record that failed is a row that is tried again, never a reason to read everything; nothing is
written by an attempt that another one follows (`fence`). Leaves out how a dataset is written (`batches`). Pure parts: `rules`
(what differs), `hashing` (what is the same), `handing` (what goes from hand to hand). Neighbours: `common.fetch`, the two source
types, which say how their kind is read (`ckan_reading`, `dcat_reading`).
"""
