"""What may I do with this data? The licence register and the answers drawn from it.

Promises:
- every licence of the register states its permissions, duties and prohibitions in a closed vocabulary, with
  the wording of its credit line, its names in French and English and where each fact comes from;
- whatever a publisher wrote (id, title, address) leads to one licence of the register, or to a plain "several
  match" or "none matches"; nothing is guessed;
- CKAN's own licence list is generated from the register, so forms, facets and `isopen` agree with the
  licence box.

Leaves out: texts of licences (linked, never copied), legal advice, and anything stored in the database; a site's own names of licences
come through the registry (`further`), from the room that keeps them.

Neighbours: `harvesting` calls `rules.recognise`; `search` gets `index.index_fields` through the registry;
`theme` shows the licence box. The register's files live in the repository's `licences/` folder, reached
through `data/licences`.

Modules, in the order in which they lean on each other:

- `folding` (spelling differences) · `register` (what every licence says) · `recognition` (which one a publisher named);
- answers: `rules` (openness, credit line) · `credit` (the credit in the forms that people paste) · `saying` (what a dataset says, in its
  source's words) · `box` (what a page shows) · `survey` (what a whole site says) · `compatibility` (may data under several licences be
  mixed) · `mixed_files` (what of a dataset goes into a mix) · `index` (what the search index gets) ·
  `export` (CKAN's licence list).

None of these imports CKAN. `profile` (RDF), `model` (which only reads), `publisher`, `action`, `auth`, `helpers`, `views` and `cli` do.
"""
