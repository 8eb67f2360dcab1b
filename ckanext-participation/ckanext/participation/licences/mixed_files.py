"""What of a dataset goes into a mix: what is under its own licence, and the files that state another one.

A mix is taken to be made of everything, so files under another licence count as data of their own, by the same rules. Whoever leaves
these files out says so, and the answer says it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import box
from .compatibility import Input
from .compatibility.words import FILES_COUNT, FILES_LEFT_OUT, NOT_KNOWN, cited
from .register import Register


@dataclass(frozen=True, slots=True)
class Part:
    """A dataset (`files` is None) or some of its files, all under one licence; `counted` says whether the answer is about them."""

    ref: str
    dataset: dict[str, Any]
    found: box.Found
    files: tuple[dict[str, str], ...] | None
    counted: bool

    @property
    def input(self) -> Input:
        """Return what the check of a mix takes."""
        return Input(self.ref, self.found.licence if self.found.state == "known" else None, self.found.state)

    def note(self) -> dict[str, Any]:
        """Return the remark on files under another licence than their dataset's, in the shape of the other reasons."""
        licence = self.found.licence
        texts = (FILES_COUNT if self.counted else FILES_LEFT_OUT).with_names(licence=cited(licence) if licence else NOT_KNOWN)
        names = [licence.id] if licence else []
        return {"effect": "note", "term": "files", "inputs": [self.ref], "licences": names, "clauses": {}, **texts}


def parts_of(register: Register, dataset: dict[str, Any], extra: Mapping[str, str], *, files: bool) -> list[Part]:
    """Return a dataset's parts, itself first.

    :param extra: more names of licences, as `recognition.recognise` takes them
    :param files: whether files under another licence count

    A dataset that states no licence, and of which every file states one, is nothing but its files.
    """
    found = box.of_dataset(register, dataset, extra)
    own = box.of_files(register, dataset, found, extra)
    bare = files and found.state == "not-specified" and sum(len(one.files) for one in own) == len(dataset.get("resources") or []) > 0
    return [Part(dataset["id"], dataset, found, None, not bare),
            *(Part(f"{dataset['id']}/{number}", dataset, one.found, one.files, files) for number, one in enumerate(own, 1))]
