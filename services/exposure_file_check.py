"""Whether a citizen's file holds: judged from the file and published keys alone. Pure, and never an exception but ``FileRefused``.

Everything that is believed hangs on the checkpoint that the log signed and the witness cosigned: from its root to the map leaf, from
there to how each chain ends, from there link by link to every leaf; and each leaf by its own proof too, so that a changed one is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from services.chains import ChainHead, Link, check_chain, name_person
from services.checkpoint import Checkpoint, OpenedCheckpoint, open_checkpoint
from services.exposure_file import ExposureFile, FileChain, ProvenLeaf, read_file
from services.exposure_file_promises import PromiseState, judge_promises
from services.leaves import check_canonical, read_leaf
from services.log_leaves import MAP_KIND, RESTORE_KIND, MapLeaf, read_map_leaf, read_restore_leaf
from services.membership import list_chains
from services.merkle import check_inclusion, hash_leaf
from services.model import JsonValue
from services.promises import Promise
from services.restores import Restore, open_restore, read_restore
from services.signed_note import NoteKey, NoteRefused, Verify, read_note
from services.sparse_map import check_absent, check_present, hash_value, read_proof

MAX_FAULTS = 1000
Named = tuple[str, str]
"""A record by its agency and its id."""


class FaultCode(StrEnum):
    """What is wrong with a file; what is wrong with a chain itself has the names of ``chains.ChainFaultKind``."""

    CHECKPOINT_REFUSED = "checkpoint_refused"
    NOT_WITNESSED = "not_witnessed"
    OTHER_ORIGIN = "other_origin"
    MAP_LEAF_MISSING = "map_leaf_missing"
    MAP_LEAF_REFUSED = "map_leaf_refused"
    NO_CHAIN = "no_chain"
    MAP_PROOF_REFUSED = "map_proof_refused"
    LEAF_MISSING = "leaf_missing"
    LEAF_REFUSED = "leaf_refused"
    NOT_IN_TREE = "not_in_tree"
    STRANGE_LEAF = "strange_leaf"
    FOREIGN_LEAF = "foreign_leaf"
    OUT_OF_TREE_ORDER = "out_of_tree_order"
    RECORD_MISSING = "record_missing"
    JOINED_CHAIN_MISSING = "joined_chain_missing"
    RESTORE_REFUSED = "restore_refused"
    PROMISE_OF_NOBODY = "promise_of_nobody"
    PROMISE_OF_OTHER_LOG = "promise_of_other_log"
    PROMISE_BROKEN = "promise_broken"


@dataclass(frozen=True, slots=True)
class FileFault:
    """One fault and its place: which chain and number, at which index of the tree, which promise (from 1), and what of a text."""

    code: str
    chain: str = ""
    number: int | None = None
    index: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a file proves: it holds if it has no fault. The rest is believed only then.

    ``witnessed``: the earliest second at which every given witness had seen the checkpoint, None without witnesses; ``restores``: what the log
    itself says of backups that were put back; ``promises``: what became of each that was handed in.
    """

    file: ExposureFile
    faults: tuple[FileFault, ...]
    checkpoint: Checkpoint | None = None
    witnessed: int | None = None
    records: tuple[Mapping[str, JsonValue], ...] = ()
    restores: tuple[Restore, ...] = ()
    promises: tuple[PromiseState, ...] = ()


def check_file(
    data: bytes, log_key: NoteKey, witness_keys: Sequence[NoteKey], promises: Sequence[Promise], verify: Verify
) -> FileReport:
    """Judge a file; raises ``FileRefused`` for bytes that are none. Every one of the witnesses must have cosigned the checkpoint."""
    file = read_file(data)
    try:
        opened = open_checkpoint(file.checkpoint, log_key, verify, witness_keys)
    except NoteRefused as refused:
        return FileReport(file, (FileFault(FaultCode.CHECKPOINT_REFUSED, detail=str(refused)),))
    return _Judge(file, opened, tuple(witness_keys), verify).judge(promises)


@dataclass(frozen=True)
class _Judge:
    """Everything about one file under one checkpoint."""

    file: ExposureFile
    opened: OpenedCheckpoint
    witnesses: tuple[NoteKey, ...]
    verify: Verify
    restores: list[Restore] = field(default_factory=list)

    @cached_property
    def size(self) -> int:
        return self.opened.checkpoint.size

    @cached_property
    def leaves(self) -> Mapping[int, ProvenLeaf]:
        return {one.index: one for one in self.file.leaves}

    @cached_property
    def bodies(self) -> Mapping[int, Mapping[str, JsonValue]]:
        return {one.index: read_leaf(one.data) for one in self.file.leaves}

    @cached_property
    def hashes(self) -> Mapping[int, bytes]:
        return {one.index: hash_leaf(one.data) for one in self.file.leaves}

    @cached_property
    def by_name(self) -> Mapping[Named, Mapping[str, JsonValue]]:
        return {(str(body.get("agency")), str(body["id"])): body for body in self.bodies.values() if "id" in body}

    def judge(self, promises: Sequence[Promise]) -> FileReport:
        faults = list(self._check_witnesses())
        faults += self._check_leaves()
        faults += self._check_map_and_chains()
        faults += self._check_spoken_of()
        seen = [self.opened.witnessed[key] for key in self.witnesses if key in self.opened.witnessed]
        witnessed = min(seen) if seen else None
        told, broken = judge_promises(
            promises, self.opened.checkpoint.origin, [one.chain for one in self.file.chains], set(self.hashes.values()),
            self.restores, witnessed if witnessed is not None else int(self.file.made_at.timestamp()),
        )  # fmt: skip
        faults += [FileFault(code, number=number) for number, code in broken]
        records = tuple(body for body in self.bodies.values() if body.get("kind") == "exposure")
        return FileReport(
            self.file,
            tuple(faults[:MAX_FAULTS]),
            self.opened.checkpoint,
            witnessed,
            records,
            tuple(self.restores),
            told,
        )

    def _check_witnesses(self) -> Iterator[FileFault]:
        if self.file.origin != self.opened.checkpoint.origin:
            yield FileFault(FaultCode.OTHER_ORIGIN)
        for key in self.witnesses:
            if key not in self.opened.witnessed:
                yield FileFault(FaultCode.NOT_WITNESSED, detail=key.name)

    def _check_leaves(self) -> Iterator[FileFault]:
        """Each leaf in its one form, in the tree, and in the file for a reason."""
        for index, one in self.leaves.items():
            if not check_inclusion(index, self.size, self.hashes[index], one.proof, self.opened.checkpoint.root):
                yield FileFault(FaultCode.NOT_IN_TREE, index=index)
            kind = self.bodies[index].get("kind")
            if kind == RESTORE_KIND:
                yield from self._check_restore(index, one.data)
            elif kind == MAP_KIND and index == self.size - 1:
                continue  # read with the map
            elif fault := check_canonical(one.data):
                yield FileFault(FaultCode.LEAF_REFUSED, index=index, detail=fault[0])

    def _check_restore(self, index: int, data: bytes) -> Iterator[FileFault]:
        """A restore is the log's own, and cosigned if witnesses are known."""
        try:
            statement = read_restore_leaf(data)
            if self.witnesses:
                found = open_restore(statement, self.witnesses, self.verify).restore
            else:
                found = read_restore(read_note(statement).text)
        except ValueError:
            found = None
        if found is None or found.origin != self.opened.checkpoint.origin:
            yield FileFault(FaultCode.RESTORE_REFUSED, index=index)
        else:
            self.restores.append(found)

    def _check_map_and_chains(self) -> Iterator[FileFault]:
        if not self.file.chains:
            yield FileFault(FaultCode.NO_CHAIN)
        last = self.leaves.get(self.size - 1)
        if last is None:
            yield FileFault(FaultCode.MAP_LEAF_MISSING, index=self.size - 1)
        else:
            found = _read_map(last.data)
            if found is None or found.size != self.size - 1:
                yield FileFault(FaultCode.MAP_LEAF_REFUSED, index=last.index)
            else:
                for chain in self.file.chains:
                    yield from self._check_map_proof(chain, found.root)
        for chain in self.file.chains:
            yield from self._check_chain(chain)

    def _check_map_proof(self, chain: FileChain, root: bytes) -> Iterator[FileFault]:
        """What the map says of how the chain ends: of an empty one, that it is not there."""
        name, head = name_person(chain.chain), ChainHead(chain.length, chain.head)
        try:
            proof = read_proof(chain.map_proof)
            there = check_present(root, name, hash_value(head), proof)
            gone = head == ChainHead() and check_absent(root, name, proof)
        except ValueError:
            there = gone = False
        if not (gone if chain.length == 0 else there):
            yield FileFault(FaultCode.MAP_PROOF_REFUSED, str(chain.chain))

    def _check_chain(self, chain: FileChain) -> Iterator[FileFault]:
        name, own = name_person(chain.chain), str(chain.chain)
        before, absent = -1, False
        for link in chain.links:
            body = self.bodies.get(link.index)
            if body is None:
                absent = True
                yield FileFault(FaultCode.LEAF_MISSING, own, link.number, link.index)
                continue
            if link.index <= before:
                yield FileFault(FaultCode.OUT_OF_TREE_ORDER, own, link.number, link.index)
            before = link.index
            of = self.by_name.get(_name(body, body.get("of"))) if body.get("kind") == "outcome" else None
            if (body.get("kind") != "outcome" or of is not None) and name not in list_chains(body, of):
                yield FileFault(FaultCode.FOREIGN_LEAF, own, link.number, link.index)
        if not absent:
            links = [Link(link.number, link.previous, self.hashes[link.index]) for link in chain.links]
            if fault := check_chain(name, links, ChainHead(chain.length, chain.head)):
                yield FileFault(str(fault.kind), own, fault.number, _find_index(chain, fault.number))

    def _check_spoken_of(self) -> Iterator[FileFault]:
        """What the leaves of her chains speak of is there, and nothing is there of which they do not speak."""
        linked = {link.index for chain in self.file.chains for link in chain.links}
        chains = {str(chain.chain) for chain in self.file.chains}
        spoken: set[Named] = set()
        for index in sorted(linked & self.bodies.keys()):
            body = self.bodies[index]
            named = body.get("records") if body.get("kind") == "attribution" else None
            wanted = [_name(body, one) for one in named] if isinstance(named, list) else []
            wanted += [_name(body, body.get("of"))] if body.get("kind") == "outcome" else []
            spoken.update(wanted)
            missing = [one for one in wanted if one not in self.by_name]
            yield from (FileFault(FaultCode.RECORD_MISSING, index=index, detail=one) for _, one in missing)
            if body.get("kind") == "join":
                others = [str(body.get(member)) for member in ("chain", "into")]
                yield from (
                    FileFault(FaultCode.JOINED_CHAIN_MISSING, one, index=index) for one in others if one not in chains
                )
        for index in self.bodies.keys() - linked - {self.size - 1}:
            body = self.bodies[index]
            said = _name(body, body.get("of" if body.get("kind") == "outcome" else "id"))
            if body.get("kind") != RESTORE_KIND and said not in spoken:
                yield FileFault(FaultCode.STRANGE_LEAF, index=index)


def _name(speaker: Mapping[str, JsonValue], record: JsonValue) -> Named:
    """Which record a leaf speaks of: ids are made by each agency, so a record of another one with the same id is another record."""
    return str(speaker.get("agency")), str(record)


def _find_index(chain: FileChain, number: int) -> int | None:
    return next((link.index for link in chain.links if link.number == number), None)


def _read_map(data: bytes) -> MapLeaf | None:
    try:
        return read_map_leaf(data)
    except ValueError:
        return None
