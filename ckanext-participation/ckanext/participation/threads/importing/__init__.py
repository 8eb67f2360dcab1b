"""Brings over the conversations of three other extensions: ckanext-comments, ckanext-feedback and ckanext-issues.

Promises: dates, authors, replies and states are kept; no text is cut or dropped; what has no place here is said, row by row
(`report`); a run may be stopped at any instant and started again, and a second run brings nothing twice. Each peer has one module
that knows its tables (`comments`, `feedback`, `issues`) and turns their rows into the shapes of `shapes`; `writing` stores those.
Leaves out the peers' drafts, statistics and reuses (docs/importing.md). Nothing is ever written to the peer's database.
"""
