"""Promises: what was made is read, each byte of it counts, and nothing of another form is one."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ed25519 import Ed25519Signer, verify_ed25519
from services.promises import (
    MAX_HEADER,
    MAX_LEAVES,
    MERGE_DELAY_SECONDS,
    Promise,
    commit_chain,
    format_promise,
    make_promise,
    name_origin,
    open_promise,
    read_header,
    read_promise,
    write_header,
)
from services.signed_note import COSIGNATURE, Note, NoteRefused, format_note, read_note, sign_text

ORIGIN = "ledger.example"
SIGNER = Ed25519Signer(f"{ORIGIN}/promise", b"\x05" * 32)
AT = datetime(2026, 11, 25, 8, 0, 0, 999_999, UTC)
CHAIN = UUID(int=7)
NONCE = bytes(range(32))
LEAVES = (b"a" * 32, b"b" * 32)
NOTE = make_promise(SIGNER, CHAIN, AT, LEAVES, NONCE)
TEXT = read_note(NOTE).text


def sign(text: str, signer: Ed25519Signer = SIGNER) -> bytes:
    """Any text, signed as a promise is."""
    return format_note(Note(text, (sign_text(text, signer),)))


@settings(max_examples=60)
@given(
    st.uuids(),
    st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants them bare
    st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=MAX_LEAVES, unique=True),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_promised_is_read(chain: UUID, at: datetime, leaves: list[bytes], nonce: bytes) -> None:
    """Through the header and back: log, second, delay and leaves; it is of this chain and of no other."""
    header = write_header(make_promise(SIGNER, chain, at, leaves, nonce))
    assert len(header) <= MAX_HEADER
    found = open_promise(read_header(header), SIGNER.key, verify_ed25519)
    assert (found.origin, found.at, found.delay) == (ORIGIN, int(at.timestamp()), MERGE_DELAY_SECONDS)
    assert found.leaf_hashes == tuple(leaves)
    assert found.due == found.at + 60
    assert found.is_of(chain)
    assert not found.is_of(UUID(int=(chain.int + 1) % 2**128))


def test_two_promises_of_one_chain_have_nothing_in_common() -> None:
    """Who sees promises in two apps learns neither her chain nor that they are of one person."""
    other = make_promise(SIGNER, CHAIN, AT, (b"c" * 32,), bytes(32))
    assert CHAIN.hex.encode() not in NOTE
    assert str(CHAIN).encode() not in NOTE
    assert not set(read_note(NOTE).text.split("\n")[4:-1]) & set(read_note(other).text.split("\n")[4:-1])


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 255))
def test_every_byte_counts(place: int, change: int) -> None:
    """A promise in which one byte differs is refused, never read as another one."""
    forged = bytearray(NOTE)
    forged[place] ^= change
    with pytest.raises(NoteRefused):
        open_promise(bytes(forged), SIGNER.key, verify_ed25519)


@pytest.mark.parametrize("text", [
    TEXT.replace("promise v1", "promise v2"),
    TEXT.replace(ORIGIN, "other.example"),
    TEXT.replace("\n60\n", "\n060\n"),
    TEXT.replace("\n60\n", "\n-60\n"),
    TEXT.replace("\n60\n", "\n3601\n"),
    TEXT.replace("\n60\n", "\n60.0\n"),
    TEXT.replace("\n60\n", "\n６０\n"),
    "\n".join(TEXT.split("\n")[:6]) + "\n",
    TEXT + TEXT.split("\n")[-2] + "\n",
    TEXT + "AAAA\n",
    TEXT + "".join(f"{n:064x}\n" for n in range(3)),
    TEXT.replace("=\n", "\n", 1),
    "\n" + TEXT,
    "guitai.example\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
])  # fmt: skip
def test_what_has_another_form_is_no_promise_even_signed(text: str) -> None:
    """Version, origin, numbers with one form, hashes of 32 bytes, at least one leaf, each once; a checkpoint is none either."""
    with pytest.raises(NoteRefused):
        open_promise(sign(text), SIGNER.key, verify_ed25519)


def test_a_promise_has_one_signature_of_its_own_key() -> None:
    """Neither the log's key, nor a second line, nor another's key under the same name makes one; an unsigned text is none."""
    log, impostor = Ed25519Signer(ORIGIN, b"\x05" * 32), Ed25519Signer(SIGNER.key.name, b"\x06" * 32)
    two = format_note(Note(TEXT, (sign_text(TEXT, SIGNER), sign_text(TEXT, impostor))))
    for note in (two, sign(TEXT, log), sign(TEXT, impostor), TEXT.encode(), b""):
        with pytest.raises(NoteRefused):
            open_promise(note, SIGNER.key, verify_ed25519)
    for key in (
        log.key,
        Ed25519Signer("/promise", bytes(32)).key,
        Ed25519Signer("a/promise", bytes(32), COSIGNATURE).key,
    ):
        with pytest.raises(NoteRefused):
            name_origin(key)


@pytest.mark.parametrize(
    "leaves", [(), (b"a" * 31,), (b"a" * 32,) * 2, [bytes([n]) * 32 for n in range(MAX_LEAVES + 1)]]
)
def test_no_promise_is_made_that_would_not_be_read(leaves: tuple[bytes, ...]) -> None:
    """None of nothing, of no hash, of one leaf twice, of too many."""
    with pytest.raises(NoteRefused):
        make_promise(SIGNER, CHAIN, AT, leaves, NONCE)


@given(st.one_of(st.text(max_size=400), st.sampled_from([TEXT, *TEXT.split("\n")])))
def test_any_text_is_a_promise_or_refused(text: str) -> None:
    """Whatever is read is written again as it was."""
    try:
        found = read_promise(text)
    except NoteRefused:
        return
    assert format_promise(found) == text


@pytest.mark.parametrize("value", ["", "=", "AA==", "A", "AB", "a b", "é", write_header(NOTE) + "A", "A" * 4_001])
def test_a_header_has_one_form(value: str) -> None:
    """Base64url without padding, bounded; what decodes to the same bytes in another spelling is refused."""
    try:
        note = read_header(value)
    except NoteRefused:
        return
    with pytest.raises(NoteRefused):
        open_promise(note, SIGNER.key, verify_ed25519)


def test_the_form_on_paper() -> None:
    """The lines as docs/proofs.md says them."""
    found = open_promise(NOTE, SIGNER.key, verify_ed25519)
    assert found == Promise(ORIGIN, 1_795_593_600, 60, NONCE, commit_chain(NONCE, CHAIN), LEAVES)
    assert TEXT.split("\n")[:5] == [
        "guitai exposure promise v1", ORIGIN, "1795593600", "60", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ]  # fmt: skip
