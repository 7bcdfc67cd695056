"""Slips: signed here, read by ourselves and by another library, and refused in every form that is not ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cwt import COSE, COSEKey
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys.cosekey import CoseKey as OtherKey
from pycose.messages.sign1message import Sign1Message

from adapters.slip_keys import KeyFolder, SlipKey, name_key, parse_keys, write_keys
from adapters.slips import CwtSlips, check_signature, open_envelope, read_slip
from services.case_errors import SlipRefused
from services.case_ports import Slip
from services.slips import CLAIMS, KIND_CLAIM, OF_KIND, PRIVATE_CLAIM
from tests.slip_samples import GOOD, NOW, WEB_URL, forge, make_press, make_slip, refuse, unwrap, wrap


@pytest.fixture(params=["EdDSA", "ES256"])
def press(request: pytest.FixtureRequest, tmp_path: Path) -> CwtSlips:
    """A press with one key of each algorithm in turn."""
    return make_press(tmp_path, request.param)[0]


def test_what_is_signed_is_read(press: CwtSlips) -> None:
    """A slip comes back as it was signed, from its address or from the bare text."""
    text = press.sign(make_slip())
    assert text.startswith(f"{WEB_URL}/v/")
    assert press.read(text, NOW) == make_slip()
    assert press.read(text.rpartition("/")[2] + "\n", NOW) == make_slip()


def test_another_library_agrees(tmp_path: Path) -> None:
    """The library pycose verifies our signature with the published key and finds the same claims."""
    for algorithm in ("EdDSA", "ES256"):
        press, key = make_press(tmp_path / algorithm, algorithm)
        message = Sign1Message.decode(unwrap(press.sign(make_slip())))
        assert isinstance(message, Sign1Message)
        public = COSEKey.from_jwk({**key.jwk, "alg": algorithm, "use": "sig"}).to_dict()
        message.key = OtherKey.from_dict({name: public[name] for name in public if name in (1, -1, -2, -3)})
        assert message.verify_signature()
        claims = cbor2.loads(message.payload or b"")
        assert claims[1] == "counter.example.gov.cn"
        assert claims[7].hex() == "ab" * 12
        assert claims[PRIVATE_CLAIM][CLAIMS["number"][0]] == "YYZZ11"


def test_the_printed_example_holds() -> None:
    """The signed CWT of RFC 8392 appendix A.3 verifies with the key of appendix A.2.3, and one changed octet breaks it."""
    x = bytes.fromhex("143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f")
    y = bytes.fromhex("60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9")
    signed = bytes.fromhex(
        "d28443a10126a104524173796d6d657472696345434453413235365850a70175636f61703a2f2f61732e6578616d706c652e636f6d"
        "02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b71"
        "58405427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f96131680c429a01f85951ecee743a52b9b6"
        "3632c57209120e1c9e30"
    )
    jwk = {"kty": "EC", "crv": "P-256", "x": _encode(x), "y": _encode(y)}
    key = SlipKey(name_key(jwk), "ES256", jwk, (), NOW, NOW, NOW)
    kid = b"AsymmetricECDSA256"
    public = COSEKey.from_jwk({**jwk, "alg": "ES256", "use": "sig"}).to_dict()
    assert cbor2.loads(COSE.new().decode(signed, keys=[COSEKey.new({**public, 2: kid})]))[1] == "coap://as.example.com"
    parts = cbor2.loads(signed).value
    ours = cbor2.dumps(cbor2.CBORTag(18, [parts[0], {}, parts[2], parts[3]]))
    check_signature(ours, key)
    broken = ours[:-1] + bytes([ours[-1] ^ 1])
    with pytest.raises(SlipRefused):
        check_signature(broken, key)


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def test_every_changed_octet_is_noticed(press: CwtSlips) -> None:
    """Whichever octet of a slip is changed, it is refused."""
    octets = unwrap(press.sign(make_slip()))
    for place in range(len(octets)):
        changed = octets[:place] + bytes([octets[place] ^ 0x01]) + octets[place + 1 :]
        assert refuse(press, wrap(changed)) in ("form", "key", "signature")


def test_a_key_that_is_not_published_is_refused(tmp_path: Path) -> None:
    """A slip signed with another key is refused, also where it bears the id of one of ours."""
    ours, key = make_press(tmp_path / "ours")
    theirs, _ = make_press(tmp_path / "theirs")
    assert refuse(ours, theirs.sign(make_slip())) == "key"
    pem = next((tmp_path / "theirs").glob("*.pem")).read_bytes()
    forged = COSE.new().encode(
        open_envelope(theirs.sign(make_slip())).payload,
        COSEKey.from_pem(pem, alg="EdDSA", kid=bytes.fromhex(key.key_id)),
        protected={1: -8, 4: bytes.fromhex(key.key_id)},
    )
    assert refuse(ours, wrap(forged)) == "signature"


@pytest.mark.parametrize("algorithm", [-7, 5, -35, -19, 0])
def test_the_header_does_not_choose_the_algorithm(tmp_path: Path, algorithm: int) -> None:
    """A header that names another algorithm than the key's is refused before anything is verified: also HMAC over the public key."""
    press, key = make_press(tmp_path)
    parts = cbor2.loads(unwrap(press.sign(make_slip()))).value
    header = cbor2.dumps({1: algorithm, 4: bytes.fromhex(key.key_id)}, canonical=True)
    assert refuse(press, wrap(cbor2.dumps(cbor2.CBORTag(18, [header, {}, parts[2], parts[3]])))) == "key"


FORMS: Mapping[str, Callable[[bytes], bytes]] = {
    "octets after it": lambda octets: octets + b"\x00",
    "half of it": lambda octets: octets[: len(octets) // 2],
    "another tag": lambda octets: cbor2.dumps(cbor2.CBORTag(17, cbor2.loads(octets).value)),
    "no tag": lambda octets: cbor2.dumps(cbor2.loads(octets).value),
    "the CWT tag around it": lambda octets: cbor2.dumps(cbor2.CBORTag(61, cbor2.loads(octets))),
    "something unprotected": lambda octets: _change(octets, 1, {99: "x"}),
    "five parts": lambda octets: cbor2.dumps(cbor2.CBORTag(18, [*cbor2.loads(octets).value, b""])),
    "no signature": lambda octets: _change(octets, 3, b""),
    "text for a payload": lambda octets: _change(octets, 2, "x"),
    "an empty header": lambda octets: _change(octets, 0, b""),
    "a header that is no map": lambda octets: _change(octets, 0, cbor2.dumps([1, -8])),
    "true for 1 in the header": lambda octets: _change(
        octets, 0, cbor2.dumps({True: -8, 4: b"12345678"}, canonical=True)
    ),
    "a critical header": lambda octets: _change(
        octets, 0, cbor2.dumps({1: -8, 2: [99], 4: b"12345678"}, canonical=True)
    ),
    "an indefinite length": lambda octets: b"\xd2\x9f" + octets[2:] + b"\xff",
    "a length in more octets than needed": lambda octets: b"\xd2\x98\x04" + octets[2:],
    "nothing": lambda _: b"",
    "lists in lists": lambda _: b"\x81" * 1000,
}


def _change(octets: bytes, part: int, value: object) -> bytes:
    parts = list(cbor2.loads(octets).value)
    parts[part] = value
    return cbor2.dumps(cbor2.CBORTag(18, parts))


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_slip_has_one_form(press: CwtSlips, form: str) -> None:
    """What is not written as we write it is refused for its form."""
    assert refuse(press, wrap(FORMS[form](unwrap(press.sign(make_slip()))))) == "form"


@pytest.mark.parametrize(
    "text",
    ["", "/v/", f"{WEB_URL}/v/", "javascript:alert(1)//v/0oRN", f"{WEB_URL}/v/0oRN=", f"{WEB_URL}/v/0oRN?x=1", "0oRN 0oRN", "0oRO" * 600, "营业执照", "0"],
)  # fmt: skip
def test_a_text_that_is_no_slip_is_refused(press: CwtSlips, text: str) -> None:
    """Neither other addresses nor padding nor loose bits nor endless texts are read."""
    assert refuse(press, text) == "form"


@pytest.mark.parametrize("octets", ["c4821b7fffffffffffffff01", "c5821b7fffffffffffffff03", "c5821a00ffffff03"])
def test_a_number_without_end_is_refused(press: CwtSlips, octets: str) -> None:
    """A decimal or big float (RFC 8949 section 3.4.4) that no machine can write out is no slip, and no fault of ours."""
    assert refuse(press, wrap(bytes.fromhex(octets))) == "form"


def test_loose_bits_are_refused(press: CwtSlips) -> None:
    """Two texts never mean the same octets: bits behind the last octet must be zero."""
    text = next(
        made
        for number in range(9)
        if len(made := press.sign(make_slip(claims={"number": "1" * (number + 1)})).rpartition("/")[2]) % 4
    )
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    loose = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]
    assert unwrap(f"/{loose}") == unwrap(f"/{text}")
    assert refuse(press, loose) == "form"


CLAIM_FAULTS: Mapping[str, Mapping[object, object]] = {
    "no iat": {name: value for name, value in GOOD.items() if name != 6},
    "a true iat": {**GOOD, 6: True},
    "a broken iat": {**GOOD, 6: 1.5},
    "an iat before 1970": {**GOOD, 6: -1},
    "a claim that is not ours": {**GOOD, 2: "subject"},
    "a short id": {**GOOD, 7: bytes(3)},
    "a kind that nobody knows": {**GOOD, PRIVATE_CLAIM: {KIND_CLAIM: 99, 2: "YYZZ"}},
    "no number": {**GOOD, PRIVATE_CLAIM: {KIND_CLAIM: 3}},
    "a claim of another kind": {**GOOD, PRIVATE_CLAIM: {KIND_CLAIM: 3, 2: "YYZZ", 32: 1}},
    "a name": {**GOOD, PRIVATE_CLAIM: {KIND_CLAIM: 3, 2: "王小明"}},
    "a day that is none": {**GOOD, PRIVATE_CLAIM: {KIND_CLAIM: 3, 2: "YYZZ", 20: "2026-02-30"}},
}


def test_our_own_signature_does_not_make_a_form_right(tmp_path: Path) -> None:
    """Claims in another form are refused even if our key signed them; the good ones are read."""
    press, key = make_press(tmp_path)
    assert press.read(forge(tmp_path, key, GOOD), NOW).claims == {"number": "YYZZ"}
    for name, claims in CLAIM_FAULTS.items():
        assert refuse(press, forge(tmp_path, key, claims)) == "form", name


def test_an_expired_slip_is_refused(press: CwtSlips) -> None:
    """A slip holds until its last second and no longer."""
    text, end = press.sign(make_slip()), NOW + timedelta(days=365)
    assert press.read(text, end - timedelta(seconds=1)).slip_id == "ab" * 12
    assert refuse(press, text, end) == "expired"


def test_a_slip_of_tomorrow_is_refused(press: CwtSlips) -> None:
    """A slip from the future is not good yet; clocks may be a minute apart."""
    text = press.sign(make_slip())
    assert press.read(text, NOW - timedelta(seconds=60)).slip_id == "ab" * 12
    assert refuse(press, text, NOW - timedelta(seconds=61)) == "not_yet"


def test_claims_that_are_not_of_the_kind_are_a_fault_of_ours(press: CwtSlips) -> None:
    """No name, no foreign claim and no wrong form is ever signed."""
    for claims in (
        {},
        {"number": "王小明"},
        {"number": "1", "amount_fen": 1},
        {"number": "1", "provisional": True},
        {"number": 1},
    ):
        with pytest.raises(ValueError, match="slip"):
            press.sign(make_slip(claims=claims))


TEXT = st.text(alphabet=[chr(code) for code in range(0x21, 0x7F)], min_size=1, max_size=64)
BY_FORM: Mapping[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "day": st.dates().map(lambda day: day.isoformat()),
    "moment": st.integers(0, 253402300799),
    "flag": st.booleans(),
    "fen": st.integers(0, 10**11),
}


@st.composite
def slips(draw: st.DrawFn) -> Slip:
    """Any slip that may be signed."""
    kind = draw(st.sampled_from(sorted(OF_KIND)))
    names = draw(st.sets(st.sampled_from(sorted(OF_KIND[kind] - {"number"})))) | {"number"}
    claims = {name: draw(BY_FORM[CLAIMS[name][1]]) for name in sorted(names)}
    return Slip(
        draw(st.binary(min_size=12, max_size=12)).hex(),
        kind,
        claims,
        NOW,
        draw(st.none() | st.just(NOW + timedelta(days=9))),
    )


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> CwtSlips:
    """One press for many examples."""
    return make_press(tmp_path_factory.mktemp("keys"))[0]


@given(slip=slips())
def test_any_slip_comes_back(steady: CwtSlips, slip: Slip) -> None:
    """Whatever may be signed is read back as it was, and its text is short enough for a code."""
    text = steady.sign(slip)
    assert steady.read(text, NOW) == slip
    assert len(text) < 1200


@given(text=st.text(max_size=300) | st.binary(max_size=300).map(wrap))
def test_no_text_is_an_accident(steady: CwtSlips, text: str) -> None:
    """Any text at all is either read or refused with a reason."""
    with pytest.raises(SlipRefused):
        steady.read(text, NOW)


def test_reading_needs_no_folder(tmp_path: Path) -> None:
    """Whoever has the published list verifies with nothing else."""
    press, _ = make_press(tmp_path)
    published = parse_keys(json.loads(json.dumps(write_keys(KeyFolder(tmp_path).list_keys()))))
    assert read_slip(press.sign(make_slip()), NOW, lambda: published) == make_slip()
