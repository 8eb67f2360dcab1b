"""May data under several licences be mixed, under which licences may the mix be published, and which clause says so.

`fitting` (may what one licence covers be published under another) · `mixing` (data told together by their licence) · `reasons` and
`words` (why, in both languages) · `mix` (the answer).
"""

from __future__ import annotations

from .mix import Input, Mix, Verdict, mix

__all__ = ["Input", "Mix", "Verdict", "mix"]
