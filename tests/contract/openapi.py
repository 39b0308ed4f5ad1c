"""What an OpenAPI 3.0 document promises, asked about single requests and answers; the documents are Atlassian's own."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

JIRA = "jira-cloud-v3.json.gz"
SERVICE_MANAGEMENT = "jira-service-management-cloud.json.gz"

Json = dict[str, Any]


class BreachError(AssertionError):
    """A request or an answer that the document does not allow."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it went out: ``body`` is its decoded JSON, ``None`` for none."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, under its method and the path as the document writes it."""

    name: str
    values: Mapping[str, str]
    content: Json


class Document:
    """A document. It is read as JSON Schema of draft 7, with ``nullable`` as that knows it."""

    def __init__(self, document: Json) -> None:
        self._components = _with_nulls(document.get("components", {}))
        self._paths: Json = _with_nulls(document["paths"])

    @classmethod
    def read(cls, path: Path) -> Document:
        """The document in a gzip file."""
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return cls(json.load(file))

    def operation(self, method: str, path: str) -> Operation:
        """The operation that answers a path: one that is written out goes before one with parameters."""
        found = [
            (template.count("{"), template, match.groupdict())
            for template, operations in self._paths.items()
            if method.lower() in operations and (match := _pattern(template).fullmatch(path))
        ]
        if not found:
            raise BreachError(f"the document knows no {method} {path}")
        _, template, values = min(found, key=lambda one: one[:2])
        shared = self._paths[template].get("parameters", [])
        content = self._paths[template][method.lower()]
        parameters = [self._resolved(one) for one in [*shared, *content.get("parameters", [])]]
        return Operation(f"{method} {template}", values, {**content, "parameters": parameters})

    def check_request(self, request: Request) -> str:
        """The name of the operation that a request asks for. Raises ``BreachError`` for a request that breaks it."""
        operation = self.operation(request.method, request.path)
        for place, given in (("path", operation.values), ("query", request.query)):
            self._check_parameters(operation, place, given)
        self._check_body(operation, request.body)
        return operation.name

    def check_answer(self, method: str, path: str, status: int, body: object) -> None:
        """Raises ``BreachError`` for an answer that the operation does not give."""
        operation = self.operation(method, path)
        responses = operation.content["responses"]
        if str(status) not in responses:
            raise BreachError(f"{operation.name} does not answer {status}")
        schema = _json_schema(self._resolved(responses[str(status)]))
        if schema is not None:
            self._validate(operation.name, body, schema)

    def check_named(self, name: str, body: object) -> None:
        """Raises ``BreachError`` unless ``body`` is one of the document's own schemas."""
        self._validate(name, body, {"$ref": f"#/components/schemas/{name}"})

    def _check_parameters(self, operation: Operation, place: str, given: Mapping[str, str]) -> None:
        known = {one["name"]: one for one in operation.content["parameters"] if one["in"] == place}
        unknown = given.keys() - known.keys()
        if unknown:
            raise BreachError(
                f"{operation.name}: the {place} holds {', '.join(sorted(unknown))}, which it does not know"
            )
        for name, one in known.items():
            if name in given:
                schema = self._resolved(one["schema"])
                self._validate(f"{operation.name}: {name}", _typed(given[name], schema), schema)
            elif one.get("required"):
                raise BreachError(f"{operation.name}: the {place} lacks {name}")

    def _check_body(self, operation: Operation, body: object) -> None:
        promised = operation.content.get("requestBody")
        if promised is None:
            if body is not None:
                raise BreachError(f"{operation.name} takes no body")
            return
        wanted = self._resolved(promised)
        schema = _json_schema(wanted)
        if body is None:
            if wanted.get("required"):
                raise BreachError(f"{operation.name} lacks its body")
            return
        if schema is None:
            raise BreachError(f"{operation.name} takes no JSON")
        self._validate(operation.name, body, schema)
        self._check_members(operation, body, self._resolved(schema))

    def _check_members(self, operation: Operation, body: object, schema: Json) -> None:
        """Stricter than the schema, which lets members pass that it does not name, and those that are only answered."""
        members = schema.get("properties", {})
        if not isinstance(body, dict) or not members:
            return
        for name in body:
            if name not in members:
                raise BreachError(f"{operation.name}: the document does not name the member {name}")
            if self._resolved(members[name]).get("readOnly"):
                raise BreachError(f"{operation.name}: {name} can only be read")

    def _resolved(self, one: Json) -> Json:
        while "$ref" in one:
            found: Any = {"components": self._components}
            for part in one["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            one = found
        return one

    def _validate(self, what: str, value: object, schema: Json) -> None:
        validator = jsonschema.Draft7Validator({**schema, "components": self._components})
        error = next(validator.iter_errors(value), None)
        if error is not None:
            raise BreachError(f"{what}: {error.json_path} {error.message[:300]}")


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(f"(?P<{one}>[^/]+)" if place % 2 else re.escape(one) for place, one in enumerate(parts)))


def _json_schema(one: Json) -> Json | None:
    schema: Json | None = one.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _typed(text: str, schema: Json) -> object:
    """A parameter's text as its schema means it; one that is no such thing stays text, and is refused."""
    kind = schema.get("type")
    if kind == "array":
        return [_typed(one, schema.get("items", {})) for one in text.split(",")]
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    return text


def _with_nulls(one: Any) -> Any:  # noqa: ANN401 - any JSON
    """``nullable`` of OpenAPI 3.0, which JSON Schema does not know, as an alternative."""
    if isinstance(one, list):
        return [_with_nulls(each) for each in one]
    if not isinstance(one, dict):
        return one
    plain = {name: _with_nulls(each) for name, each in one.items()}
    return {"anyOf": [plain, {"type": "null"}]} if plain.get("nullable") is True else plain
