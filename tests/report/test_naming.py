"""Names in texts: found in any spelling, and only where they are names."""

from __future__ import annotations

import pytest

from itsm_bridge.report.naming import Names, key_of


@pytest.mark.parametrize(
    "text",
    ["OptIT", "ask OPTIT now", "Opt-IT", "opt it", "(OptIT)", "OptIT's", "\uff2f\uff50\uff54IT", "Opt\u200bIT",
     "mail@optit.example", "x=OptIT;y", "a_OptIT_b", "Opt\u00adIT"],
)  # fmt: skip
def test_a_name_is_found_in_any_spelling(text: str) -> None:
    names = Names(["GWL"], ["OptIT"])
    assert [found.name for found in names.find(text)] == ["OptIT"]
    assert "[other party]" in names.redacted(text)
    assert not names.find(names.redacted(text))


@pytest.mark.parametrize("text", ["OptITude", "CoOptIT", "opt a IT", "", "12", "Opt\nIT", "option"])
def test_a_name_does_not_begin_or_end_within_a_word(text: str) -> None:
    assert not Names(["GWL"], ["OptIT"]).find(text)


def test_the_longer_of_two_names_counts_whosever_it_is() -> None:
    assert not Names(["GWL-2"], ["GWL"]).find("GWL-2 was asked")
    assert [found.name for found in Names(["GWL-2"], ["GWL"]).find("GWL was asked")] == ["GWL"]
    assert [found.name for found in Names(["GWL"], ["GWL-2"]).find("GWL-2 was asked")] == ["GWL-2"]
    assert not Names(["GWL"], ["GWL-2"]).find("GWL was asked")


def test_a_name_that_only_its_spelling_tells_from_an_own_one_is_found_as_it_is_spelt() -> None:
    names = Names(["GWL"], ["gwl", "\uff27WL"])
    assert [found.name for found in names.find("GWL, gwl and \uff27WL")] == ["gwl", "\uff27WL"]


def test_what_is_named_like_the_vendor_itself_is_its_own() -> None:
    assert not Names(["GWL", "eGov GWL"], ["GWL", "OptIT"]).find("eGov GWL and GWL")


def test_a_word_of_the_program_is_a_name_only_where_it_is_the_whole_text() -> None:
    names = Names(["GWL"], ["Support", "OptIT"], common=["Support"])
    assert not names.find("Support is asked")
    assert [found.name for found in names.find("support")] == ["Support"]
    assert names.redacted("Support and OptIT") == "Support and [other party]"


def test_ids_of_foreign_tickets_are_found_and_own_ones_are_not() -> None:
    names = Names(["GWL"], ["OPS"], iter(["ops:OPS-42", "snow:INC1"]), own_ids=iter(["ops:OPS-4"]))
    assert [found.name for found in names.find("see ops:OPS-42 and snow:INC1, not snow:INC12")] == [
        "ops:OPS-42", "snow:INC1",
    ]  # fmt: skip
    assert not names.find("ops:OPS-4")


def test_a_name_without_a_letter_is_found() -> None:
    assert [found.name for found in Names([], ["***", "24"]).find("a *** b 24 c")] == ["***", "24"]
    assert not Names([], ["24"]).find("241")


def test_own_people_are_called_by_their_other_names_everywhere() -> None:
    names = Names(["GWL"], ["Asha Rao"], instead={"Asha Rao": "person-1f"})
    assert names.redacted("told ASHA RAO; Asha") == "told person-1f; Asha"


def test_the_key_of_a_name_is_the_same_in_all_forms() -> None:
    assert key_of("Caf\u00e9 Ltd") == key_of("CAFE\u0301-ltd") == "caf\u00e9ltd"


def test_an_own_address_keeps_the_word_that_is_somebody_else_s_name() -> None:
    names = Names(["GWL", "asha.rao@gwl.example"], ["Asha Rao"])
    assert names.redacted("asha.rao@gwl.example told Asha Rao") == "asha.rao@gwl.example told [other party]"
