"""What an OpenAPI document (3.0, 3.1) says of a call's reply: the shape of one that a mapping leaves out, and a check of one that it states.

Read here as plain data, so that `mapping check` needs nothing else. The connector validates every request and reply against the full
schema (``adapters/backends/rest/openapi.py``); this is only about names: which fields a success may hold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from config.shapes import Mismatch
from config.strict_yaml import nearest_name, read_document
from services.expression_reader import ExpressionReader
from services.operation_reader import Connection
from services.reply_shape import ReplyNode, plant_reply

BRACES = re.compile(r"\{[^{}/]*\}")
MAX_DEPTH = 12
"""Tables inside tables, and references that lead to references."""
MAX_PLACES = 500


@dataclass(frozen=True, slots=True)
class OpenApiSupply:
    """Implements ``ReplySupply`` for the documents of one mapping, by their path below ``config/mappings``."""

    documents: Mapping[str, bytes]
    reader: ExpressionReader

    def __call__(self, path: str, call: Mapping[str, Any], connection: Connection) -> ReplyNode | None:
        file = connection.value.get("openapi")
        if file is None or file not in self.documents or connection.value["connector"] != "rest" or "path" not in call:
            return None
        root = parse_openapi(self.documents[file])
        if root is None:
            return None  # told once, with the file itself
        operation = _find_operation(root, call.get("method", "POST"), call["path"])
        if operation is None:
            asked = f"{call.get('method', 'POST')} and path of an operation in {file}"
            near = nearest_name(call["path"], list(root["paths"]))
            self.reader.mismatches.append(Mismatch(f"{path}.path", "an operation that is not in it", asked, near))
            return None
        schema = _find_success(root, operation)
        known = list(islice(_list_places(root, schema, "", 0), MAX_PLACES)) if schema is not None else []
        self._compare(path, call, known, file)
        return plant_reply(known) if known else None

    def _compare(self, path: str, call: Mapping[str, Any], known: list[str], file: str) -> None:
        bare = {place.removesuffix("?") for place in known}
        for index, place in enumerate(call.get("reply", ()) if known else ()):
            if place.removesuffix("?") not in bare:
                near = nearest_name(place.removesuffix("?"), bare)
                found = Mismatch(
                    f"{path}.reply[{index}]", "a place that is not in it", f"a place of a success in {file}", near
                )
                self.reader.mismatches.append(found)


def find_document_faults(connections: list[Connection], documents: Mapping[str, bytes]) -> Iterator[Mismatch]:
    """Referenced files that are not there, and OpenAPI documents that are none."""
    for connection in connections:
        for key in ("openapi", "wsdl"):
            file = connection.value.get(key)
            place = f"{connection.path}.{key}"
            if file is None:
                continue
            if file not in documents:
                yield Mismatch(
                    place, "a file that does not exist", "a file below config/mappings", nearest_name(file, documents)
                )
            elif key == "openapi" and parse_openapi(documents[file]) is None:
                yield Mismatch(place, "a file of another kind", "an OpenAPI document of version 3.0 or 3.1 with paths")


@lru_cache(maxsize=64)
def parse_openapi(content: bytes) -> dict[str, Any] | None:
    """The document as plain values; None for anything else. JSON or YAML, with each key once."""
    root = _parse(content)
    version = root.get("openapi") if isinstance(root, dict) else None
    if not isinstance(version, str) or not re.fullmatch(r"3\.[01]\.[0-9]+", version):
        return None
    return root if isinstance(root, dict) and isinstance(root.get("paths"), dict) else None


def _parse(content: bytes) -> Any:
    if content.lstrip()[:1] == b"{":
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            return None
    document = read_document("openapi", content)
    return None if document.faults else document.value


def _find_operation(root: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    wanted = BRACES.sub("{}", path.partition("?")[0])
    for template, entry in root["paths"].items():
        item = _resolve(root, entry)
        if BRACES.sub("{}", template) == wanted and isinstance(item, dict):
            operation = item.get(method.lower())
            if isinstance(operation, dict):
                return operation
    return None


def _find_success(root: dict[str, Any], operation: dict[str, Any]) -> Any:
    """The JSON schema of the first success that the operation has."""
    responses: Any = operation.get("responses")
    for status in sorted(responses) if isinstance(responses, dict) else ():
        response = _resolve(root, responses[status]) if str(status).startswith("2") else None
        content = response.get("content") if isinstance(response, dict) else None
        for media, entry in content.items() if isinstance(content, dict) else ():
            if "json" in media and isinstance(entry, dict):
                return entry.get("schema")
    return None


def _list_places(root: dict[str, Any], schema: Any, path: str, depth: int) -> Iterator[str]:
    """Places like ``bills[].billNo?`` of everything that is not a table or list itself."""
    for name, (inner, required) in _properties(root, schema).items():
        found = _resolve(root, inner)
        items: Any = found.get("items") if isinstance(found, dict) else None
        many = items is not None
        item = _resolve(root, items) if many else found
        place = f"{path}.{name}" if path else name
        place += "[]" if many else ""
        if depth < MAX_DEPTH and _properties(root, item):
            yield from _list_places(root, item, place, depth + 1)
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_\-]*", name):
            yield place if required else f"{place}?"


def _properties(
    root: dict[str, Any], schema: Any, seen: set[int] | None = None, *, always: bool = True
) -> dict[str, tuple[Any, bool]]:
    """Name → (schema, whether it is always there), of a schema and of those that it is put together from, each looked at once."""
    found, seen = _resolve(root, schema), set[int]() if seen is None else seen
    if not isinstance(found, dict) or id(found) in seen or len(seen) >= MAX_PLACES:
        return {}
    seen.add(id(found))
    required = found.get("required") if isinstance(found.get("required"), list) else []
    own = found.get("properties") if isinstance(found.get("properties"), dict) else {}
    known = {str(name): (inner, always and name in (required or ())) for name, inner in (own or {}).items()}
    for key in ("allOf", "anyOf", "oneOf"):
        parts = found.get(key)
        for part in parts if isinstance(parts, list) else ():
            for name, place in _properties(root, part, seen, always=always and key == "allOf").items():
                known.setdefault(name, place)
    return known


def _resolve(root: dict[str, Any], entry: Any) -> Any:
    """What an entry says, after its references inside the document; None where they lead nowhere."""
    for _ in range(MAX_DEPTH):
        if not isinstance(entry, dict) or "$ref" not in entry:
            return entry
        entry = _follow(root, entry["$ref"])
    return None


def _follow(root: dict[str, Any], pointer: Any) -> Any:
    if not isinstance(pointer, str) or not pointer.startswith("#/"):
        return None
    place: Any = root
    for part in pointer.removeprefix("#/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(place, dict) or name not in place:
            return None
        place = place[name]
    return place
