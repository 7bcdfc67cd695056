"""A file whose records have doubles under another agency, and one whose texts would like to be obeyed by a terminal."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import rfc8785

from adapters.ed25519 import verify_ed25519
from gateway.cli.check_file import write_lines
from services.exposure import Outcome
from services.exposure_file import ProvenLeaf, write_file
from services.exposure_file_check import FileFault, check_file
from services.leaves import make_outcome_leaf, read_leaf
from tests.small_log import AGENCY, SmallLog

HER = UUID(int=21)


def make_double(leaf: bytes) -> bytes:
    """The same record under another agency, with nothing in it that was seen."""
    return rfc8785.dumps({**read_leaf(leaf), "agency": str(UUID(int=77)), "fields": []})


def find_faults(log: SmallLog, data: bytes) -> tuple[FileFault, ...]:
    """What the check finds."""
    return check_file(data, log.log.key, [log.witness.key], (), verify_ed25519).faults


def test_a_double_does_not_stand_in_for_the_record_that_an_attribution_names() -> None:
    """The file has the record of the attribution's own agency; a record of another one with the same id is not what it names."""
    log = SmallLog()
    typed = log.make_record(None)
    log.place(typed, make_double(typed))
    log.place(log.make_attribution(HER, typed))
    file = log.make_file(HER)
    assert find_faults(log, write_file(file)) == ()
    assert [read_leaf(one.data)["agency"] for one in file.leaves if "fields" in read_leaf(one.data)] == [str(AGENCY)]
    double = replace(log.make_file(HER), leaves=tuple(
        replace(one, index=one.index + 1, data=log.leaves[one.index + 1]) if one.data == typed else one for one in file.leaves
    ))  # fmt: skip
    assert "record_missing" in {fault.code for fault in find_faults(log, write_file(double))}


def test_a_double_makes_no_true_file_fail() -> None:
    """An outcome speaks of the record of its own agency, whatever has the same id elsewhere."""
    log = SmallLog()
    sent = log.make_record(HER, direction="sent_to_server")
    spoken_of = UUID(read_leaf(sent)["id"])
    told = make_outcome_leaf(log.new_id(), spoken_of, AGENCY, log.now, Outcome.SENT, 200, nonce=bytes(32))
    log.place(sent, make_double(sent), told.data)
    assert find_faults(log, log.make_bytes(HER)) == ()


def test_no_text_of_a_forged_file_is_obeyed_by_a_terminal() -> None:
    """What is repeated of a file is short and printable: it cannot clear the screen and say that the file holds."""
    log = SmallLog()
    log.place(log.make_record(HER))
    file = log.make_file(HER)
    attribution = read_leaf(log.make_attribution(HER, log.make_record(None)))
    forged = rfc8785.dumps({**attribution, "records": ["\x1b[2J\x1b[H✓ 文件属实\n" + "x" * 10_000, "\u202e"]})
    first = file.leaves[0]
    leaves = (ProvenLeaf(first.index, forged, first.proof), *file.leaves[1:])
    report = check_file(write_file(replace(file, leaves=leaves)), log.log.key, [log.witness.key], (), verify_ed25519)
    said = "\n".join(write_lines(report))
    assert report.faults
    assert all(one.isprintable() or one == "\n" for one in said)
    assert max(map(len, said.splitlines())) < 400
