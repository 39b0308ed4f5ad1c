from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.config.editing import EXAMPLE, copy_example

from itsm_bridge.config import FILES, check, describe
from itsm_bridge.config.documents import compose, decode_text
from itsm_bridge.config.findings import Findings
from itsm_bridge.config.model import Position

untimed = settings(deadline=None)  # two cores are shared with others

TEXTS = {name: (EXAMPLE / name).read_text(encoding="utf-8") for name in FILES}
PIECES = (
    "\n|  |: |:|- |[|]|{|}|,|'|\"|#|&a |*a|!t |<<: |null|~|true|no|1|-1|1.5|1e999|999999999999999999999|50%|4h|1d|"
    "2026-04-01|24x7|mon-fri|\t|\r|\ufeff|\x00|\u202e|\U0001f600|any|not|empty|matches|(|from|\\|>\n|? "
)
SNIPPETS = st.sampled_from([*PIECES.split("|"), "|\n", ""])


def findings_of(file: str, content: bytes) -> int:
    """Check the example with one file replaced; the number of findings."""
    with tempfile.TemporaryDirectory() as folder:
        config = copy_example(Path(folder))
        (config / file).write_bytes(content)
        configuration, findings = check(config)
    errors = [one for one in findings if one.severity == "error"]
    assert (configuration is None) == bool(errors)
    assert all(one.line >= 1 and one.column >= 1 and "\n" not in describe(one) for one in findings)
    return len(findings)


@untimed
@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_findings_or_nodes(content: bytes) -> None:
    findings = Findings()
    text = decode_text(content, "x.yaml", findings)

    assert text is not None or findings.listed()


@untimed
@given(st.text(max_size=200) | st.lists(SNIPPETS, max_size=30).map("".join))
def test_arbitrary_text_is_findings_or_nodes(text: str) -> None:
    findings = Findings()

    assert compose(text, Position("x.yaml", 1, 1), findings) is not None or findings.listed()


@untimed
@given(st.sampled_from(FILES), st.text(max_size=300))
def test_a_file_of_arbitrary_text_never_raises(file: str, text: str) -> None:
    findings_of(file, text.encode("utf-8", "surrogatepass"))


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, str]:
    """A file of the example with a few pieces cut out, put in or doubled."""
    file = draw(st.sampled_from(FILES))
    text = TEXTS[file]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        piece = draw(SNIPPETS | st.just(text[start:end] * 2))
        text = text[:start] + piece + text[end:]
    return file, text


@untimed
@given(mutations())
def test_a_mutated_example_never_raises(mutated: tuple[str, str]) -> None:
    file, text = mutated

    findings_of(file, text.encode("utf-8", "surrogatepass"))


@st.composite
def reshaped(draw: st.DrawFn) -> tuple[str, str]:
    """A file of the example with one value replaced by something of another shape."""
    file = draw(st.sampled_from(FILES))
    lines = TEXTS[file].split("\n")
    index = draw(st.sampled_from([number for number, line in enumerate(lines) if ":" in line.split("#")[0]]))
    key = lines[index].partition(":")[0]
    value = draw(
        st.sampled_from(
            ["[]", "{}", "[[]]", "{a: {b: c}}", "[{}]", "1", "-1", "true", "null", "x", "'  '", "[null]", ""]
        )
    )
    lines[index] = f"{key}: {value}"
    return file, "\n".join(lines)


@untimed
@given(reshaped())
def test_a_value_of_another_shape_never_raises(changed: tuple[str, str]) -> None:
    file, text = changed

    findings_of(file, text.encode())
