"""An open data catalogue in which people talk about the data, and see what became of what they said.

`plugin` is the table of contents; each room (`common`, `metadata`, `threads`, `licences`, `search`, `harvesting`, `theme`)
says in its own docstring what it promises.
"""
