"""What ends the reading of a source early. Pure."""

from __future__ import annotations

from ckanext.participation.common.marking import N_


class ServiceAway(Exception):
    """The database went away under a process that writes: the fault of no source and no record, and over soon."""


class SourceProblem(Exception):
    """The source stopped being readable; `str()` is the sentence for the report. What was read before it is imported."""


class AnsweredError(SourceProblem):
    """The source answered with an error; `status` is its HTTP status."""

    def __init__(self, sentence: str, status: int) -> None:
        self.status = status
        super().__init__(sentence)


class EndedEarly(SourceProblem):
    """The reading is to end at once: what was listed and not fetched yet is left."""


class StopAsked(EndedEarly):
    """A person wants the run to end."""

    def __init__(self) -> None:
        super().__init__(N_("The run was stopped by a person. What was written until then is here; the rest comes with the next run."))
