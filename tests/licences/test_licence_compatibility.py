"""May data under several licences be mixed and published: what the model answers, and the clause that says so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ckanext.participation.licences.compatibility import Input, Mix, mix
from ckanext.participation.licences.compatibility.fitting import Answer, accepted, can_be_given, fits, later_versions
from ckanext.participation.licences.register import Register, bundled_register
from ckanext.participation.licences.register.licence import Licence

IDS = sorted(bundled_register().licences)
SOME = st.lists(st.sampled_from([*IDS, "", "?"]), min_size=1, max_size=6)


def of(register: Register, *ids: str) -> Mix:
    """The answer for data under these licences; "" stands for none, "?" for one that nobody recognises."""
    return mix(register, [Input(f"{number}:{name}", register.licences.get(name),
                                "known" if name in register.licences else "unrecognised" if name == "?" else "not-specified")
                          for number, name in enumerate(ids)])


def reasons(answer: Mix, effect: str) -> list[str]:
    return [row.en for row in answer.because if row.effect == effect]


# What each family allows.

@pytest.mark.parametrize(("ids", "best"), [
    (("CC-BY-4.0", "OGL-Canada-2.0"), "CC-BY-4.0"),
    (("OGL-Canada-2.0", "OGL-Toronto"), "CC-BY-4.0"),
    (("OGL-UK-3.0", "CC-BY-4.0"), "CC-BY-4.0"),
    (("OGL-UK-3.0", "OGL-Canada-2.0", "StatCan-Open"), "CC-BY-4.0"),
    (("CC-BY-SA-3.0", "CC-BY-SA-4.0"), "CC-BY-SA-4.0"),
    (("CC-BY-SA-2.0", "CC-BY-SA-3.0"), "CC-BY-SA-4.0"),
    (("CC-BY-4.0", "CC-BY-SA-4.0"), "CC-BY-SA-4.0"),
    (("OGL-Canada-2.0", "CC-BY-SA-4.0"), "CC-BY-SA-4.0"),
    (("CC-BY-NC-4.0", "CC-BY-4.0"), "CC-BY-NC-4.0"),
    (("CC-BY-NC-SA-4.0", "CC-BY-NC-4.0"), "CC-BY-NC-SA-4.0"),
    (("CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0"), "CC-BY-NC-SA-4.0"),
    (("CC-BY-NC-SA-4.0", "CC0-1.0"), "CC-BY-NC-SA-4.0"),
    (("CC0-1.0", "PDDL-1.0"), "CC0-1.0"),
    (("US-Government-Works", "CC-PDM-1.0"), "CC0-1.0"),
    (("CC0-1.0", "OGL-Canada-2.0"), "CC-BY-4.0"),
    (("etalab-2.0", "ODbL-1.0"), "ODbL-1.0"),
    (("CC-BY-4.0", "ODbL-1.0"), "ODbL-1.0"),
    (("ODC-BY-1.0", "PDDL-1.0"), "ODC-BY-1.0"),
    (("GPL-3.0-only", "CC-BY-SA-4.0"), "GPL-3.0-only"),
    (("MIT", "CC-BY-4.0"), "CC-BY-4.0"),
])
def test_these_may_be_mixed_and_published(register: Register, ids: tuple[str, ...], best: str) -> None:
    answer = of(register, *ids)
    assert (answer.verdict, answer.outbound[0]) == ("allowed", best)
    assert reasons(answer, "refuses") == []


def test_the_public_domain_leaves_every_licence_open(register: Register) -> None:
    outbound = of(register, "CC0-1.0", "PDDL-1.0").outbound
    assert {"CC0-1.0", "PDDL-1.0", "CC-BY-4.0", "ODbL-1.0", "CC-BY-NC-ND-4.0"} <= set(outbound)


@pytest.mark.parametrize(("ids", "licences", "term"), [
    (("CC-BY-SA-4.0", "ODbL-1.0"), {"CC-BY-SA-4.0", "ODbL-1.0"}, "share-alike"),
    (("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"), {"CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"}, "share-alike"),
    (("gfdl", "CC-BY-SA-4.0"), {"gfdl", "CC-BY-SA-4.0"}, "share-alike"),
    (("CC-BY-NC-4.0", "CC-BY-SA-4.0"), {"CC-BY-NC-4.0", "CC-BY-SA-4.0"}, "no-commercial-use"),
    (("CC-BY-NC-4.0", "ODbL-1.0"), {"CC-BY-NC-4.0", "ODbL-1.0"}, "no-commercial-use"),
    (("other-nc", "CC-BY-SA-4.0"), {"other-nc", "CC-BY-SA-4.0"}, "no-commercial-use"),
    (("CC-BY-ND-4.0", "CC0-1.0"), {"CC-BY-ND-4.0"}, "no-derivatives"),
    (("CC-BY-NC-ND-4.0", "CC-BY-4.0"), {"CC-BY-NC-ND-4.0"}, "no-derivatives"),
    (("CC-BY-ND-4.0",), {"CC-BY-ND-4.0"}, "no-derivatives"),
    (("other-closed", "CC0-1.0"), {"other-closed"}, "all-rights-reserved"),
])
def test_these_may_not_and_the_clause_is_named(register: Register, ids: tuple[str, ...], licences: set[str], term: str) -> None:
    answer = of(register, *ids)
    assert (answer.verdict, answer.outbound) == ("not-allowed", ())
    refused = next(row for row in answer.because if row.effect == "refuses")
    assert (set(refused.licences), refused.term) == (licences, term)
    for name in licences:
        licence = register.licences[name]
        assert licence.short("en") in refused.en
        assert licence.short("fr") in refused.fr
    for name, clause in refused.clauses.items():
        assert clause == register.licences[name].clauses[_says(register.licences[name], term)]
        assert clause in refused.en
        assert clause in refused.fr


def _says(licence: Licence, term: str) -> str:
    """The term by which a licence takes part in a refusal about `term`."""
    return term if term in licence.prohibitions or (term in licence.duties and "share-alike" not in licence.duties) else "share-alike"


@pytest.mark.parametrize(("name", "term", "other"), [
    ("CC-BY-SA-4.0", "share-alike", "ODbL-1.0"),
    ("ODbL-1.0", "share-alike", "CC-BY-SA-4.0"),
    ("CC-BY-ND-4.0", "no-derivatives", "CC0-1.0"),
    ("CC-BY-NC-4.0", "no-commercial-use", "CC-BY-SA-4.0"),
])
def test_the_refusal_carries_the_clause_of_the_text(register: Register, name: str, term: str, other: str) -> None:
    clause = register.licences[name].clauses[term]
    refused = next(row for row in of(register, name, other).because if row.effect == "refuses")
    assert refused.clauses[name] == clause


@pytest.mark.parametrize("ids", [
    ("notspecified", "CC0-1.0"), ("", "CC0-1.0"), ("?", "CC-BY-4.0"), ("other-open", "CC0-1.0"), ("other-pd", "PDDL-1.0"),
    ("other-at", "CC-BY-4.0"), ("cc-nc", "CC-BY-4.0"), ("notspecified",), ("MB-OpenMB", "OGL-Canada-2.0"),
])
def test_unknown_stays_unknown(register: Register, ids: tuple[str, ...]) -> None:
    answer = of(register, *ids)
    assert (answer.verdict, answer.outbound) == ("unknown", ())
    assert reasons(answer, "unknown")


def test_a_certain_no_is_not_softened_by_something_unknown(register: Register) -> None:
    answer = of(register, "", "CC-BY-ND-4.0")
    assert answer.verdict == "not-allowed"
    assert reasons(answer, "unknown")


# Versions, names, ports, databases.

def test_a_later_version_is_named_when_it_is_the_way_out(register: Register) -> None:
    assert any("CC BY-SA 4.0" in row.en for row in of(register, "CC-BY-SA-3.0", "CC-BY-SA-4.0").because if row.term == "later")


def test_the_way_to_the_gpl_goes_in_one_direction(register: Register) -> None:
    sa, gpl = register.licences["CC-BY-SA-4.0"], register.licences["GPL-3.0-only"]
    assert fits(register, sa, gpl).answer is Answer.YES
    assert fits(register, gpl, sa).answer is Answer.NO


def test_what_only_a_later_version_names_is_not_certain(register: Register) -> None:
    assert of(register, "CC-BY-SA-3.0", "GPL-3.0-only").verdict == "unknown"


def test_an_entry_without_version_fits_where_all_its_versions_do(register: Register) -> None:
    for name in ("cc-by", "uk-ogl", "fr-lo", "cc-by-nc"):
        versions = [register.licences[other] for other in register.licences[name].generic_for]
        for outbound in register:
            single = {fits(register, version, outbound).answer for version in versions if not version.generic_for}
            if single == {Answer.YES}:
                assert fits(register, register.licences[name], outbound).answer is Answer.YES
            elif Answer.YES in single:
                assert fits(register, register.licences[name], outbound).answer is Answer.UNKNOWN


def _with(register: Register, *licences: Licence) -> Register:
    return Register({**register.licences, **{row.id: row for row in licences}}, register.by_text, register.by_url, register.words)


def test_a_port_goes_on_to_the_later_version_and_no_further_than_is_known(register: Register) -> None:
    unported = register.licences["CC-BY-SA-3.0"]
    port = _copy(unported, id="Port-XX", port_of="CC-BY-SA-3.0", supersedes=(), selectable=False)
    other = _copy(unported, id="Port-YY", port_of="CC-BY-SA-3.0", supersedes=(), selectable=False)
    wider = _with(register, port, other)
    assert fits(wider, port, wider.licences["CC-BY-SA-4.0"]).answer is Answer.YES
    assert fits(wider, port, port).answer is Answer.YES
    assert fits(wider, port, unported).answer is Answer.UNKNOWN
    assert fits(wider, port, other).answer is Answer.UNKNOWN
    assert fits(wider, port, wider.licences["ODbL-1.0"]).answer is Answer.NO


def _copy(licence: Licence, **changes: object) -> Licence:
    values = {name: getattr(licence, name) for name in Licence.__dataclass_fields__}
    return Licence(**{**values, **changes})  # type: ignore[arg-type]


def test_a_licence_that_is_named_as_compatible_is_accepted_whatever_its_terms(register: Register) -> None:
    naming = _copy(register.licences["CC-BY-4.0"], id="Naming", compatible_with=("CC0-1.0",))
    wider = _with(register, naming)
    assert fits(wider, naming, register.licences["CC0-1.0"]).answer is Answer.YES
    assert "CC0-1.0" in mix(wider, [Input("a", naming)]).outbound


def test_two_that_accept_one_another_by_name_may_be_mixed_under_either(register: Register) -> None:
    for name in register:
        for other in accepted(register, name) if "share-alike" in name.duties and not name.generic_for else []:
            assert fits(register, name, other).answer is Answer.YES, (name.id, other.id)


def test_a_database_licence_leaves_a_drawn_work_free(register: Register) -> None:
    answer = of(register, "CC-BY-SA-4.0", "ODbL-1.0")
    assert "CC-BY-SA-4.0" in answer.produced_work
    assert any(row.term == "produced-work" and "merging" in row.en for row in answer.because)
    assert of(register, "CC-BY-SA-4.0", "CC-BY-NC-4.0").produced_work == ()


def test_a_right_in_databases_that_one_licence_leaves_out_is_a_note_and_no_refusal(register: Register) -> None:
    silent = _copy(register.licences["CC-BY-3.0"], id="Silent", rights=("copyright",))
    covering = _copy(register.licences["CC-BY-4.0"], id="Covering", rights=("copyright", "database"))
    answer = mix(_with(register, silent, covering), [Input("a", silent), Input("b", covering)])
    assert answer.verdict == "allowed"
    assert [(row.effect, row.inputs) for row in answer.because if row.term == "database"] == [("note", ("a",))]


def test_the_licence_of_another_public_body_is_not_offered(register: Register) -> None:
    outbound = of(register, "CC0-1.0", "OGL-Toronto").outbound
    assert "OGL-Toronto" in outbound
    assert "OGL-Ottawa" not in outbound
    assert "US-Government-Works" not in of(register, "US-Government-Works").outbound


def test_the_first_licence_leaves_most_freedom(register: Register) -> None:
    outbound = [register.licences[name] for name in of(register, "CC0-1.0").outbound]
    narrow = [(("no-derivatives" in row.prohibitions), ("no-commercial-use" in row.prohibitions), ("share-alike" in row.duties))
              for row in outbound]
    assert narrow == sorted(narrow)
    assert outbound[0].duties == ()


# What remains, and other ways.

def test_duties_and_prohibitions_remain_for_each_licence(register: Register) -> None:
    answer = of(register, "OGL-Canada-2.0", "CC-BY-4.0", "CC0-1.0")
    remaining = {(row.licence, row.term) for row in answer.duties}
    assert {("OGL-Canada-2.0", "attribution"), ("OGL-Canada-2.0", "no-endorsement"), ("CC-BY-4.0", "indicate-changes")} <= remaining
    assert not [row for row in answer.duties if row.licence == "CC0-1.0" and row.kind == "duty"]
    for row in answer.duties:
        assert row.clause == register.licences[row.licence].clauses.get(row.term, "")
        assert row.en
        assert row.fr


@pytest.mark.parametrize(("ids", "private", "collection"), [
    (("CC-BY-SA-4.0", "ODbL-1.0"), "allowed", "allowed"),
    (("CC-BY-ND-4.0", "CC-BY-4.0"), "allowed", "allowed"),
    (("CC-BY-NC-4.0", "CC-BY-SA-4.0"), "allowed", "allowed"),
    (("notspecified", "CC-BY-4.0"), "unknown", "unknown"),
    (("other-closed", "CC-BY-4.0"), "not-allowed", "not-allowed"),
    (("other-closed", ""), "not-allowed", "not-allowed"),
])
def test_what_may_not_be_mixed_may_perhaps_stand_side_by_side(
        register: Register, ids: tuple[str, ...], private: str, collection: str) -> None:
    answer = of(register, *ids)
    assert (answer.private_use.verdict, answer.collection.verdict) == (private, collection)


def test_share_alike_does_not_reach_what_stands_beside_it(register: Register) -> None:
    assert any("stands beside" in row.en for row in of(register, "CC-BY-SA-4.0", "ODbL-1.0").collection.because)


def test_two_datasets_under_one_licence_are_told_together(register: Register) -> None:
    answer = of(register, "CC-BY-4.0", "CC-BY-4.0")
    assert {row.inputs for row in answer.because} == {("0:CC-BY-4.0", "1:CC-BY-4.0")}


# Over the whole register.

@settings(max_examples=200, deadline=None)
@given(ids=SOME, data=st.data())
def test_the_order_does_not_matter(ids: list[str], data: st.DataObject) -> None:
    register = bundled_register()
    rows = [Input(f"{number}", register.licences.get(name), "unrecognised" if name == "?" else "not-specified")
            for number, name in enumerate(ids)]
    assert mix(register, rows) == mix(register, data.draw(st.permutations(rows)))


@settings(max_examples=200, deadline=None)
@given(ids=SOME, more=st.sampled_from([*IDS, "", "?"]))
def test_more_data_never_allow_what_was_refused(ids: list[str], more: str) -> None:
    register = bundled_register()
    before, after = of(register, *ids), of(register, *ids, more)
    order = ["not-allowed", "unknown", "allowed"]
    for was, now in ((before.verdict, after.verdict), (before.collection.verdict, after.collection.verdict),
                     (before.private_use.verdict, after.private_use.verdict)):
        assert order.index(now) <= order.index(was)
    rows = [register.licences.get(name) for name in ids]
    for name in after.outbound:
        assert all(fits(register, row, register.licences[name]).answer is Answer.YES for row in rows)


@settings(max_examples=200, deadline=None)
@given(ids=SOME)
def test_every_answer_says_why_in_both_languages(ids: list[str]) -> None:
    register = bundled_register()
    answer = of(register, *ids)
    effects = {row.effect for row in answer.because}
    if answer.verdict == "not-allowed":
        assert "refuses" in effects
    elif answer.verdict == "unknown":
        assert "unknown" in effects
    else:
        assert answer.outbound
        assert effects <= {"asks", "permits", "note"}
    for row in (*answer.because, *answer.private_use.because, *answer.collection.because):
        assert row.inputs
        assert row.en.endswith(".")
        assert row.fr.endswith(".")
        assert "{" not in row.en + row.fr
        assert set(row.clauses) <= set(row.licences)


@pytest.mark.parametrize("name", IDS)
def test_a_licence_that_can_be_given_fits_its_own_data_unless_it_forbids_changes(register: Register, name: str) -> None:
    licence = register.licences[name]
    if can_be_given(licence) and "adapt" in licence.permissions:
        assert fits(register, licence, licence).answer is Answer.YES
    assert licence not in later_versions(register, licence)


def test_nothing_at_all_is_unknown(register: Register) -> None:
    assert mix(register, []).verdict == "unknown"
