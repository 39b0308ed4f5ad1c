from __future__ import annotations

from typing import Any

import pytest
from tests.contract.openapi import BreachError, Document, Request

THING = {"$ref": "#/components/schemas/Thing"}
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/thing/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "put": {
                "parameters": [
                    {"name": "loud", "in": "query", "schema": {"type": "boolean"}},
                    {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                ],
                "requestBody": {"required": True, "content": {"application/json": {"schema": THING}}},
                "responses": {"200": {"content": {"application/json": {"schema": THING}}}, "204": {}},
            },
            "get": {"responses": {"204": {}}},
        },
        "/thing/all": {
            "get": {
                "parameters": [{"name": "of", "in": "query", "required": True, "schema": {"type": "string"}}],
                "responses": {"204": {}},
            }
        },
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "note": {"type": "string", "nullable": True},
                    "self": {"type": "string", "readOnly": True},
                },
            }
        }
    },
}


@pytest.fixture
def document() -> Document:
    return Document(DOCUMENT)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (Request("PUT", "/thing/7", {"loud": "true", "ids": "1,2"}, {"name": "x"}), "PUT /thing/{id}"),
        (Request("PUT", "/thing/7", {}, {"name": "x", "note": None}), "PUT /thing/{id}"),
        (Request("GET", "/thing/7"), "GET /thing/{id}"),
        (Request("GET", "/thing/all", {"of": "x"}), "GET /thing/all"),
    ],
)
def test_a_request_that_the_document_allows_is_known_by_its_operation(
    document: Document, request_: Request, name: str
) -> None:
    assert document.check_request(request_) == name


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (Request("GET", "/thing"), "knows no GET /thing"),
        (Request("DELETE", "/thing/7"), "knows no DELETE"),
        (Request("GET", "/thing/x"), "id: .* 'x' is not of type 'integer'"),
        (Request("GET", "/thing/all"), "the query lacks of"),
        (Request("GET", "/thing/7", {"loud": "true"}), "the query holds loud, which it does not know"),
        (Request("PUT", "/thing/7", {"loud": "yes"}, {"name": "x"}), "'yes' is not of type 'boolean'"),
        (Request("PUT", "/thing/7", {"ids": "1,b"}, {"name": "x"}), "'b' is not of type 'integer'"),
        (Request("PUT", "/thing/7"), "lacks its body"),
        (Request("GET", "/thing/7", {}, {"name": "x"}), "takes no body"),
        (Request("PUT", "/thing/7", {}, {}), "'name' is a required property"),
        (Request("PUT", "/thing/7", {}, {"name": 1}), "1 is not of type 'string'"),
        (Request("PUT", "/thing/7", {}, {"name": None}), "None is not of type 'string'"),
        (Request("PUT", "/thing/7", {}, {"name": "x", "nam": 1}), "does not name the member nam"),
        (Request("PUT", "/thing/7", {}, {"name": "x", "self": "y"}), "self can only be read"),
    ],
)
def test_a_request_that_the_document_does_not_allow_is_refused(document: Document, request_: Request, why: str) -> None:
    with pytest.raises(BreachError, match=why):
        document.check_request(request_)


def test_an_answer_is_held_against_the_schema_of_its_status(document: Document) -> None:
    document.check_answer("PUT", "/thing/7", 200, {"name": "x", "note": None})
    document.check_answer("PUT", "/thing/7", 204, None)
    with pytest.raises(BreachError, match="does not answer 201"):
        document.check_answer("PUT", "/thing/7", 201, {"name": "x"})
    with pytest.raises(BreachError, match="'name' is a required property"):
        document.check_answer("PUT", "/thing/7", 200, {})
    document.check_named("Thing", {"name": "x"})
    with pytest.raises(BreachError, match="required"):
        document.check_named("Thing", {})
