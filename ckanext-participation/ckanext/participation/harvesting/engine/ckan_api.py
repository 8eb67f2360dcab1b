"""The calls of another CKAN's API, of any age, and what is said when one does not answer as CKAN does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ckanext.participation.common.fetch import FetchFailed
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import salvage, sentences
from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.problems import AnsweredError, SourceProblem
from ckanext.participation.harvesting.values import text

# People give the address of the API, or of its list of datasets, for the catalogue's.
_BELOW = re.compile(r"/(?:api(?:/\d)?(?:/action)?|dataset)/*$")
# Some that stand behind a gateway give the API without its version.
PREFIXES = ("/api/3/action/", "/api/action/")


class NoJSON(SourceProblem):
    """The answer is no JSON, or breaks off."""


class API:
    """The calls of one CKAN catalogue."""

    def __init__(self, asker: Asker, address: str, api_key: str) -> None:
        self.asker = asker
        self.address = _BELOW.sub("", address.rstrip("/"))
        self.headers = {"Authorization": api_key} if api_key else {}
        self.prefix = ""

    def search(self, words: Mapping[str, Any]) -> dict[str, Any]:
        """`package_search`; raises AnsweredError, SourceProblem or FetchError.

        Of an answer that breaks off or is broken it gives the datasets that are whole, and as `lost` what is not.
        """
        result = self._result("package_search?" + urlencode(words, quote_via=quote), result_in_part)
        if not isinstance(result, dict) or not isinstance(result.get("results"), list):
            raise SourceProblem(N_("The catalogue's search gave no list of datasets."))
        return result

    def show(self, dataset: str) -> Any:
        """`package_show`."""
        result = self._result("package_show?" + urlencode({"id": dataset}))
        # The first versions gave a list of one.
        return result[0] if isinstance(result, list) and result else result

    def names(self) -> list[str]:
        """`package_list`: what older catalogues list without a search."""
        result = self._result("package_list")
        return [str(name) for name in result if isinstance(name, (str, int)) and str(name)] if isinstance(result, list) else []

    def _result(self, call: str, read: Callable[[Any], Any] | None = None) -> Any:
        problem: AnsweredError | None = None
        for prefix in [self.prefix] if self.prefix else PREFIXES:
            reply = self.asker.get(f"{self.address}{prefix}{call}", headers=self.headers, accept="application/json")
            try:
                result = (read or result_of)(reply)
            except AnsweredError as error:
                if error.status != 404 or self.prefix:
                    raise
                problem = problem or error
                continue
            self.prefix = prefix
            return result
        raise problem or SourceProblem(N_("The address does not answer as CKAN's API does."))


def result_in_part(reply: Any) -> Any:
    """As `result_of`; of an answer that breaks off or is broken what is whole, and as `lost` what is not."""
    try:
        return result_of(reply)
    except (NoJSON, FetchFailed):
        saved = _saved(reply.text)
        if saved is None:
            raise
        return {**saved[0]["result"], "lost": saved[1]}


def _saved(text: str) -> tuple[Any, salvage.Lost] | None:
    try:
        saved = salvage.json_document(text)
    except RecursionError:
        return None
    is_answer = saved is not None and isinstance(saved[0], dict) and isinstance(saved[0].get("result"), dict)
    return saved if is_answer else None


def result_of(reply: Any) -> Any:
    """What CKAN's API answered; raises AnsweredError or SourceProblem in plain words."""
    if reply.status == 404:
        raise AnsweredError(N_("There is no CKAN API at this address. Give the first address of a CKAN catalogue."), 404)
    if not reply.ok:
        raise AnsweredError(sentences.ANSWERED_ERROR(status=reply.status), reply.status)
    try:
        # Texts with line breaks and tabs as they are: not JSON by the letter, and readable.
        answer = json.loads(reply.text, strict=False)
    except (ValueError, RecursionError):
        if reply.broke_off:
            raise FetchFailed from None
        raise NoJSON(N_("The address does not answer as CKAN's API does: its answer is no JSON.")) from None
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, (dict, list)) or not answer.get("success", True):
        raise SourceProblem(N_("The address does not answer as CKAN's API does."))
    return result


def count_of(result: Mapping[str, Any]) -> int | None:
    """How many datasets a search says that it found, or None where it says nothing that is a number."""
    said = result.get("count")
    if isinstance(said, bool) or not isinstance(said, (int, float, str)):
        return None
    try:
        return int(float(said))
    except (ValueError, OverflowError):
        return None


def quoted(term: str) -> str:
    """A text as a term of Solr's query language."""
    return '"' + term.replace("\\", "\\\\").replace('"', '\\"') + '"'


def named(row: Any, field: str) -> str:
    """The text of a row's field, or "" where the row or the field is none."""
    return text(row.get(field)) if isinstance(row, Mapping) else ""


def is_not_for_us(row: Any) -> bool:
    """Whether a row is private, deleted, or no dataset."""
    if not isinstance(row, Mapping):
        return False
    # Some give it as a text, and every text is true.
    private = str(row.get("private")).strip().lower() in {"true", "1"}
    return private or row.get("type") == "harvest" or row.get("state") == "deleted"
