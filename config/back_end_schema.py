"""The shape of a mapping's back ends: how each is spoken to, what is asked of it, in how many calls, how a late result comes.

Pure data, as ``config/mapping_schema.py``; ``services/back_end_reader.py`` gives it meaning, ``docs/mappings.md`` explains each key.
"""

from __future__ import annotations

from config.shapes import Choice, Listing, Number, Record, Shape, Table, Text, Whole

CONNECTORS = ("rest", "soap", "xml", "sql")
UNITS = ("yuan", "fen")
ERROR_NAMES = (
    "no_such_household",
    "no_such_record",
    "no_such_application",
    "nothing_owed",
    "amount_mismatch",
    "already_paid",
    "already_submitted",
    "not_eligible",
    "batch_window",
    "past_period",
    "no_such_write_off",
    "not_permitted",
    "unwritable_value",
    "system",
)
"""What a back end's no can mean to a citizen; each has a fixed sentence in ``config/locales``. The taxonomy is that of WeChat
生活缴费 (no such customer, nothing owed, batch window, past period, system), with what look-ups and applications add."""
UNKNOWN_OUTCOME = "unknown"
"""Not a refusal: the back end says something from which nobody can tell whether it happened."""
PROOFS_OF_IDENTITY = ("register", "face-check", "organisation-register", "text-messages")
"""Names under which the root agency binds what proves who citizens are, for whom they stand and whose telephone it is (``gateway/bindings.py``).
No mapping asks them."""
TEST_SUFFIX = "-test"
"""How the name of an address ends at which writes may be tried: whoever binds it says so, not whoever writes a mapping."""
MAX_CALLS = 5
"""Calls that one operation may chain."""

NAME = Text(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "a name of small letters, digits and hyphens", 64)
FIELD = Text(r"[a-z][a-z0-9_]*", "a field name of small letters, digits and underscores", 64)
EXPRESSION = Text("", "a JMESPath expression", 8000)
HEADER = Text(r"[A-Za-z][A-Za-z0-9\-]*", "the name of a header", 40)
PATH = Text(r"/[A-Za-z0-9_\-./{}]*(\?[A-Za-z0-9_\-.=&{}]+)?", "a path that begins with a slash", 300)
XML_NAME = Text(r"[A-Za-z_][A-Za-z0-9_\-.]*", "the name of an XML element", 60)
REFERENCE_FILE = Text(
    r"[a-z0-9][a-z0-9_\-]*(/[a-z0-9][a-z0-9_\-]*)*\.(wsdl|xsd|json|yaml)",
    "a file below config/mappings: wsdl, xsd, json or yaml",
    120,
)

AUTHENTICATION = Record(
    {"scheme": Choice(("none", "bearer", "basic", "hmac-sha256", "client-credentials", "login", "password"))},
    {
        "secret": FIELD,
        "header": HEADER,
        "prefix": Text(r"[A-Za-z][A-Za-z0-9\-]*", "a word before the token", 20),
        "user": FIELD,
        "path": PATH,
        "scope": Text(r"[\x21-\x7e]+( [\x21-\x7e]+)*", "scopes with a space between them", 200),
        "request": EXPRESSION,
        "token": EXPRESSION,
        "expires_in": EXPRESSION,
        "certificate": FIELD,
        "key": FIELD,
    },
)
"""``secret``, ``certificate`` and ``key`` are purposes that the address binds to secrets, ``user`` names one of its options.
``certificate`` and ``key`` (a TLS client certificate) go with any scheme. ``password`` belongs to the sql connector."""
ERRORS = Table(Choice((*ERROR_NAMES, UNKNOWN_OUTCOME)), r"[A-Za-z0-9_.:\-]{1,60}", 1)
"""The back end's own codes and what each means. An operation or call may give one of them another meaning."""
REPLY_PATH = Text(
    r"[A-Za-z_][A-Za-z0-9_\-]*(\[\])?(\.[A-Za-z_][A-Za-z0-9_\-]*(\[\])?)*\??",
    "a path like bills[].billNo, with a final ? if it may be absent",
    200,
)
PAGES = Record(
    {"items": FIELD, "more": EXPRESSION},
    {"first": Whole(0, 1), "next": EXPRESSION, "limit": Whole(1, 100)},
)
"""A call that gives its list in pages. The request and path may use ``page``: a number that begins with ``first`` (default 1), or
what ``next`` finds in the reply before. ``more`` says of a reply whether another page follows; ``items`` names the key of the call's
result that is joined; more than ``limit`` pages (default 20) is no answer."""

_CALL_KEYS: dict[str, Shape] = {
    "request": EXPRESSION,
    "values": Table(EXPRESSION, FIELD.pattern),
    "method": Choice(("GET", "POST", "PUT")),
    "path": PATH,
    "action": Text(r"[A-Za-z_][A-Za-z0-9_\-.]*", "the name of an operation in the WSDL", 120),
    "statement": Text("", "one SELECT statement", 4000),
    "format": Choice(("json", "csv", "pipe")),
    "columns": Listing(FIELD, 1, 60),
    "echo": Table(EXPRESSION, r".{1,200}"),
    "errors": ERRORS,
    "instead": Table(EXPRESSION, "|".join(ERROR_NAMES)),
    "timeout_seconds": Number(0.1, 60),
    "at": NAME,
    "pages": PAGES,
    "reply": Listing(REPLY_PATH, 1, 200),
}
"""``values`` makes named values that ``path`` may use in braces. ``action`` belongs to soap, ``statement`` to sql, ``format`` and
``columns`` to rest, for back ends that answer with lines. ``at`` sends the call to another back end of ``further_back_ends``."""
CALL = Record({"name": FIELD, "response": EXPRESSION}, _CALL_KEYS)
OPERATION = Record(
    {"mode": Choice(("read", "write"))},
    {
        **_CALL_KEYS,
        "response": EXPRESSION,
        "idempotent_by": FIELD,
        "calls": Listing(CALL, 1, MAX_CALLS),
    },
)
"""Either one call, written directly, or ``calls``: each later one may use ``results.NAME`` of those before, ``response`` makes the
result of all of them. In a write only the last call changes something."""

_CONNECTION: dict[str, Shape] = {
    "name": NAME,
    "connector": Choice(CONNECTORS),
    "timeout_seconds": Number(0.1, 60),
    "authentication": AUTHENTICATION,
}
_MORE_OF_CONNECTION: dict[str, Shape] = {
    "unit": Choice(UNITS),
    "success": EXPRESSION,
    "error": EXPRESSION,
    "errors": ERRORS,
    "encoding": Choice(("UTF-8", "GBK")),
    "path": Text(r"/[A-Za-z0-9_\-./]*", "a path that begins with a slash", 300),
    "root": XML_NAME,
    "reply_root": XML_NAME,
    "echo": Table(EXPRESSION, r".{1,200}"),
    "openapi": REFERENCE_FILE,
    "wsdl": REFERENCE_FILE,
    "service": XML_NAME,
    "port": XML_NAME,
    "bus": Choice(("x-road",)),
    "test_back_end": NAME,
}
"""``success``, ``error`` and ``errors`` are needed by rest and xml; soap has its faults, sql its rows. ``unit`` is needed wherever
``fen`` or ``money`` is used. ``test_back_end`` is the name of an address at which writes may be tried."""
FURTHER_BACK_END = Record(_CONNECTION, _MORE_OF_CONNECTION)
BACK_END = Record(
    {**_CONNECTION, "operations": Table(OPERATION, r"[a-z][a-z0-9_]*", 1)},
    _MORE_OF_CONNECTION,
)
"""``encoding``, ``path``, ``root`` and ``reply_root`` belong to the xml connector; ``openapi`` to rest; ``wsdl``, ``service`` and
``port`` to soap."""

LATE = Record(
    {"arrives": Choice(("polled", "pushed", "file"))},
    {
        "every_minutes": Whole(1, 1440),
        "until_days": Whole(1, 400),
        "secret": FIELD,
        "header": HEADER,
        "timestamp_header": HEADER,
        "reply": Listing(REPLY_PATH, 1, 200),
        "response": EXPRESSION,
        "acknowledge": Text(r"[\x20-\x7e]*", "a text in printable ASCII", 80),
        "daily_at": Text(r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time like 06:30", 5),
    },
)
"""How a result comes that was not there at once. polled: by ``find_result``, every so often. pushed: to our inbound address, with an
HMAC-SHA256 over timestamp, newline and raw body under ``secret`` in ``header``; ``response`` reads it. file: by ``list_results``,
once a day."""
