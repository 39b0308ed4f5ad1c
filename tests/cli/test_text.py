from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from itsm_bridge.cli.text import fitted, plural, printable


def test_terminal_codes_are_shown_and_not_obeyed() -> None:
    assert printable("\x1b]0;pwned\x07[red]x\r\n\u202eabc") == "\\x1b]0;pwned\\x07[red]x\\r\\n\\u202eabc"


@given(st.text(st.characters()))
def test_no_invisible_character_is_left(text: str) -> None:
    assert all(unicodedata.category(character)[0] != "C" for character in printable(text, 10**6))


def test_long_text_is_cut_with_a_mark() -> None:
    assert printable("x" * 50, longest=10) == "x" * 9 + "…"


def test_counts_read_as_a_person_writes_them() -> None:
    assert (plural(1, "ticket"), plural(1204, "ticket"), plural(0, "entry", "entries")) == (
        "1 ticket",
        "1,204 tickets",
        "0 entries",
    )


def test_a_line_is_broken_for_a_narrow_terminal_and_stays_whole_off_a_terminal() -> None:
    line = "      snow: " + "no answer, " * 20
    assert fitted(line) == line
    broken = fitted(line, 40).splitlines()
    assert len(broken) > 3
    assert all(len(one) <= 40 for one in broken)
    assert all(one.startswith("        ") for one in broken[1:])
    assert " ".join(" ".join(broken).split()) == " ".join(line.split())
