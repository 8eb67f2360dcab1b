"""Harvest sources of types `participation_ckan` and `participation_dcat`, behind ckanext-harvest's own interface.

Promises: licences, formats, languages and both languages' texts arrive in our schema; every outgoing request goes through
`common.fetch`; a record that cannot be read is named in the report and costs no other. Leaves out, for now, the engine: the
stock gather, fetch and import stages run behind these types. Neighbours: `common`, `licences`.
"""
