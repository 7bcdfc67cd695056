"""Statements of restores: one form, two people of whom one supervises, and a leaf that holds the whole of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ed25519 import Ed25519Signer, verify_ed25519
from adapters.stores.tree_heads import NoteJudge
from services.checkpoint import add_signatures, read_checkpoint
from services.cosignature import cosign_text
from services.log_leaves import make_restore_leaf, read_restore_leaf
from services.restores import (
    Declarer,
    Restore,
    format_restore,
    open_declaration,
    open_restore,
    read_declarers,
    read_restore,
)
from services.signed_note import COSIGNATURE, Note, NoteRefused, NoteSigner, format_note, sign_text

HEAD = Restore("ledger.example", 80, b"k" * 32, 120, b"l" * 32, 1000, 1200, 1300, "磁盘损坏 / a disk failed")
LEI, HAN, MEI = (
    Ed25519Signer(f"{name}.example", bytes([number]) * 32) for number, name in enumerate(("lei", "han", "mei"))
)
WITNESS = Ed25519Signer("witness.example", bytes([9]) * 32, COSIGNATURE)
PEOPLE = (Declarer(LEI.key, supervises=True), Declarer(HAN.key, supervises=False), Declarer(MEI.key, supervises=False))
numbers = st.integers(1, (1 << 63) - 1)


def sign(*signers: NoteSigner, text: str = format_restore(HEAD)) -> bytes:
    """The statement with the signatures of these people."""
    return format_note(Note(text, tuple(sign_text(text, one) for one in signers)))


@given(
    st.builds(
        Restore, st.just("a/b"), numbers, st.binary(min_size=32, max_size=32), numbers, st.binary(min_size=32, max_size=32),
        numbers, numbers, numbers, st.text(),
    )
)  # fmt: skip
def test_what_is_written_is_read_again(restore: Restore) -> None:
    """A restore is written in one form that is read as itself, or it is refused."""
    try:
        text = format_restore(restore)
    except NoteRefused:
        return
    assert read_restore(text) == restore


def test_statement_can_be_taken_for_no_checkpoint() -> None:
    """What the witness signs here can never stand under a tree, so that one key may sign both."""
    with pytest.raises(NoteRefused):
        read_checkpoint(format_restore(HEAD))


@pytest.mark.parametrize(
    "changed",
    [
        {"kept_size": 120}, {"kept_size": 0}, {"until": 999}, {"declared_at": 1199}, {"reason": ""}, {"reason": " x"},
        {"reason": "two\nlines"}, {"reason": "x" * 301}, {"origin": ""}, {"kept_root": b"short"},
    ],
)  # fmt: skip
def test_restore_that_contradicts_itself_is_refused(changed: dict[str, object]) -> None:
    """It goes back to an older tree that is not empty, is declared afterwards, and has a reason of one line."""
    with pytest.raises(NoteRefused):
        format_restore(replace(HEAD, **changed))  # type: ignore[arg-type]


def test_two_people_declare_one_of_whom_supervises() -> None:
    """One person, one person twice, two who run the counter, or a signature that does not verify are not enough."""
    assert open_declaration(sign(LEI, HAN), PEOPLE, verify_ed25519) == HEAD
    forged = sign(HAN, text=format_restore(replace(HEAD, lost_size=121))).split(b"\n\n")[1]
    for data in (sign(LEI), sign(LEI, LEI), sign(HAN, MEI), sign(LEI).rstrip(b"\n") + b"\n" + forged):
        with pytest.raises(NoteRefused):
            open_declaration(data, PEOPLE, verify_ed25519)


def test_person_has_one_name_and_one_key() -> None:
    """A list in which one key has two names, or one name two keys, would let one person declare alone."""
    assert read_declarers(f"# people\n\nsupervision {LEI.key}\noperation {HAN.key}\n") == PEOPLE[:2]
    twice = Ed25519Signer("other.example", bytes(32))
    for other in (twice.key, Ed25519Signer("lei.example", bytes([7]) * 32).key, WITNESS.key):
        with pytest.raises(NoteRefused):
            read_declarers(f"supervision {LEI.key}\noperation {other}\n")
    with pytest.raises(NoteRefused):
        read_declarers(f"visitor {LEI.key}\n")


def test_leaf_holds_the_cosigned_statement_whole() -> None:
    """Whoever has the leaf and the witness's key reads who declared what, and what it explains."""
    text = format_restore(HEAD)
    cosigned = add_signatures(sign(LEI, HAN), [cosign_text(text, 1301, WITNESS)])
    leaf = make_restore_leaf(cosigned)
    assert read_restore_leaf(leaf) == cosigned
    opened = open_restore(cosigned, [WITNESS.key], verify_ed25519)
    assert (opened.restore, opened.declared_by) == (HEAD, ("lei.example", "han.example"))
    assert opened.witnessed == {WITNESS.key: 1301}
    assert [HEAD.explains_size(size, 1100) for size in (80, 81, 120, 121)] == [False, True, True, False]
    assert not HEAD.explains_size(100, 1201)
    for data in (leaf + b" ", leaf.replace(b"kept 80", b"kept 081"), b"", b"{}", leaf.replace(b"restore", b"map", 1)):
        with pytest.raises(ValueError):
            read_restore_leaf(data)
    with pytest.raises(NoteRefused):
        open_restore(sign(LEI, HAN), [WITNESS.key], verify_ed25519)


def test_verify_trusts_no_restore_that_the_witness_has_not_cosigned() -> None:
    """Who has the log's key and the store could write such a leaf alone; without a witness's key nothing is judged."""
    text = format_restore(HEAD)
    cosigned = add_signatures(sign(LEI, HAN), [cosign_text(text, 1301, WITNESS)])
    judge = NoteJudge(None, [WITNESS.key])
    assert [judge.trusts(one) for one in (cosigned, sign(LEI, HAN))] == [True, False]
    assert NoteJudge(None, []).trusts(sign(LEI, HAN))
