"""Which keys belong to which connector and to which way of showing who we are. Tables only: nothing here knows what a key means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.back_end_schema import PROOFS_OF_IDENTITY, TEST_SUFFIX
from config.shapes import Mismatch
from config.strict_yaml import nearest_name


@dataclass(frozen=True, slots=True)
class KeyRules:
    """Keys that one connector (or scheme) needs and those that it may have; what is in neither belongs to others."""

    needs: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ()


CONNECTION_RULES: Mapping[str, KeyRules] = {
    "rest": KeyRules(("success", "error", "errors"), ("openapi", "bus")),
    "soap": KeyRules(("wsdl",), ("service", "port", "bus", "errors", "success", "error")),
    "xml": KeyRules(("path", "root", "reply_root", "success", "error", "errors"), ("encoding",)),
    "sql": KeyRules((), ("success", "error", "errors")),
}
CALL_RULES: Mapping[str, KeyRules] = {
    "rest": KeyRules(("method", "path"), ("request", "format", "columns")),
    "soap": KeyRules(("action", "request"), ()),
    "xml": KeyRules(("request",), ()),
    "sql": KeyRules(("statement",), ("request",)),
}
AUTHENTICATION_RULES: Mapping[str, KeyRules] = {
    "none": KeyRules(),
    "bearer": KeyRules(("secret",), ("header", "prefix")),
    "basic": KeyRules(("user", "secret"), ()),
    "hmac-sha256": KeyRules(("secret", "header"), ()),
    "client-credentials": KeyRules(("user", "secret", "path"), ("scope",)),
    "login": KeyRules(("user", "secret", "path", "request", "token"), ("expires_in", "header", "prefix")),
    "password": KeyRules(("user", "secret"), ()),
}
OWN_HEADER = re.compile(
    r"host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*|accept.*|user-agent|cookie|"
    r"x-request-id|x-purpose|x-case-number|x-road-.*",
    re.IGNORECASE,
)
"""Headers that say where a message goes, where it ends, and for whom it is: the counter writes them by itself."""
CERTIFICATE_KEYS = ("certificate", "key")


def find_connection_misfits(path: str, connection: Mapping[str, Any], *, lines: bool) -> Iterator[Mismatch]:
    """Keys of a back end that belong to another connector, and keys that this one needs; ``lines``: it answers with csv or pipe."""
    connector = connection["connector"]
    owner = f"connector {connector}"
    yield from _find_name_faults(path, connection)
    yield from find_key_faults(path, connection, CONNECTION_RULES, connector, owner)
    if connector == "rest" and not lines and connection.get("encoding", "UTF-8") != "UTF-8":
        yield Mismatch(f"{path}.encoding", "another encoding", "UTF-8: JSON has no other (RFC 8259)")
    if connector in ("soap", "sql") and "error" in connection and "success" not in connection:
        yield Mismatch(f"{path}.success", "nothing", "what tells a success, beside `error`")
    for name, file, form in (
        ("wsdl", connection.get("wsdl", ""), ".wsdl"),
        ("openapi", connection.get("openapi", ""), ""),
    ):
        if file and form and not file.endswith(form):
            yield Mismatch(f"{path}.{name}", "another kind of file", f"a file that ends with {form}")
        if name == "openapi" and file.endswith((".wsdl", ".xsd")):
            yield Mismatch(f"{path}.{name}", "another kind of file", "an OpenAPI document in JSON or YAML")
    yield from _find_authentication_misfits(f"{path}.authentication", connection["authentication"], connector)


def _find_name_faults(path: str, connection: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Names that are bound for something else than this: what proves identities, an address in force as one to try writes at."""
    if connection["name"] in PROOFS_OF_IDENTITY:
        yield Mismatch(f"{path}.name", "what proves who citizens are", "a back end of the agency's own")
    test = connection.get("test_back_end", "")
    if test and not test.endswith(TEST_SUFFIX):
        yield Mismatch(f"{path}.test_back_end", "another name", f"one that ends with {TEST_SUFFIX}")


def find_call_misfits(path: str, call: Mapping[str, Any], connector: str, *, writes: bool) -> Iterator[Mismatch]:
    """Keys of a call that belong to another connector, keys that this one needs, and a GET with a body or an effect."""
    yield from find_key_faults(path, call, CALL_RULES, connector, f"connector {connector}")
    if call.get("method") == "GET" and ("request" in call or writes):
        yield Mismatch(f"{path}.method", "GET", "another method for a request with a body or an effect")
    if connector == "sql" and writes:
        yield Mismatch(path, "a write", "a read: the sql connector never changes anything")
    lines = call.get("format", "json") != "json"
    if connector == "rest" and lines and "columns" not in call:
        yield Mismatch(f"{path}.columns", "nothing", "the names of the columns, in their order")
    if connector == "rest" and not lines and "columns" in call:
        yield Mismatch(f"{path}.columns", "this key", "no such key unless the format is csv or pipe")


def find_key_faults(
    path: str, table: Mapping[str, Any], rules: Mapping[str, KeyRules], name: str, owner: str
) -> Iterator[Mismatch]:
    """Keys of a table that ``rules`` give to others than ``name``, and those that it needs; ``owner`` says in words who it is."""
    own = rules[name]
    others = {key for rule in rules.values() for key in (*rule.needs, *rule.may_have)}
    for key in own.needs:
        if key not in table:
            yield Mismatch(f"{path}.{key}", "nothing", f"this key ({owner})")
    for key in table:
        if key in others and key not in own.needs and key not in own.may_have:
            if key == "encoding":  # told with its reason, if it is not the default
                continue
            near = nearest_name(key, [known for known in (*own.needs, *own.may_have) if known not in table])
            yield Mismatch(f"{path}.{key}", "this key", f"no such key ({owner})", near)


def _find_authentication_misfits(path: str, given: Mapping[str, Any], connector: str) -> Iterator[Mismatch]:
    scheme = given["scheme"]
    keys = {key: value for key, value in given.items() if key not in CERTIFICATE_KEYS}
    yield from find_key_faults(path, keys, AUTHENTICATION_RULES, scheme, f"scheme {scheme}")
    if (connector == "sql") != (scheme == "password") and (connector != "sql" or scheme != "none"):
        expected = (
            "password or none (connector sql)" if connector == "sql" else "another scheme: password belongs to sql"
        )
        yield Mismatch(f"{path}.scheme", "a scheme of another connector", expected)
    if OWN_HEADER.fullmatch(given.get("header", "")):
        yield Mismatch(f"{path}.header", "a header of the counter's own", "the back end's own header for its key")
    for key, other in (CERTIFICATE_KEYS, CERTIFICATE_KEYS[::-1]):
        if key in given and other not in given:
            yield Mismatch(f"{path}.{other}", "nothing", f"this key beside `{key}`")
    if connector == "sql" and any(key in given for key in CERTIFICATE_KEYS):
        yield Mismatch(f"{path}.certificate", "this key", "no such key (connector sql)")
