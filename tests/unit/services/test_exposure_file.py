"""A citizen's file: it holds with published keys alone, and whatever is changed, left out or put in is named with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from adapters.ed25519 import Ed25519Signer, verify_ed25519
from services.chains import ChainFaultKind
from services.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from services.cosignature import cosign_text
from services.exposure import Outcome
from services.exposure_file import ExposureFile, FileRefused, read_file, write_file
from services.exposure_file_check import FaultCode, FileFault, FileReport, check_file
from services.exposure_file_maker import ProofUnavailable
from services.exposure_file_promises import PromiseState
from services.exposure_file_words import FAULTS, say_fault, say_report
from services.leaves import make_outcome_leaf, read_leaf
from services.log_leaves import make_restore_leaf
from services.merkle import hash_leaf
from services.model import Language
from services.promises import Promise, make_promise, open_promise
from services.restores import Restore, format_restore
from services.signed_note import Note, format_note, read_note
from tests.small_log import AGENCY, ORIGIN, SmallLog

HER, NUMBER, OTHER = (UUID(int=(4 << 76) | (8 << 60) | n) for n in (1, 2, 3))


@pytest.fixture(scope="module")
def log() -> SmallLog:
    """Her records under two chains that were joined, and another's between them."""
    log = SmallLog()
    typed = log.make_record(None)
    asked = log.make_record(None, direction="sent_to_server")
    answered = make_outcome_leaf(
        log.new_id(), UUID(read_leaf(asked)["id"]), AGENCY, log.now, Outcome.SENT, 200, nonce=bytes([1]) * 32
    )
    log.place(typed, log.make_record(OTHER), asked, answered.data)
    log.place(
        log.make_attribution(HER, typed, asked),
        log.make_record(None, NUMBER, platform="alipay"),
        log.make_record(OTHER),
    )
    sent = log.make_record(HER, OTHER, direction="sent_to_server")
    log.place(log.make_join(NUMBER, HER), sent)
    told = make_outcome_leaf(
        log.new_id(), UUID(read_leaf(sent)["id"]), AGENCY, log.now, Outcome.SENT, 200, nonce=bytes(32)
    )
    log.place(told.data, log.make_record(HER), log.make_record(OTHER))
    return log


def judge(log: SmallLog, file: ExposureFile | bytes, *promises: Promise) -> FileReport:
    data = file if isinstance(file, bytes) else write_file(file)
    return check_file(data, log.log.key, [log.witness.key], promises, verify_ed25519)


def name_faults(report: FileReport) -> set[tuple[str, int | None]]:
    """Code and number, or index where there is no number."""
    return {(str(one.code), one.number if one.number is not None else one.index) for one in report.faults}


def drop_links(file: ExposureFile, keep: Callable[[int], bool], *, forget: bool = False) -> ExposureFile:
    """Her first chain with those links alone; ``forget``: as if it had never been longer."""
    first, *others = file.chains
    links = tuple(one for one in first.links if keep(one.number))
    gone = {one.index for one in first.links} - {one.index for one in links}
    gone -= {one.index for chain in others for one in chain.links}
    changed = replace(first, links=links)
    if forget:
        changed = replace(changed, length=len(links), head=links[-1].previous if links else bytes(32))
    leaves = tuple(one for one in file.leaves if one.index not in gone)
    return replace(file, chains=(changed, *others), leaves=leaves)


def test_a_file_holds_with_the_published_keys_alone(log: SmallLog) -> None:
    """All records on all platforms, both chains, what was attributed, and the outcome of what was sent."""
    report = judge(log, log.make_file(HER, NUMBER))
    assert report.faults == ()
    assert len(report.records) == 5
    assert hash_leaf(log.leaves[3]) in {hash_leaf(one.data) for one in report.file.leaves}, "what became of it is there"
    assert report.witnessed == int(log.now.timestamp())
    said = "\n".join(zh + en for zh, en in say_report(report))
    assert all(words in said for words in ("WeChat 4", "支付宝 1 条", "none missing"))


def test_who_has_no_record_gets_a_proof_of_it(log: SmallLog) -> None:
    """An empty chain is proven to be empty."""
    report = judge(log, log.make_file(UUID(int=9)))
    assert (report.faults, report.records) == ((), ())
    assert "proven to have no record" in "\n".join(en for _, en in say_report(report))


def test_a_file_is_read_as_it_was_written(log: SmallLog) -> None:
    """One form, there and back."""
    file = log.make_file(HER, NUMBER)
    assert read_file(write_file(file)) == file


@pytest.mark.parametrize(
    ("keep", "forget", "fault"),
    [
        (lambda n: n != 5, False, ("last_missing", 5)),
        (lambda n: n != 5, True, ("map_proof_refused", None)),
        (lambda n: n != 2, False, ("missing", 2)),
        (lambda n: n != 1, False, ("first_missing", 1)),
        (lambda _: False, False, ("first_missing", 1)),
        (lambda _: False, True, ("map_proof_refused", None)),
    ],
)
def test_a_record_left_out_is_named(
    log: SmallLog, keep: Callable[[int], bool], forget: bool, fault: tuple[str, int | None]
) -> None:
    """The last, one in the middle, the first, all of them; also if the file says that there never were more."""
    report = judge(log, drop_links(log.make_file(HER, NUMBER), keep, forget=forget))
    assert fault in name_faults(report)


def test_the_leaf_of_a_link_left_out_is_named(log: SmallLog) -> None:
    """A link without its leaf proves nothing."""
    file = log.make_file(HER)
    index = file.chains[0].links[1].index
    report = judge(log, replace(file, leaves=tuple(one for one in file.leaves if one.index != index)))
    assert ("leaf_missing", 2) in name_faults(report)


def test_a_changed_record_is_named(log: SmallLog) -> None:
    """One field name less in a leaf: the place in the tree and the place in the chain."""
    file = log.make_file(HER, NUMBER)
    at = file.chains[0].links[-1].index
    changed = [
        replace(one, data=one.data.replace(b'"bill_amount"', b'"bill_month"')) if one.index == at else one
        for one in file.leaves
    ]
    assert {("not_in_tree", at), ("head_differs", 5)} <= name_faults(judge(log, replace(file, leaves=tuple(changed))))


def test_swapped_records_are_named(log: SmallLog) -> None:
    """Two leaves in each other's place, with their proofs or without; two links in each other's place."""
    file = log.make_file(HER, NUMBER)
    first, *others = file.chains
    one, other = (next(leaf for leaf in file.leaves if leaf.index == link.index) for link in first.links[-2:])
    moved = {one.index: replace(one, data=other.data), other.index: replace(other, data=one.data)}
    swapped = replace(file, leaves=tuple(moved.get(leaf.index, leaf) for leaf in file.leaves))
    assert {("not_in_tree", one.index), ("not_in_tree", other.index)} <= name_faults(judge(log, swapped))
    links = (*first.links[:-2], first.links[-1], first.links[-2])
    turned = replace(file, chains=(replace(first, links=links), *others))
    assert ("out_of_order", 5) in name_faults(judge(log, turned))


def test_an_empty_answer_is_no_file(log: SmallLog) -> None:
    """Without a chain nothing is said of anybody."""
    file = log.make_file(HER)
    last = tuple(one for one in file.leaves if one.index == len(log.leaves) - 1)
    assert name_faults(judge(log, replace(file, chains=(), leaves=last))) == {("no_chain", None)}


def test_another_persons_chain_is_found_by_a_promise(log: SmallLog) -> None:
    """A file of somebody else holds by itself and is of no chain that was promised to her."""
    foreign = log.make_file(OTHER)
    assert judge(log, foreign).faults == ()
    assert name_faults(judge(log, foreign, promise(log, HER))) == {("promise_of_nobody", 1)}


def test_another_persons_record_in_her_chain_is_named(log: SmallLog) -> None:
    """Each leaf says itself whom it concerns; one that concerns nobody here is no part of the file."""
    hers, other = log.make_file(HER, NUMBER), log.make_file(OTHER)
    mixed = replace(hers, chains=(replace(other.chains[0], chain=HER), hers.chains[1]), leaves=merge(hers, other))
    assert ("foreign_leaf", 1) in name_faults(judge(log, mixed))
    padded = replace(hers, leaves=merge(hers, other))
    assert {code for code, _ in name_faults(judge(log, padded))} == {"strange_leaf"}


def merge(one: ExposureFile, other: ExposureFile) -> Any:
    """The leaves of both."""
    return tuple(leaf for _, leaf in sorted({leaf.index: leaf for leaf in (*one.leaves, *other.leaves)}.items()))


def test_new_records_do_not_hold_under_an_older_checkpoint() -> None:
    """A file speaks of one moment; under an older checkpoint it holds as of then and a promise that is due is missed."""
    log = SmallLog()
    log.place(log.make_record(HER))
    older = log.publish()
    record = log.make_record(HER)
    log.place(record)
    log.place(log.make_record(OTHER))
    new = log.make_file(HER)
    report = judge(log, replace(new, checkpoint=older.note))
    assert {("map_leaf_missing", 1), ("not_in_tree", 2)} <= name_faults(report)
    made_then = log.make_file(HER, published=older)
    assert judge(log, made_then).faults == ()
    late = replace(promise(log, HER, hash_leaf(record)), at=int(log.now.timestamp()) - 3600)
    assert name_faults(judge(log, made_then, late)) == {("promise_broken", 1)}


def test_a_fork_is_refused(log: SmallLog) -> None:
    """A checkpoint that the log signed for her alone has no cosignature, or one that does not fit it."""
    forked = replace(log.make_file(HER, NUMBER), checkpoint=log.publish(witnessed=False).note)
    assert name_faults(judge(log, forked)) == {("not_witnessed", None)}
    other = sign_checkpoint(Checkpoint(ORIGIN, len(log.leaves), bytes(32)), log.log)
    line = cosign_text(read_note(log.publish().note).text, int(log.now.timestamp()), log.witness)
    glued = replace(forked, checkpoint=add_signatures(other, [line]))
    assert name_faults(judge(log, glued)) == {("checkpoint_refused", None)}
    stranger = Ed25519Signer(ORIGIN, bytes([7]) * 32)
    assert check_file(write_file(forked), stranger.key, [], [], verify_ed25519).faults[0].code == "checkpoint_refused"


def test_a_map_proof_of_another_key_proves_nothing(log: SmallLog) -> None:
    """That one chain is there, or not there, says nothing of another."""
    file, other = log.make_file(HER, NUMBER), log.make_file(OTHER)
    for chain in (
        replace(file.chains[0], map_proof=other.chains[0].map_proof),
        replace(file.chains[0], map_proof=log.make_file(UUID(int=9)).chains[0].map_proof),
        replace(file.chains[0], map_proof=b"\x00"),
    ):
        report = judge(log, replace(file, chains=(chain, file.chains[1])))
        assert ("map_proof_refused", None) in name_faults(report)


def test_a_joined_chain_belongs_into_the_file(log: SmallLog) -> None:
    """A join names both chains, and from either side the other must be there."""
    for alone, other in ((HER, NUMBER), (NUMBER, HER)):
        (fault,) = judge(log, log.make_file(alone)).faults
        assert (fault.code, fault.chain) == ("joined_chain_missing", str(other))


def test_a_record_that_an_attribution_names_belongs_into_the_file(log: SmallLog) -> None:
    """What was typed before she was known is hers too, and so is what an outcome speaks of."""
    file = log.make_file(HER, NUMBER)
    report = judge(log, replace(file, leaves=tuple(one for one in file.leaves if one.index != 0)))
    assert ("record_missing", 5) in name_faults(report)


def promise(log: SmallLog, chain: UUID, *hashes: bytes) -> Promise:
    """A promise of now, signed and opened again."""
    note = make_promise(log.promising, chain, log.now, hashes or [hash_leaf(log.leaves[0])], bytes(range(32)))
    return open_promise(note, log.promising.key, verify_ed25519)


def test_promises_are_held_against_the_file(log: SmallLog) -> None:
    """Kept; not due at the file's moment; broken; of another log."""
    file = log.make_file(HER, NUMBER)
    kept, waits = promise(log, HER), promise(log, HER, bytes(32))
    broken, strange = replace(waits, at=waits.at - 61), replace(kept, origin="other.example")
    report = judge(log, file, kept, waits, broken, strange)
    states = PromiseState
    assert report.promises == (states.KEPT, states.NOT_DUE, states.BROKEN, states.OF_OTHER_LOG)
    assert name_faults(report) == {("promise_broken", 3), ("promise_of_other_log", 4)}


def test_what_a_declared_restore_lost_is_told_and_is_no_fault() -> None:
    """The restore is cosigned and stands in the tree; one that is not cosigned is a fault."""
    log = SmallLog()
    log.place(log.make_record(HER))
    second = int(log.now.timestamp())
    text = format_restore(Restore(ORIGIN, 1, bytes(32), 9, bytes(32), second - 100, second, second, "磁盘损坏"))
    cosigned = format_note(Note(text, (cosign_text(text, second, log.witness),)))
    log.place(make_restore_leaf(cosigned))
    lost = replace(promise(log, HER, bytes(32)), at=second - 90)
    report = judge(log, log.make_file(HER), lost)
    assert (report.faults, report.promises) == ((), (PromiseState.RESTORED,))
    assert "磁盘损坏" in "\n".join(zh for zh, _ in say_report(report))
    rogue = Ed25519Signer(log.witness.key.name, bytes([8]) * 32, log.witness.key.kind)
    log.place(make_restore_leaf(format_note(Note(text, (cosign_text(text, second, rogue),)))))
    assert ("restore_refused", 4) in name_faults(judge(log, log.make_file(HER)))


def test_nothing_published_makes_no_file() -> None:
    """Before the first checkpoint with a map there is nothing under which a file could be proven."""
    log = SmallLog()
    with pytest.raises(ProofUnavailable):
        log.make_file(HER)
    log.leaves.append(log.make_record(HER))
    with pytest.raises(ProofUnavailable):
        log.make_file(HER)


def test_every_fault_has_words_in_both_languages() -> None:
    """Also those of chains; each names its place."""
    assert set(FAULTS) == {*map(str, FaultCode), *map(str, ChainFaultKind)}
    fault = FileFault("missing", "c1", 7, 9, "d")
    assert "第 7 条" in say_fault(fault, Language.ZH_CN)
    assert "record 7 is missing" in say_fault(fault, Language.EN)


SAMPLE = SmallLog()
SAMPLE.place(SAMPLE.make_record(HER), SAMPLE.make_record(OTHER))
DATA = SAMPLE.make_bytes(HER)
BODY = json.loads(DATA)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6,
)  # fmt: skip


def list_places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in list_places(one, (*path, key)))]


@given(place=st.sampled_from(list_places(BODY)[1:]), value=JSON)
def test_whatever_stands_at_a_place_is_refused_or_named(place: tuple[Any, ...], value: Any) -> None:
    """Any value at any place of the file: a refusal or faults, never another exception; only words for people may differ."""
    body = json.loads(DATA)
    inner = body
    for key in place[:-1]:
        inner = inner[key]
    same = type(inner[place[-1]]) is type(value) and inner[place[-1]] == value
    inner[place[-1]] = value
    try:
        report = judge(SAMPLE, rfc8785.dumps(body))
    except (FileRefused, rfc8785.CanonicalizationError):
        return
    assert report.faults or same or place[0] in ("words", "made_at")


@given(data=st.binary(max_size=40) | st.text(max_size=20).map(str.encode), cut=st.integers(0, len(DATA)))
def test_any_bytes_are_refused_without_a_traceback(data: bytes, cut: int) -> None:
    """Bytes of any kind, a file that was cut, a file with something in it."""
    for given_bytes in (data, DATA[:cut], DATA[:cut] + data + DATA[cut:]):
        if given_bytes == DATA:
            continue
        try:
            assert judge(SAMPLE, given_bytes).faults
        except FileRefused:
            continue


def test_another_writing_of_the_same_file_is_refused() -> None:
    """Spaces, another order, a member twice or one more: there is one form."""
    for text in (
        json.dumps(BODY), DATA.decode().replace('{"chains"', '{"chains":[],"chains"', 1),
        DATA.decode().replace('"words":[]', '"words":[],"x":1'), "[" * 100_000,
        DATA.decode().replace('"version":1', '"version":true'), DATA.decode().replace('"version":1', '"version":2'),
    ):  # fmt: skip
        with pytest.raises(FileRefused):
            read_file(text.encode())
