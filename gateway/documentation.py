"""The documentation page: made from the OpenAPI document on the server, one page a language, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from gateway.errors import TABLE
from gateway.specification import METHODS
from gateway.words import load_wording
from services.catalogue import Catalogue
from services.model import Language

LANGUAGE_PATHS: Mapping[Language, str] = {Language.ZH_CN: "/docs", Language.EN: "/docs/en"}


@cache
def load_template() -> Template:
    """The page's template; what stands in the document is escaped."""
    environment = Environment(
        loader=PackageLoader("gateway", "templates"), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("docs.html.j2")


def render_documentation(
    specification: Mapping[str, Any], catalogue: Catalogue, language: Language, release: str
) -> bytes:
    """The page as bytes."""
    page = load_template().render(
        language=language,
        zh=language is Language.ZH_CN,
        release=release,
        groups=list(list_groups(specification, catalogue, language)),
        errors=list_errors(language),
        other=LANGUAGE_PATHS[Language.EN if language is Language.ZH_CN else Language.ZH_CN],
    )
    return page.encode()


def list_errors(language: Language) -> list[tuple[int, str, str]]:
    """Status, code and sentence of every public error."""
    wording = load_wording()
    return [(status, code, wording.say_error(code, language)) for status, code in sorted(set(TABLE.values()))]


def list_groups(specification: Mapping[str, Any], catalogue: Catalogue, language: Language) -> Iterator[dict[str, Any]]:
    """Operations by tag, in the order in which they were registered."""
    descriptions = {tag["name"]: tag.get("description", "") for tag in specification.get("tags", ())}
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in specification["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                groups.setdefault(operation["tags"][0], []).append(
                    describe_operation(specification, catalogue, language, f"{method.upper()}", path, operation)
                )
    for tag, operations in groups.items():
        yield {"tag": tag, "title": descriptions.get(tag) or tag, "operations": operations}


def describe_operation(
    specification: Mapping[str, Any], catalogue: Catalogue, language: Language, method: str, path: str, operation: Any
) -> dict[str, Any]:
    """One operation as the page shows it."""
    body = operation.get("requestBody", {}).get("content", {})
    success = next((code for code in operation["responses"] if str(code).startswith("2")), "")
    reply = operation["responses"].get(success, {}).get("content", {}).get("application/json", {}).get("schema")
    purpose = operation.get("x-purpose", "")
    return {
        "method": method,
        "path": path,
        "anchor": f"{method}-{path}".lower().replace("/", "-").replace("{", "").replace("}", ""),
        "summary": choose_words(operation.get("summary", ""), language).rstrip("."),
        "session": "security" in operation,
        "purpose": "" if (named := catalogue.purpose(purpose, language)) == purpose else named,
        "success": success,
        "body": list_properties(specification, _first_schema(body), catalogue, language),
        "reply": list_properties(specification, reply, catalogue, language),
        "parameters": [
            (one["name"], one["in"], choose_words(one.get("description", ""), language))
            for one in operation.get("parameters", ())
            if isinstance(one, dict) and "name" in one
        ],
    }


def choose_words(text: str, language: Language) -> str:
    """The half in this language of a text of the schemas: Chinese, a middle dot, English."""
    chinese, _, english = text.partition(" · ")
    return english if language is Language.EN and english else chinese


def _first_schema(content: Mapping[str, Any]) -> Any:
    return next((media.get("schema") for media in content.values()), None)


def list_properties(
    specification: Mapping[str, Any], schema: Any, catalogue: Catalogue, language: Language, prefix: str = ""
) -> list[dict[str, Any]]:
    """Every field of a schema, nested ones with their path, with type, necessity and what the platform sees in it."""
    found = resolve(specification, schema)
    required = set(found.get("required", ()))
    rows: list[dict[str, Any]] = []
    for name, one in found.get("properties", {}).items():
        exposure = one.get("x-exposure", "")
        rows.append(
            {
                "name": f"{prefix}{name}",
                "type": describe_type(one),
                "required": name in required,
                "seen": catalogue.label(exposure, language) if exposure else "",
                "note": choose_words(one.get("description", ""), language),
                "choices": one.get("enum", ()),
            }
        )
        inner = one.get("items") if one.get("type") == "array" else one
        if inner and ("$ref" in inner or "allOf" in inner):
            step = "[]." if one.get("type") == "array" else "."
            rows += list_properties(specification, inner, catalogue, language, f"{prefix}{name}{step}")
    return rows


def resolve(specification: Mapping[str, Any], schema: Any) -> Mapping[str, Any]:
    """A schema behind its reference."""
    if not schema:
        return {}
    if "allOf" in schema and "$ref" in schema["allOf"][0]:
        schema = schema["allOf"][0]
    if "$ref" in schema:
        found: Mapping[str, Any] = specification["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return found
    plain: Mapping[str, Any] = schema
    return plain


def describe_type(schema: Mapping[str, Any]) -> str:
    """The type of a field in a word."""
    kind = schema.get("type", "object")
    words = " | ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words} ({schema['format']})" if "format" in schema else words
