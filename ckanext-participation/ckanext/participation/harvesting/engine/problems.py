"""What ends the reading of a source early. Pure."""

from __future__ import annotations


class SourceProblem(Exception):
    """The source stopped being readable; `str()` is the sentence for the report. What was read before it is imported."""


class AnsweredError(SourceProblem):
    """The source answered with an error; `status` is its HTTP status."""

    def __init__(self, sentence: str, status: int) -> None:
        self.status = status
        super().__init__(sentence)
