"""Checkpoints and cosignatures against those that other logs and witnesses published."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from adapters.ed25519 import Ed25519Signer, read_signer, verify_ed25519, write_signer
from services.checkpoint import (
    Checkpoint,
    add_signatures,
    format_checkpoint,
    open_checkpoint,
    read_checkpoint,
    sign_checkpoint,
)
from services.cosignature import MAX_TIME, cosign_text, form_message, read_cosignature
from services.errors import ConfigurationFault
from services.merkle import hash_leaf
from services.signed_note import COSIGNATURE, NoteKey, NoteRefused, read_key, read_note, sign_text
from tests.published_vectors import read_vectors

OTHERS, GO = read_vectors("checkpoints"), read_vectors("notes_go")
WITNESSED = OTHERS["witnessed"]
LOG = Ed25519Signer("guitai.example/ledger", b"\x01" * 32)
WITNESS = Ed25519Signer("supervision.example/witness", b"\x02" * 32, COSIGNATURE)
HEAD = Checkpoint("guitai.example/ledger", 7, b"r" * 32)
NOW = 1_795_000_000


def decode(text: str) -> bytes:
    """Base64."""
    return base64.b64decode(text, validate=True)


@pytest.mark.parametrize("log", OTHERS["logs"], ids=lambda log: str(log["size"]))
def test_published_checkpoints_verify_with_their_published_keys(log: dict[str, str]) -> None:
    """sum.golang.org's and another log's: origin, size and root come out, and are written again as they were."""
    opened = open_checkpoint(log["note"].encode(), read_key(log["key"]), verify_ed25519, origin=log["origin"])
    assert opened.checkpoint == Checkpoint(log["origin"], int(log["size"]), decode(log["root"]))
    assert log["note"].startswith(format_checkpoint(opened.checkpoint) + "\n")


def test_published_cosignatures_of_four_witnesses_verify() -> None:
    """The log's plain signature among its others, and the moment that each witness names."""
    witnesses = [read_key(key) for key in WITNESSED["witnesses"]]
    opened = open_checkpoint(WITNESSED["note"].encode(), read_key(WITNESSED["log"]), verify_ed25519, witnesses)
    assert opened.checkpoint.size == WITNESSED["size"]
    assert opened.checkpoint.root == decode(WITNESSED["root"])
    assert opened.witnessed == dict.fromkeys(witnesses, WITNESSED["seconds"])


@pytest.mark.parametrize("key", WITNESSED["witnesses"], ids=range(4))
def test_a_cosignature_with_another_moment_or_text_is_refused(key: str) -> None:
    """The moment and the whole text are signed: each byte of the line's signature counts."""
    witness, log = read_key(key), read_key(WITNESSED["log"])
    (line,) = [one for one in read_note(WITNESSED["note"].encode()).signatures if one.name == witness.name]
    for at in (0, 7, 8, 71):
        changed = bytearray(line.signature)
        changed[at] ^= 1
        note = WITNESSED["note"].replace(str(line), str(replace(line, signature=bytes(changed))))
        assert note != WITNESSED["note"]
        with pytest.raises(NoteRefused, match="does not verify"):
            open_checkpoint(note.encode(), log, verify_ed25519, [witness])
    assert read_cosignature("x\n", line.signature[:-1]) is None
    assert read_cosignature("x\n", (MAX_TIME + 1).to_bytes(8, "big") + bytes(64)) is None


@pytest.mark.parametrize(("why", "text"), OTHERS["bad_texts"], ids=lambda one: str(one)[:12])
def test_what_is_no_checkpoint_is_refused(why: str, text: str) -> None:
    """Published texts that must not be read."""
    assert why
    with pytest.raises(NoteRefused):
        read_checkpoint(text)


ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    "size", ["", "00", "01", "+1", "-0", " 1", "1 ", "1_0", "１", "1.0", "18446744073709551616", "9" * 5000]
)
def test_a_size_has_one_form(size: str) -> None:
    """Decimal, without sign, spaces and leading zeroes, in 64 bits."""
    with pytest.raises(NoteRefused):
        read_checkpoint(f"o\n{size}\n{ROOT}\n")
    assert read_checkpoint(f"o\n18446744073709551615\n{ROOT}\n").size == (1 << 64) - 1
    assert read_checkpoint(f"o\n0\n{ROOT}\n").size == 0


@pytest.mark.parametrize(
    "text", [f"o\n1\n{ROOT}", f"o\n1\n{ROOT}\n\n", f"o\n1\n{ROOT}\n\nx\n", f"o\n1\n {ROOT}\n", f"o\n1\n{ROOT[:-2]}J=\n", f"o\r\n1\n{ROOT}\n", f"\no\n1\n{ROOT}\n",
             f"o\n1\n{ROOT.replace('/', '_')}\n", *GO["bad_tree_texts"], ""], ids=range(11)
)  # fmt: skip
def test_lines_have_one_form(text: str) -> None:
    """No empty line, no other end of line, no other base64, loose bits neither."""
    with pytest.raises(NoteRefused):
        read_checkpoint(text)


def test_further_lines_are_kept_and_ours_has_none() -> None:
    """The text of Go's own test, and the same with extensions: what was read is written again."""
    assert read_checkpoint(GO["tree_text"]).root == hash_leaf(GO["tree_leaf"].encode())
    text = GO["tree_text"] + "Here's some associated data.\n"
    assert read_checkpoint(text).extensions == ("Here's some associated data.",)
    assert format_checkpoint(read_checkpoint(text)) == text
    assert format_checkpoint(HEAD).count("\n") == 3


@pytest.mark.parametrize(
    "head",
    [replace(HEAD, origin=""), replace(HEAD, origin="a\nb"), replace(HEAD, size=-1), replace(HEAD, size=1 << 64), replace(HEAD, root=b"r" * 31),
     replace(HEAD, extensions=("",)), replace(HEAD, origin="a\tb"), replace(HEAD, extensions=("a\nb",))],
    ids=range(8),
)  # fmt: skip
def test_a_checkpoint_that_could_not_be_read_again_is_not_written(head: Checkpoint) -> None:
    """Neither written nor signed."""
    with pytest.raises(NoteRefused):
        format_checkpoint(head)
    with pytest.raises(NoteRefused):
        sign_checkpoint(head, LOG)


def test_log_and_witness_sign_and_both_verify() -> None:
    """The witness's line goes below the log's; adding it again adds nothing."""
    signed = sign_checkpoint(HEAD, LOG)
    line = cosign_text(format_checkpoint(HEAD), NOW, WITNESS)
    both = add_signatures(signed, [line])
    assert both == add_signatures(both, [line])
    assert both.startswith(signed)
    opened = open_checkpoint(both, LOG.key, verify_ed25519, [WITNESS.key])
    assert (opened.checkpoint, opened.witnessed) == (HEAD, {WITNESS.key: NOW})
    assert open_checkpoint(both, LOG.key, verify_ed25519).witnessed == {}


def test_a_checkpoint_that_only_a_witness_signed_is_nobodys() -> None:
    """A cosignature alone, another log's signature, or another origin make no checkpoint of this log."""
    text = format_checkpoint(HEAD)
    alone = f"{text}\n{cosign_text(text, NOW, WITNESS)}".encode()
    with pytest.raises(NoteRefused):
        open_checkpoint(alone, LOG.key, verify_ed25519, [WITNESS.key])
    other = Ed25519Signer("other.example/log", b"\x03" * 32)
    for data in (
        sign_checkpoint(replace(HEAD, origin=other.key.name), other),
        f"{text}\n{sign_text(text, other)}".encode(),
    ):
        with pytest.raises(NoteRefused):
            open_checkpoint(data, LOG.key, verify_ed25519)
    forged = text.replace(LOG.key.name, "another.example/log")
    with pytest.raises(NoteRefused):
        open_checkpoint(f"{forged}\n{sign_text(forged, LOG)}".encode(), LOG.key, verify_ed25519)


def test_each_kind_of_key_is_used_for_its_own_kind_only() -> None:
    """A plain signature is no cosignature, although the same private key made it, and the other way round."""
    same = Ed25519Signer(LOG.key.name, b"\x01" * 32, COSIGNATURE)
    assert same.key.public_key == LOG.key.public_key
    assert same.key.key_id != LOG.key.key_id
    for wrong in (lambda: cosign_text("x\n", NOW, LOG), lambda: sign_text("x\n", WITNESS), lambda: sign_checkpoint(HEAD, same),
                  lambda: open_checkpoint(b"", same.key, verify_ed25519), lambda: open_checkpoint(b"", LOG.key, verify_ed25519, [LOG.key]),
                  lambda: cosign_text("x\n", -1, WITNESS), lambda: cosign_text("x\n", MAX_TIME + 1, WITNESS), lambda: cosign_text("x", NOW, WITNESS),
                  lambda: sign_checkpoint(replace(HEAD, origin="x"), LOG)):  # fmt: skip
        with pytest.raises(NoteRefused):
            wrong()


def test_what_a_witness_signs_cannot_be_a_text_that_a_log_signs() -> None:
    """The first line of a cosigned message keeps both apart: as a checkpoint it has no size."""
    with pytest.raises(NoteRefused):
        read_checkpoint(form_message(format_checkpoint(HEAD), NOW).decode())


def test_a_line_with_a_private_key_has_one_form_and_is_never_shown() -> None:
    """The published line gives the published key; a mangled one a fault that does not hold it."""
    line = GO["peter_private"]
    assert write_signer("PeterNeumann", decode(line.split("+", 4)[4])[1:]) == line
    assert read_signer(line + "\n", COSIGNATURE).key == NoteKey(
        "PeterNeumann", COSIGNATURE, read_signer(line).key.public_key
    )
    mangled = {line[:i] + chr(ord(line[i]) + 1) + line[i + 1 :] for i in range(len(line))} | {
        line[:i] for i in range(len(line))
    }
    for one in mangled:
        with pytest.raises(ConfigurationFault) as fault:
            read_signer(one)
        assert "YEKFALVFGy" not in str(fault.value)


def test_what_is_no_key_or_no_signature_does_not_verify() -> None:
    """False, never an error: other lengths, a point that is none, a signature whose scalar is too large (RFC 8032 section 5.1.7)."""
    order = (1 << 252) + 27742317777372353535851937790883648493
    signature = LOG.sign(b"m")
    larger = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert verify_ed25519(LOG.key.public_key, b"m", signature)
    for key, message, signed in ((LOG.key.public_key, b"m", larger), (LOG.key.public_key, b"m", signature[:-1]), (b"", b"m", signature),
                                 (b"\xff" * 32, b"m", signature), (LOG.key.public_key, b"n", signature), (WITNESS.key.public_key, b"m", signature)):  # fmt: skip
        assert not verify_ed25519(key, message, signed)
