"""Signed notes against the published ones of Go, and whatever is not written in the one form."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ed25519 import Ed25519Signer, read_signer, verify_ed25519
from services.signed_note import (
    COSIGNATURE,
    MAX_NOTE,
    Note,
    NoteKey,
    NoteRefused,
    NoteSignature,
    format_note,
    index_keys,
    is_name,
    is_text,
    open_note,
    read_key,
    read_note,
    sign_text,
)
from tests.published_vectors import read_vectors

GO = read_vectors("notes_go")
OTHERS = read_vectors("checkpoints")
TEXT, PETER_LINE, ENOCH_LINE = GO["text"], GO["peter_line"], GO["enoch_line"]
PETER, ENOCH = read_key(GO["peter"]), read_key(GO["enoch"])


def open_with(note: str, *keys: NoteKey) -> list[NoteKey]:
    """Who of these keys signed the note."""
    text, signed = open_note(note.encode(), keys, verify_ed25519)
    assert note.startswith(text)
    return list(signed)


def test_a_note_is_signed_byte_for_byte_as_go_signs_it() -> None:
    """The published private key makes exactly the published note."""
    signer = read_signer(GO["peter_private"])
    assert str(signer.key) == GO["peter"]
    assert format_note(Note(TEXT, (sign_text(TEXT, signer),))).decode() == f"{TEXT}\n{PETER_LINE}"


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    """One key verifies, the other line is nobody's; with both keys both verify, in the order of the note."""
    assert open_with(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}", PETER) == [PETER]
    assert open_with(f"{TEXT}\n{ENOCH_LINE}{PETER_LINE}", PETER, ENOCH) == [ENOCH, PETER]
    assert open_with(OTHERS["spec_note"], read_key(OTHERS["spec_key"]))


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    """Without a verified signature there is no text."""
    for keys in ((), (ENOCH,), (NoteKey(PETER.name, COSIGNATURE, PETER.public_key),)):
        with pytest.raises(NoteRefused, match="no known key"):
            open_with(f"{TEXT}\n{PETER_LINE}", *keys)


def test_a_signature_of_a_known_key_that_does_not_verify_refuses_the_note() -> None:
    """Also if another key's signature is good, and also if the same key has a good one beside it."""
    bad = PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]
    forged = str(NoteSignature(PETER.name, PETER.key_id, bytes(64)))
    for note in (bad, forged, ENOCH_LINE + forged, PETER_LINE + forged, forged + PETER_LINE):
        with pytest.raises(NoteRefused, match="does not verify"):
            open_with(f"{TEXT}\n{note}", PETER, ENOCH)


def test_signatures_that_are_there_twice_count_once() -> None:
    """The same line again changes nothing; a broken one of an unknown key neither."""
    broken = ENOCH_LINE[:60] + "ABCD" + ENOCH_LINE[60:]
    assert open_with(f"{TEXT}\n{PETER_LINE}{PETER_LINE}{ENOCH_LINE}{broken}", PETER, PETER) == [PETER]


@pytest.mark.parametrize(
    "note",
    [
        TEXT, f"{TEXT}\n", f"{TEXT}\n{PETER_LINE[:-1]}", f"\x01{TEXT}\n{PETER_LINE}", f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}", f"{TEXT}\n{PETER_LINE * 101}", f"{TEXT}{PETER_LINE}", PETER_LINE,
        f"{TEXT}\n{PETER_LINE}\n", f"{TEXT}\n{PETER_LINE.replace('—', '-')}", f"{TEXT}\n {PETER_LINE}", f"{TEXT}\n{PETER_LINE[:-1]} \n",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Peter+Neumann')}", f"{TEXT}\n{PETER_LINE.replace('Peter', 'Peter' + chr(0x2003))}",
        f"{TEXT}\n{PETER_LINE[:-3]}\n", f"{TEXT}\n{PETER_LINE.replace('=', '==')}", f"{TEXT}\n{PETER_LINE.replace('AM=', 'AN=')}",
        f"{TEXT}\n— PeterNeumann x08gow==\n", f"{TEXT}\n— PeterNeumann \n", f"{TEXT}\n—  x08go/ZJ\n", f"{TEXT}\r\n\n{PETER_LINE}", "", "\n", "\n\n",
        f"{TEXT}\n{PETER_LINE}".replace("\n", "\r\n"), "x" * MAX_NOTE + f"\n\n{PETER_LINE}",
    ],
    ids=range(27),
)  # fmt: skip
def test_what_is_no_note_in_its_one_form_is_refused(note: str) -> None:
    """Text without end, lines that are no signatures, spaces, padding, loose bits, control characters, too much of it."""
    with pytest.raises(NoteRefused):
        open_with(note, PETER)


def test_bytes_that_are_no_utf8_are_refused() -> None:
    """Also halves of surrogates, in what is read and in what is to be written."""
    for data in (b"\xff" + f"{TEXT}\n{PETER_LINE}".encode(), b"\xed\xa0\x80\n\n" + PETER_LINE.encode()):
        with pytest.raises(NoteRefused):
            read_note(data)
    for note in (
        Note("\ud800\n", read_note(f"{TEXT}\n{PETER_LINE}".encode()).signatures),
        Note("a\n", ()),
        Note("a", ()),
    ):
        with pytest.raises(NoteRefused):
            format_note(note)


@pytest.mark.parametrize(
    "key", [*GO["bad_keys"], *OTHERS["bad_keys"], "", "+", "++", "a+b+c", f"{GO['peter']}\n", f" {GO['peter']}"]
)
def test_a_key_of_another_form_is_refused(key: str) -> None:
    """Another length, an unknown kind with a fitting hash, no base64, no parts."""
    with pytest.raises(NoteRefused):
        read_key(key)


def test_every_mangled_verifier_key_is_refused() -> None:
    """Each part of the published key and each change of one character."""
    key = GO["peter"]
    mangled = {key[i:j] for i in range(len(key) + 1) for j in range(i, len(key) + 1)} - {key}
    mangled |= {key[:i] + chr(ord(key[i]) + 1) + key[i + 1 :] for i in range(len(key))}
    for one in mangled:
        with pytest.raises(NoteRefused):
            read_key(one)
    assert str(read_key(key)) == key


def test_two_keys_that_cannot_be_told_apart_are_refused() -> None:
    """The same key twice is one; another key under the same name and id is an error, not a choice."""

    @dataclass(frozen=True, slots=True)
    class Twin(NoteKey):
        """A key whose id was made to collide."""

        @property
        def key_id(self) -> bytes:
            return PETER.key_id

    assert index_keys([PETER, ENOCH, PETER]) == {
        ("PeterNeumann", PETER.key_id): PETER,
        ("EnochRoot", ENOCH.key_id): ENOCH,
    }
    with pytest.raises(NoteRefused):
        index_keys([PETER, Twin(PETER.name, PETER.kind, ENOCH.public_key)])


@given(
    st.text(max_size=60).map(lambda text: f"{text}\n").filter(is_text), st.text(min_size=1, max_size=12).filter(is_name)
)
def test_any_text_that_may_be_signed_is_read_again(text: str, name: str) -> None:
    """Empty lines, dashes and other scripts in it: the same text comes back, and with one bit changed it does not verify."""
    signer = Ed25519Signer(name, b"\x07" * 32)
    data = format_note(Note(text, (sign_text(text, signer),)))
    assert open_note(data, [signer.key], verify_ed25519)[0] == text
    assert read_key(str(signer.key)) == signer.key
    with pytest.raises(NoteRefused):
        open_note(b"x" + data, [signer.key], verify_ed25519)


@given(st.binary(max_size=200))
def test_no_bytes_upset_the_reader(data: bytes) -> None:
    """Refused or read; and what is read is written again as it was."""
    try:
        note = read_note(data)
    except NoteRefused:
        return
    assert format_note(note) == data
