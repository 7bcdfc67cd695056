"""Rules of services/exposure.py: derivation from bytes, budgets, canonical leaves."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import ExposureOverBudget, ExposureUndeclared
from services.exposure import (
    Direction,
    Disclosure,
    Exposure,
    WireField,
    WireTable,
    commit,
    locate_body,
    locate_request,
    request_content,
    require_declared,
)
from services.leaves import Leaf, canonical_moment, check_leaf, make_leaf
from services.model import PlatformName

AT = datetime(2026, 11, 24, 9, 30, 0, 5, tzinfo=UTC)
ACTOR, HOLDER, RECORD, AGENCY = (UUID(int=n) for n in (1, 2, 3, 4))
SECRET = "王小明13800138001"


def disclosure(fields: set[str], budget: set[str]) -> Disclosure:
    return Disclosure(
        agency_id=AGENCY,
        platform=PlatformName.WECHAT,
        account="gas-wechat",
        service="gas-bill",
        mapping_version=1,
        purpose="pay_bill",
        legal_basis="law",
        budget={Direction.SENT_TO_SERVER: frozenset(budget)},
        request_id="r",
        actor=ACTOR,
        concerned=(HOLDER, HOLDER, ACTOR),
        fields=frozenset(fields),
    )


def leaf_of(content: bytes = SECRET.encode()) -> Leaf:
    exposure = Exposure(Direction.SENT_TO_SERVER, disclosure({"amount"}, {"amount"}), content, status=200)
    return make_leaf(RECORD, AT, date(2026, 11, 24), exposure, nonce=b"n" * 32, salt=b"s" * 32)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=12,
)


def test_every_part_of_a_request_is_located() -> None:
    """Path, query, header and nested body values are all found, and JSON inside a text is entered."""
    body = json.dumps({"a": {"b": [1, {"c": "x"}]}, "d": '{"hidden": "y"}', "e": {}}).encode()
    found = locate_request("/p%20q?k=v&empty=", {"Content-Type": "application/json", "X-Y": "z", "Host": "h"}, body)
    assert {(item.path, item.value) for item in found} == {
        ("path", "/p%20q"),
        ("query:k", "v"),
        ("query:empty", ""),
        ("header:content-type", "application/json"),
        ("header:x-y", "z"),
        ("body:a.b[]", "1"),
        ("body:a.b[].c", "x"),
        ("body:d.hidden", "y"),
        ("body:e", "{}"),
    }


def test_what_hides_between_the_parts_of_a_target_is_refused() -> None:
    """A fragment, an authority, a space, a letter outside ASCII or a query without pairs is no target."""
    for target in ("/a#name", "//name/a?b", "a", "/a b", "/王", "/a?", "/a?b", "/a?b=%ff", "http://h/a"):
        with pytest.raises(ExposureUndeclared):
            WireTable("test", [WireField("path", "", re.compile("/a"))]).read(locate_request(target, {}, b""))


def test_the_parts_of_an_authorization_are_located_one_by_one() -> None:
    """Each part of ``Scheme k="v",...`` has its own place; any other form is one value."""
    found = locate_request("/", {"Authorization": 'S a="1",b="x y"'}, b"")[1:]
    assert [(item.path, item.value) for item in found] == [
        ("header:authorization", "S"), ("header:authorization.a", "1"), ("header:authorization.b", "x y"),
    ]  # fmt: skip
    for whole in ('S a="1", b="2"', 'S a="1"x', "Bearer t", 'S a="1",hidden'):
        assert [item.value for item in locate_request("/", {"Authorization": whole}, b"")[1:]] == [whole]


def test_a_key_with_a_dot_is_not_a_path() -> None:
    """``{"a.b": 1}`` and ``{"a": {"b": 1}}`` are told apart, in JSON and in forms."""
    assert locate_body("application/json", b'{"a.b": 1}')[0].path == 'body:"a.b"'
    assert locate_body("application/x-www-form-urlencoded", b"a.b=1")[0].path == 'form:"a.b"'


def test_digits_beyond_a_float_are_seen() -> None:
    """A number is read as it is written, and ``NaN`` is not JSON."""
    assert locate_body("application/json", b'{"a": 1.00000000000000000000042}')[0].value.endswith("42")
    with pytest.raises(ExposureUndeclared):
        locate_body("application/json", b'{"a": NaN}')


def test_a_body_too_deep_to_read_is_refused() -> None:
    """Nesting beyond the reader's depth is refused like any other body that is not JSON."""
    with pytest.raises(ExposureUndeclared):
        locate_body("application/json", b"[" * 100_000 + b"]" * 100_000)


def test_a_key_that_stands_twice_is_refused() -> None:
    """A JSON object with one key twice could hide a value from the derivation, so it is refused."""
    with pytest.raises(ExposureUndeclared):
        locate_body("application/json", b'{"a": "name", "a": "1"}')


@given(json_values)
def test_no_scalar_of_a_body_escapes_derivation(value: object) -> None:
    """Whatever JSON goes out, every scalar in it is located or the table refuses it; what is too long to locate is refused."""

    def read_whole(body: bytes) -> None:
        located = locate_body("application/json", body)
        assert located
        WireTable("test", []).read(located)

    with pytest.raises(ExposureUndeclared):
        read_whole(json.dumps({"root": value}).encode())


@given(st.text(min_size=1))
def test_an_unknown_key_is_always_refused(key: str) -> None:
    """A key that the table does not hold letter for letter, homoglyphs included, is refused."""
    table = WireTable("test", [WireField("body:amount", "amount")])
    if key != "amount":
        with pytest.raises(ExposureUndeclared):
            table.read(locate_body("application/json", json.dumps({key: "1"}).encode()))


def test_a_declared_field_must_have_its_form() -> None:
    """A name in a field that holds digits is refused, and the message does not repeat it."""
    table = WireTable("test", [WireField("body:amount", "amount", re.compile(r"\d+"))])
    with pytest.raises(ExposureUndeclared) as caught:
        table.read(locate_body("application/json", json.dumps({"amount": SECRET}).encode()))
    assert SECRET not in str(caught.value)


def test_declared_and_derived_must_be_equal() -> None:
    """One field more or one less than declared stops the send."""
    told = disclosure({"amount"}, {"amount", "phone"})
    for derived in ({"amount", "phone"}, set()):
        with pytest.raises(ExposureUndeclared):
            require_declared("op", told, Direction.SENT_TO_SERVER, frozenset(derived))


def test_a_declared_field_outside_the_budget_is_refused() -> None:
    """Declaring a field does not help where the service's budget lacks it, in that very direction."""
    told = disclosure({"phone"}, {"amount"})
    with pytest.raises(ExposureOverBudget):
        require_declared("op", told, Direction.SENT_TO_SERVER, frozenset({"phone"}))
    told = disclosure({"amount"}, {"amount"})
    with pytest.raises(ExposureOverBudget):
        require_declared("op", told, Direction.SHOWN_IN_CLIENT, frozenset({"amount"}))


def test_a_leaf_holds_no_value_and_names_each_person_once() -> None:
    """The leaf has the digest under the salt, never the content, and each chain id once, actor first."""
    leaf = leaf_of()
    assert SECRET.encode() not in leaf.data
    assert hashlib.sha256(SECRET.encode()).hexdigest().encode() not in leaf.data
    assert json.loads(leaf.data)["digest"] == hmac.new(b"s" * 32, SECRET.encode(), hashlib.sha256).hexdigest()
    assert leaf.chains == (ACTOR, HOLDER)
    assert check_leaf(leaf, leaf.leaf_hash) == []


def test_a_changed_leaf_is_found() -> None:
    """Editing the bytes, a column, the persons or the hash each leaves a fault."""
    leaf = leaf_of()
    edited = replace(leaf, data=leaf.data.replace(b"amount", b"phones"))
    assert check_leaf(edited, leaf.leaf_hash)
    assert check_leaf(replace(leaf, service="water-bill"), leaf.leaf_hash)
    assert check_leaf(replace(leaf, chains=(ACTOR,)), leaf.leaf_hash)
    assert check_leaf(leaf, b"0" * 32)
    assert check_leaf(replace(leaf, data=b" " + leaf.data), leaf.leaf_hash)


def test_moments_are_written_in_one_way() -> None:
    """The same instant has one text whatever its zone, and a naive moment is refused."""
    east = AT.astimezone(timezone(timedelta(hours=8)))
    assert canonical_moment(east) == canonical_moment(AT) == "2026-11-24T09:30:00.000005Z"
    with pytest.raises(ValueError, match="time zone"):
        canonical_moment(AT.replace(tzinfo=None))


def test_the_digest_of_a_request_covers_method_target_and_body() -> None:
    """RFC 2104 HMAC over method, space, target, newline, body, as the evidence files state it."""
    content = request_content("POST", "/a?b=c", b"body")
    assert content == b"POST /a?b=c\nbody"
    assert commit(b"k", content) == hmac.new(b"k", content, "sha256").hexdigest()
