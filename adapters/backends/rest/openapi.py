"""An OpenAPI document (3.0 or 3.1) as what a call may send and what may come back.

Method and path of a call must stand in it; the request and every reply are validated against its schemas. It comes with the mapping
and refers to nothing outside itself. Objects are closed unless the schema opens them in words (``additionalProperties``,
``patternProperties``): JSON Schema lets unknown fields pass by default, and an unknown field means that the two sides no longer agree.

This module loads the validator's libraries (0.3 s): ``factory.py`` imports it where a mapping has such a document, and only there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from openapi_schema_validator import OAS30Validator, OAS31Validator, oas30_format_checker, oas31_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4, DRAFT202012

from adapters.backends.rest.json_text import read_json
from adapters.backends.rest.openapi_limits import limit_validator, require_bounded
from adapters.backends.wire import ReplyUnreadable
from config.strict_yaml import read_document
from services.errors import ConfigurationFault
from services.mapping import Call
from services.model import JsonValue

URI = "openapi:document"
BRACES = re.compile(r"\{[^{}/]*\}")
JSON_TYPE = re.compile(r"application/([a-z0-9.\-]+\+)?json\s*(;.*)?", re.IGNORECASE)
MAX_STEPS = 40
"""References that may lead to references before we stop following them."""


class OpenApiDocument:
    """One document. Raises ``ConfigurationFault`` for anything but OpenAPI 3.0 or 3.1, and for references to elsewhere."""

    def __init__(self, file: str, content: bytes) -> None:
        self._file = file
        self._root = _parse(file, content)
        for reference in _find_references(self._root):
            if not isinstance(reference, str) or not reference.startswith("#/"):
                raise ConfigurationFault(f"{file}: a reference that leads outside the document")
        require_bounded(file, self._root)
        self._validate = _make_validator(file, self._root)

    def require_known(self, call: Call) -> None:
        """Raise ``ConfigurationFault`` if the document has no such method and path, or disagrees about a body or the query."""
        pointer, operation = self._find_operation(call)
        place = f"{self._file}: {call.method} {call.path.partition('?')[0]}"
        body = self._resolve(operation.get("requestBody"))
        if call.request is not None and body is None:
            raise ConfigurationFault(f"{place}: the document knows no body for it")
        if call.request is None and body is not None and body.get("required") is True:
            raise ConfigurationFault(f"{place}: the document asks for a body")
        if call.request is not None:
            self._schema_pointer(f"{pointer}/requestBody", place)
        known = self._list_query(pointer, operation)
        used = {name for name, _ in parse_qsl(call.path.partition("?")[2], keep_blank_values=True)}
        if used - known.keys():
            raise ConfigurationFault(f"{place}: a query parameter that the document does not know")
        if {name for name, required in known.items() if required} - used:
            raise ConfigurationFault(f"{place}: a query parameter that the document asks for is missing")

    def accepts_request(self, call: Call, document: JsonValue) -> bool:
        """Whether the body of a request fits its schema."""
        pointer, _ = self._find_operation(call)
        return not self._find_fault(self._schema_pointer(f"{pointer}/requestBody", ""), document)

    def require_reply(self, call: Call, status: int, body: JsonValue) -> None:
        """Raise ``ReplyUnreadable`` unless the document knows this status and the body fits its schema, without unknown fields."""
        pointer, operation = self._find_operation(call)
        responses = operation.get("responses", {})
        for name in (str(status), f"{status // 100}XX", "default"):
            if name in responses:
                try:
                    schema = self._schema_pointer(f"{pointer}/responses/{name}", "")
                except ConfigurationFault:
                    raise ReplyUnreadable("a body where the OpenAPI document has none") from None
                if fault := self._find_fault(schema, body):
                    raise ReplyUnreadable(fault)
                return
        raise ReplyUnreadable("a status that the OpenAPI document does not have")

    def _find_operation(self, call: Call) -> tuple[str, dict[str, Any]]:
        """JSON pointer and content of the operation object. Raises ``ConfigurationFault``."""
        wanted = BRACES.sub("{}", call.path.partition("?")[0])
        for path, entry in self._root["paths"].items():
            item = self._resolve(entry)
            if BRACES.sub("{}", path) == wanted and call.method.lower() in (item or {}):
                pointer = entry.get("$ref") or f"#/paths/{_escape(path)}"
                return f"{pointer}/{call.method.lower()}", item[call.method.lower()]
        raise ConfigurationFault(f"{self._file}: {call.method} {call.path.partition('?')[0]} is not in the document")

    def _list_query(self, pointer: str, operation: Mapping[str, Any]) -> dict[str, bool]:
        """Query parameters of an operation and of its path: name → whether it is required."""
        shared = self._follow(pointer.rpartition("/")[0]).get("parameters", [])
        entries = [self._resolve(entry) for entry in (*shared, *operation.get("parameters", []))]
        return {entry["name"]: entry.get("required") is True for entry in entries if entry.get("in") == "query"}

    def _schema_pointer(self, pointer: str, place: str) -> str:
        """The pointer of the JSON schema inside a request body or response. Raises ``ConfigurationFault`` where it has none."""
        steps = 0
        while "$ref" in (holder := self._follow(pointer)) and steps < MAX_STEPS:
            pointer, steps = holder["$ref"], steps + 1
        for media_type, content in (holder.get("content") or {}).items():
            if JSON_TYPE.fullmatch(media_type) and isinstance(content, dict) and "schema" in content:
                return f"{pointer}/content/{_escape(media_type)}/schema"
        raise ConfigurationFault(f"{place}: the document has no JSON schema for it")

    def _find_fault(self, pointer: str, value: JsonValue) -> str:
        """Why a value does not fit, without a word of the value; empty if it fits."""
        try:
            if not self._validate(pointer, value):
                return "not as its OpenAPI schema says"
        except (ArithmeticError, RecursionError, TypeError, ValueError):
            return "not to be judged by its OpenAPI schema"
        return "a field that its OpenAPI schema does not have" if self._has_unknown([{"$ref": pointer}], value) else ""

    def _has_unknown(self, schemas: list[Any], value: JsonValue, depth: int = 0) -> bool:
        """Whether an object holds a field that none of the schemas that apply to it names."""
        if depth > MAX_STEPS or not isinstance(value, dict | list):
            return False
        applied = list(self._unfold(schemas))
        if isinstance(value, list):
            inner = [schema["items"] for schema in applied if isinstance(schema.get("items"), dict)]
            return any(self._has_unknown(inner, item, depth + 1) for item in value)
        opened = [schema[key] for schema in applied for key in ("additionalProperties",) if schema.get(key)]
        patterns = any(schema.get("patternProperties") for schema in applied)
        for name, item in value.items():
            inner = [schema["properties"][name] for schema in applied if name in (schema.get("properties") or {})]
            if not inner and not opened and not patterns:
                return True
            if self._has_unknown(inner or [one for one in opened if isinstance(one, dict)], item, depth + 1):
                return bool(inner or opened)
        return False

    def _unfold(self, schemas: list[Any], depth: int = 0) -> Iterator[dict[str, Any]]:
        """The schemas themselves and those that they are put together from."""
        for schema in schemas:
            found = self._resolve(schema)
            if isinstance(found, dict) and depth < MAX_STEPS:
                yield found
                for key in ("allOf", "anyOf", "oneOf"):
                    yield from self._unfold(found.get(key) or [], depth + 1)

    def _resolve(self, entry: Any) -> Any:
        """What an entry says, after its references."""
        for _ in range(MAX_STEPS):
            if not isinstance(entry, dict) or "$ref" not in entry:
                return entry
            entry = self._follow(entry["$ref"])
        raise ConfigurationFault(f"{self._file}: references that do not end")

    def _follow(self, pointer: str) -> Any:
        """RFC 6901. Raises ``ConfigurationFault`` where nothing stands."""
        place: Any = self._root
        for part in pointer.removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(place, dict) or name not in place:
                raise ConfigurationFault(f"{self._file}: a reference to nothing")
            place = place[name]
        return place


def _parse(file: str, content: bytes) -> dict[str, Any]:
    if file.endswith(".json"):
        try:
            root = read_json(content)
        except ReplyUnreadable as fault:
            raise ConfigurationFault(f"{file}: {fault}") from None
    else:
        read = read_document(file, content)
        if read.faults:
            raise ConfigurationFault("\n".join(map(str, read.faults)))
        root = _make_exact(read.value)
    version = root.get("openapi") if isinstance(root, dict) else None
    if not isinstance(version, str) or not re.fullmatch(r"3\.[01]\.[0-9]+", version):
        raise ConfigurationFault(f"{file}: not an OpenAPI document of version 3.0 or 3.1")
    if not isinstance(root.get("paths"), dict):
        raise ConfigurationFault(f"{file}: a document without paths")
    return dict(root)


def _make_exact(value: Any) -> Any:
    """YAML's fractions as decimals, as replies have them: a remainder of both kinds cannot be taken."""
    if isinstance(value, dict):
        return {name: _make_exact(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_make_exact(item) for item in value]
    return Decimal(repr(value)) if isinstance(value, float) else value


def _find_references(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from _find_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _find_references(item)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _make_validator(file: str, root: dict[str, Any]) -> Any:
    """A function (pointer, value) → whether the value fits. Nothing is fetched: the registry holds this document alone."""
    old = root["openapi"].startswith("3.0.")
    specification, kind = (DRAFT4, OAS30Validator) if old else (DRAFT202012, OAS31Validator)
    checker = oas30_format_checker if old else oas31_format_checker
    kind = limit_validator(kind)
    registry = Registry().with_resource(URI, specification.create_resource(root))

    def validate(pointer: str, value: JsonValue) -> bool:
        schema = {"$ref": URI + pointer}
        try:
            return bool(kind(schema, registry=registry, format_checker=checker).is_valid(value))
        except LookupError:
            raise ConfigurationFault(f"{file}: a reference to nothing") from None

    return validate
