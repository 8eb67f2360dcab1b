"""What two rooms need, one small module each.

Promises: whatever is written through here has its event in the same transaction (`events`), its mails through the outbox
(`outbox`), its text cleaned once on write (`text`), its visibility from one `decide()` (`visibility`), and survives the
dataset that it is about (`subjects`). Leaves out what only one room knows: rooms enter their own in `registry`.
Neighbours: every room may import `common`; `common` imports no room.
"""
