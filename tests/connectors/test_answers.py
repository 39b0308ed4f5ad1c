from __future__ import annotations

import json

import pytest
import requests

from itsm_bridge.connectors.answers import Call, deeper_than, judge


def nested(levels: int, inside: object) -> object:
    """Lists and mappings in turn around a value."""
    value = inside
    for level in range(levels):
        value = [1, value] if level % 2 else {"a": "text", "b": value}
    return value


@pytest.mark.parametrize("inside", ["text", None, 1, True, [], {}])
def test_an_answer_may_be_nested_as_deep_as_the_limit_and_no_deeper(inside: object) -> None:
    own = isinstance(inside, list | dict)
    assert not deeper_than(nested(5 - own, inside), 5)
    assert deeper_than(nested(6 - own, inside), 5)
    assert not deeper_than(inside, 1)


def test_a_deep_branch_is_found_among_many_flat_ones() -> None:
    value = [[{"flat": number}] for number in range(1000)]
    assert not deeper_than(value, 3)
    value[500].append({"deep": [1]})  # type: ignore[dict-item]  # one of another kind is the point
    assert deeper_than(value, 3)


def test_whoever_asks_for_the_json_of_a_good_answer_gets_the_value_that_was_judged() -> None:
    judged: list[object] = []

    def shape(_: Call, body: object) -> None:
        judged.append(body)

    answer = requests.Response()
    answer.status_code, answer._content = 200, json.dumps({"result": [{"number": "INC1"}]}).encode()
    answer.headers["Content-Type"] = "application/json"
    sound = judge(Call("snow", "GET", "/api/now/table/incident", reading=True), answer, None, shape)
    assert sound.json() is judged[0]
    assert (sound.status_code, sound.content, sound.headers) == (200, answer.content, answer.headers)
