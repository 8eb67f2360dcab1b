"""What a dataset, a file and an organisation say about themselves, in French and in English.

Promises: every value is checked once, on write, with a message that a clerk understands; a form asks for both
languages, any other way in needs one and the missing one is counted (`participation_language_gaps`); `title`, `notes`,
`name` and `description` are always filled from the translated fields; what is stored has the shape that the DCAT
profiles read.

Leaves out: the meaning of licences (room `licences`), the mapping of harvested sources (room `harvesting`, which may
ask `fields.accept` what a field would take), and indexing beyond the safe shape that `index` gives.

The fields themselves are data: `schemas/*.yaml` at the root of the project.
"""
