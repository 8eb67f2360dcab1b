"""Which licence of the register a publisher named: from any mix of identifier, title, address, RDF node and free text.

`statement` (what was given) · `names`, `phrases`, `addresses`, `creative_commons` (the rules) · `readings` (one value) · `matching`
(values compared).
"""

from __future__ import annotations

from .matching import NOT_SPECIFIED, Confidence, Match, recognise

__all__ = ["NOT_SPECIFIED", "Confidence", "Match", "recognise"]
