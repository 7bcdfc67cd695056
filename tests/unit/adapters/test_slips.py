"""Slips: signed here, read by ourselves and by another library, and refused in every form that is not ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cwt import COSE, COSEKey
from hypothesis import given
from hypothesis import strategies as st
from pycose.keys.cosekey import CoseKey as OtherKey
from pycose.messages.sign1message import Sign1Message

from adapters.slip_keys import KEYS_FILE, KeyFolder, SlipKey, add_key, name_key, parse_keys, retire_key, write_keys
from adapters.slips import CwtSlips, check_signature, open_envelope, read_slip, seal_octets
from services.case_errors import SlipRefused
from services.case_ports import Slip
from services.errors import ConfigurationFault
from services.slips import CLAIMS, KIND_CLAIM, OF_KIND, PRIVATE_CLAIM

NOW = datetime(2026, 2, 10, 1, 0, tzinfo=UTC)
WEB_URL = "https://counter.example.gov.cn"
KINDS = ("case_receipt", "certificate", "collection_code", "voucher", "payment_receipt")


def make_slip(**changes: Any) -> Slip:
    """A certificate's slip of NOW that ends in a year."""
    claims = {"number": "YYZZ11", "service": "trial", "case_no": "11", "issued_on": "2026-02-10"}
    return replace(Slip("ab" * 12, "certificate", claims, NOW, NOW + timedelta(days=365)), **changes)


def make_press(folder: Path, algorithm: str = "EdDSA", kinds: tuple[str, ...] = KINDS) -> tuple[CwtSlips, SlipKey]:
    """A press with one key."""
    key = add_key(folder, kinds, NOW - timedelta(days=1), algorithm)
    return CwtSlips(KeyFolder(folder), WEB_URL), key


@pytest.fixture(params=["EdDSA", "ES256"])
def press(request: pytest.FixtureRequest, tmp_path: Path) -> CwtSlips:
    """A press with one key of each algorithm in turn."""
    return make_press(tmp_path, request.param)[0]


def unwrap(text: str) -> bytes:
    """The octets of a slip's text."""
    written = text.rpartition("/")[2]
    return base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))


def wrap(octets: bytes) -> str:
    """The text of these octets."""
    return f"{WEB_URL}/v/{base64.urlsafe_b64encode(octets).rstrip(b'=').decode()}"


def refuse(press: CwtSlips, text: str, now: datetime = NOW) -> str:
    """Why a text is refused."""
    with pytest.raises(SlipRefused) as refused:
        press.read(text, now)
    return refused.value.reason


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


def forge(folder: Path, key: SlipKey, claims: Mapping[object, object]) -> str:
    """A slip with claims that ``sign`` would not write, under our own key."""
    pem = (folder / f"{key.key_id}.pem").read_bytes()
    return wrap(seal_octets(cbor2.dumps(claims, canonical=True), key, pem))


GOOD: Mapping[object, object] = {
    1: "x", 6: int(NOW.timestamp()), 7: bytes(12), PRIVATE_CLAIM: {KIND_CLAIM: 3, 2: "YYZZ"},
}  # fmt: skip
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


def test_a_key_signs_its_kinds_only(tmp_path: Path) -> None:
    """The key of receipts neither signs nor vouches for a certificate."""
    press, key = make_press(tmp_path, kinds=("case_receipt",))
    with pytest.raises(ConfigurationFault, match="certificate"):
        press.sign(make_slip())
    assert refuse(press, forge(tmp_path, key, GOOD)) == "key"


def test_after_a_rotation_the_new_key_signs_and_the_old_one_verifies(tmp_path: Path) -> None:
    """A running process takes a new key up without a restart, and the old slips go on holding till the old key's end."""
    press, old = make_press(tmp_path)
    before = press.sign(make_slip())
    new = add_key(tmp_path, KINDS, NOW + timedelta(days=1), "ES256")
    later = NOW + timedelta(days=2)
    after = press.sign(make_slip(issued_at=later))
    assert open_envelope(before).key_id == old.key_id
    assert open_envelope(after).key_id == new.key_id
    assert press.read(before, later) == make_slip()
    assert press.read(after, later).issued_at == later
    assert refuse(press, press.sign(make_slip(expires_at=None, issued_at=NOW)), old.verifies_until) == "key"


def test_a_retired_key_signs_no_more(tmp_path: Path) -> None:
    """What a retired key signed before holds; what it says that it signed afterwards does not; a distrusted key's does not at all."""
    press, key = make_press(tmp_path)
    before = press.sign(make_slip())
    retire_key(tmp_path, key.key_id, NOW + timedelta(hours=1))
    with pytest.raises(ConfigurationFault, match="none at this moment"):
        press.sign(make_slip(issued_at=NOW + timedelta(hours=2)))
    late = forge(tmp_path, key, {**GOOD, 6: int((NOW + timedelta(hours=2)).timestamp())})
    assert press.read(before, NOW + timedelta(days=2)) == make_slip()
    assert refuse(press, late, NOW + timedelta(days=2)) == "key"
    retire_key(tmp_path, key.key_id, NOW + timedelta(days=3), distrust=True)
    assert refuse(press, before, NOW) == "key"


def test_a_missing_key_is_said_clearly(tmp_path: Path) -> None:
    """Without a folder, without a list, without the private half: a configuration fault that names what is missing, at issuing."""
    with pytest.raises(ConfigurationFault, match="GUITAI_SLIP_KEYS"):
        CwtSlips(KeyFolder(None), WEB_URL).sign(make_slip())
    with pytest.raises(ConfigurationFault, match="cannot be read"):
        CwtSlips(KeyFolder(tmp_path), WEB_URL).sign(make_slip())
    press, key = make_press(tmp_path)
    text = press.sign(make_slip())
    (tmp_path / f"{key.key_id}.pem").unlink()
    with pytest.raises(ConfigurationFault, match="private half is not here"):
        press.sign(make_slip())
    assert press.read(text, NOW) == make_slip()


def test_a_private_half_is_not_left_open(tmp_path: Path) -> None:
    """Private halves are written for their owner alone, and one that others can read is not used."""
    press, key = make_press(tmp_path)
    private = tmp_path / f"{key.key_id}.pem"
    assert private.stat().st_mode & 0o777 == 0o600
    private.chmod(0o644)
    with pytest.raises(ConfigurationFault, match="0600"):
        press.sign(make_slip())


def test_a_foreign_private_half_is_noticed(tmp_path: Path) -> None:
    """A private half that does not belong to its published half signs nothing."""
    press, key = make_press(tmp_path / "ours")
    make_press(tmp_path / "theirs")
    stolen = next((tmp_path / "theirs").glob("*.pem")).read_bytes()
    (tmp_path / "ours" / f"{key.key_id}.pem").write_bytes(stolen)
    with pytest.raises(ConfigurationFault, match="another key's"):
        press.sign(make_slip())


def test_a_slip_never_outlives_its_key(tmp_path: Path) -> None:
    """A slip that would end after its key is not signed: it would become unreadable before it ends."""
    press, key = make_press(tmp_path)
    with pytest.raises(ConfigurationFault, match="ends before"):
        press.sign(make_slip(expires_at=key.verifies_until + timedelta(seconds=1)))


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


def test_the_published_list_is_read_back_and_guarded(tmp_path: Path) -> None:
    """The list comes back as published; a foreign id, an unknown use or a doubled key is refused."""
    press, key = make_press(tmp_path)
    published = json.loads(json.dumps(press.public_keys()))
    assert parse_keys(published) == {key.key_id: key}
    assert "d" not in published["keys"][0]
    entry = published["keys"][0]
    faults: tuple[Any, ...] = (
        {"keys": [{**entry, "kid": "0" * 16}]}, {"keys": [{**entry, "kinds": ["anything"]}]}, {"keys": [entry, entry]},
        {"keys": [{**entry, "crv": "P-256"}]}, {"keys": [{**entry, "signs_from": "2026-02-10"}]}, {"keys": {}}, [], None,
    )  # fmt: skip
    for faulty in faults:
        with pytest.raises(ConfigurationFault):
            parse_keys(faulty)


def test_a_damaged_list_is_a_clear_fault(tmp_path: Path) -> None:
    """A list of keys that is no JSON is a configuration fault, not an accident."""
    (tmp_path / KEYS_FILE).write_text("{", "utf-8")
    with pytest.raises(ConfigurationFault):
        KeyFolder(tmp_path).list_keys()


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
