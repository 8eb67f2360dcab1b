"""The query reader either understands a query or says that it cannot; it never breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay.solr_query import QueryError, parse

DOCUMENT = {
    "id": ["a-1"],
    "title": ["Évaluation de l’espace"],
    "tags": ["ice", "snow"],
    "metadata_modified": ["2021-10-01T19:40:15.276Z"],
}


def answers(query: str) -> bool:
    return parse(query, "title")(DOCUMENT)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "evaluation",
        '"de l espace"',
        "title:eval*",
        "id:a\\-1",
        "id:a-1 && tags:snow",
        "tags:rain || tags:ice",
        "tags:(rain OR snow)",
        "!tags:rain",
        "(tags:ice AND -(tags:rain OR tags:hail))",
        "metadata_modified:[2021-10-01T19:40:15.276Z TO *]",
        "metadata_modified:{2021-10-01T19:40:15.275999 TO NOW}",
        "metadata_modified:[2021-10-01 TO 2021-10-02]",
        "tags:*",
        "tags:sn?w",
    ],
)
def test_a_query_that_fits_is_answered(query: str) -> None:
    assert answers(query)


@pytest.mark.parametrize(
    "query",
    [
        "evaluations",
        '"espace evaluation"',
        "id:a",
        "id:A-1",
        "tags:ice AND tags:rain",
        "-tags:ice",
        "groups:*",
        "metadata_modified:{2021-10-01T19:40:15.276Z TO *]",
        "metadata_modified:[* TO 2021-10-01]",
        "no_such_field:x",
    ],
)
def test_a_query_that_does_not_fit_is_not_answered(query: str) -> None:
    assert not answers(query)


@given(st.text(alphabet='ab:*?()[]{}"\\+-!&| ANDORTO', max_size=60) | st.text(max_size=40))
def test_any_text_is_read_or_refused(query: str) -> None:
    try:
        answers(query)
    except QueryError:
        return


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(QueryError, match="nested too deeply"):
        parse("(" * 20_000)
