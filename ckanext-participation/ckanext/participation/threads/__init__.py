"""Conversations around data: titled threads with a kind, and messages under them.

Promises: what is said survives its dataset (subjects are swept, not joined); a message has a dense number for ever
(`…/thread/42#12`); a page of a thread costs the same at the first message and at the millionth; what a reader may see is
asked of the subject at read time. Leaves out mails' form and moderation's policy (`common`). Neighbours: `common` only.
"""
