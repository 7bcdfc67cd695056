"""Makes a citizen's file out of rows of the ledger, all as they stand under one published checkpoint.

Whoever reads the rows (``adapters/stores/proof_reader.py``) needs no secret: nothing here is signed, and a row that was changed makes a
file that does not verify.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.chains import EMPTY, ChainHead, hash_link, name_person
from services.checkpoint import Checkpoint, read_checkpoint
from services.exposure_file import ExposureFile, FileChain, FileLink, ProvenLeaf
from services.leaves import read_leaf
from services.log_leaves import read_map_leaf
from services.map_updates import MapNodes, prove_entry
from services.merkle import NodeReader, hash_leaf, prove_inclusion
from services.restores import Restore
from services.signed_note import read_note
from services.sparse_map import write_proof

LinkRow = tuple[int, int, bytes]
"""Number, index and the link before."""
RecordName = tuple[UUID, UUID]
"""A record by its agency and its id."""


class LedgerRows(Protocol):
    """The rows of one snapshot. Indices are below the size that is asked."""

    def read_links(self, names: Sequence[bytes], size: int) -> Mapping[bytes, Sequence[LinkRow]]:
        """The links of chains, by name, in the order of their numbers."""
        ...

    def read_leaves(self, indices: Sequence[int]) -> Mapping[int, bytes]:
        """The leaves at these places; one that is not there is missing in the answer."""
        ...

    def find_records(self, records: Sequence[RecordName], size: int) -> Sequence[int]:
        """At which indices records stand that have a place."""
        ...

    def find_outcomes(self, records: Sequence[RecordName], size: int) -> Sequence[int]:
        """At which indices outcomes of these records stand."""
        ...

    def find_restores(self, size: int) -> Sequence[int]:
        """At which indices the log says that it was put back to a backup."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """The published checkpoint as it is given out: the note with the lines of the witnesses."""

    note: bytes

    @property
    def checkpoint(self) -> Checkpoint:
        """What it says."""
        return read_checkpoint(read_note(self.note).text)


class ProofUnavailable(Exception):
    """No file can be made now: nothing is published yet, or the ledger's rows do not fit each other."""


class ProofReader(Protocol):
    """Where files are made."""

    def make_file(self, chains: Sequence[UUID], made_at: datetime) -> ExposureFile:
        """The file of these chains under the checkpoint that is published now, of one snapshot. Raises ``ProofUnavailable``."""
        ...

    def list_restores(self) -> Sequence[Restore]:
        """Every restore from a backup that the log has declared, the oldest first."""
        ...


class NoProofs:
    """``ProofReader`` where no log is published."""

    def make_file(self, chains: Sequence[UUID], made_at: datetime) -> ExposureFile:
        raise ProofUnavailable(f"no log is published: {len(chains)} chains at {made_at} have no proof")

    def list_restores(self) -> Sequence[Restore]:
        return ()


def make_file(
    published: Published, chains: Sequence[UUID], rows: LedgerRows, nodes: NodeReader, map_nodes: MapNodes,
    made_at: datetime,
) -> ExposureFile:  # fmt: skip
    """The file of these chains, with a proof of absence for one that has no record. Raises ``ProofUnavailable``."""
    size = published.checkpoint.size
    try:
        root = _read_map_root(rows, size)
        names = {chain: name_person(chain) for chain in chains}
        links = rows.read_links(list(names.values()), size)
        own = {index for name in names.values() for _, index, _ in links.get(name, ())}
        found = dict(rows.read_leaves(sorted({*own, *rows.find_restores(size), size - 1})))
        found |= _read_spoken_of(rows, found, size)
        told = tuple(
            _make_chain(chain, name, links.get(name, ()), found, root, map_nodes) for chain, name in names.items()
        )
        leaves = tuple(
            ProvenLeaf(index, data, tuple(prove_inclusion(index, size, nodes))) for index, data in sorted(found.items())
        )
    except (LookupError, ValueError) as error:
        raise ProofUnavailable("the rows of the ledger do not fit each other") from error
    return ExposureFile(published.checkpoint.origin, made_at, published.note, told, leaves)


def list_spoken_of(leaves: Sequence[Mapping[str, object]]) -> list[RecordName]:
    """The records that attributions name and of which outcomes speak: always of their own agency."""
    found: list[RecordName] = []
    for leaf in leaves:
        named = leaf.get("records") if leaf.get("kind") == "attribution" else None
        told = list(named) if isinstance(named, list) else []
        told += [leaf.get("of")] if leaf.get("kind") == "outcome" else []
        found += [(UUID(str(leaf.get("agency"))), UUID(str(one))) for one in told]
    return list(dict.fromkeys(found))


def _read_spoken_of(rows: LedgerRows, found: Mapping[int, bytes], size: int) -> Mapping[int, bytes]:
    """Leaves that are not in her chains and belong beside them: what those speak of, and what became of what an attribution names."""
    wanted = list_spoken_of([read_leaf(data) for data in found.values()])
    places = {*rows.find_records(wanted, size), *rows.find_outcomes(wanted, size)}
    return rows.read_leaves(sorted(places - found.keys()))


def _read_map_root(rows: LedgerRows, size: int) -> bytes:
    data = rows.read_leaves([size - 1]).get(size - 1) if size else None
    if data is None:
        raise ProofUnavailable("nothing is published yet under which a file can be proven")
    try:
        leaf = read_map_leaf(data)
    except ValueError:
        raise ProofUnavailable("the published checkpoint has no map yet") from None
    return leaf.root


def _make_chain(
    chain: UUID, name: bytes, rows: Sequence[LinkRow], leaves: Mapping[int, bytes], root: bytes, map_nodes: MapNodes
) -> FileChain:
    head = EMPTY
    if rows:
        number, index, previous = rows[-1]
        head = ChainHead(number, hash_link(name, number, previous, hash_leaf(leaves[index])))
    _, proof = prove_entry(root, name, map_nodes)
    links = tuple(FileLink(*row) for row in rows)
    return FileChain(chain, head.length, head.head, write_proof(proof), links)
