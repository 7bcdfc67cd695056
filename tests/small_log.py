"""A log in memory with keys of its own: records, chains, map, checkpoints and cosignatures as the sequencer and the witness make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import rfc8785

from adapters.ed25519 import Ed25519Signer
from adapters.ids import make_id
from services.chains import ChainHead, link_leaves, name_person
from services.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from services.cosignature import cosign_text
from services.exposure_file import ExposureFile, write_file
from services.exposure_file_maker import Published, RecordName, make_file
from services.leaves import canonical_moment, make_attribution_leaf, make_join_leaf, read_leaf
from services.log_leaves import RESTORE_KIND, make_map_leaf
from services.map_updates import MapNode, update_map
from services.membership import list_chains
from services.merkle import Node, compute_root, hash_leaf
from services.model import JsonValue
from services.signed_note import COSIGNATURE, read_note
from services.sparse_map import EMPTY_MAP, hash_values

ORIGIN = "ledger.demo-city.example"
AGENCY = UUID("01920000-0000-7000-8000-000000000001")


@dataclass
class SmallLog:
    """``place`` gives a batch its places; ``publish`` signs and cosigns what there is; ``make_file`` is a citizen's file of it."""

    log: Ed25519Signer = field(default_factory=lambda: Ed25519Signer(ORIGIN, bytes([1]) * 32))
    witness: Ed25519Signer = field(
        default_factory=lambda: Ed25519Signer("witness.example/w1", bytes([2]) * 32, COSIGNATURE)
    )
    promising: Ed25519Signer = field(default_factory=lambda: Ed25519Signer(f"{ORIGIN}/promise", bytes([3]) * 32))
    now: datetime = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    leaves: list[bytes] = field(default_factory=list)
    links: dict[bytes, list[tuple[int, int, bytes]]] = field(default_factory=dict)
    heads: dict[bytes, ChainHead] = field(default_factory=dict)
    nodes: dict[bytes, MapNode] = field(default_factory=dict)
    map_root: bytes = EMPTY_MAP
    _count: int = 0

    def place(self, *batch: bytes) -> None:
        """Records and, after them, the map leaf."""
        known = {(body.get("agency"), body.get("id")): body for body in map(read_leaf, (*self.leaves, *batch))}
        bodies = [read_leaf(one) for one in batch]
        chains = [list_chains(body, known.get((body.get("agency"), body.get("of")))) for body in bodies]
        links, heads = link_leaves([hash_leaf(one) for one in batch], chains, self.heads)
        for at, name, number, previous in links:
            self.links.setdefault(name, []).append((number, len(self.leaves) + at, previous))
        self.heads |= heads
        change = update_map(self.map_root, hash_values(heads), self)
        self.map_root = change.root
        self.nodes |= dict(change.list_nodes())
        self.leaves += batch
        self.leaves.append(make_map_leaf(len(self.leaves), self.map_root, self.now))

    def publish(self, *, witnessed: bool = True) -> Published:
        """The checkpoint over all that has a place, signed, and cosigned now."""
        root = compute_root([hash_leaf(one) for one in self.leaves])
        note = sign_checkpoint(Checkpoint(ORIGIN, len(self.leaves), root), self.log)
        if witnessed:
            note = add_signatures(note, [cosign_text(read_note(note).text, int(self.now.timestamp()), self.witness)])
        return Published(note)

    def make_file(self, *chains: UUID, published: Published | None = None) -> ExposureFile:
        """The file of these chains under the newest checkpoint."""
        return make_file(published or self.publish(), chains, self, self, self, self.now)

    def make_bytes(self, *chains: UUID) -> bytes:
        """The same as bytes."""
        return write_file(self.make_file(*chains))

    def make_record(self, actor: UUID | None, *concerned: UUID, platform: str = "wechat", **more: Any) -> bytes:
        """The leaf of something that was seen."""
        self.now += timedelta(seconds=1)
        body: dict[str, JsonValue] = {
            "v": 2, "kind": "exposure", "id": str(self.new_id()), "agency": str(AGENCY), "at": canonical_moment(self.now),
            "business_on": date(2026, 11, 25).isoformat(), "direction": "shown_in_client", "platform": platform,
            "account": "wx1", "operation": "show", "service": "gas-bill", "mapping_version": 1, "purpose": "see_bills",
            "legal_basis": "某法第一条", "fields": ["bill_amount"], "actor": str(actor) if actor else None,
            "concerned": [str(one) for one in concerned], "subject": None, "request_id": "r1", "status": 200,
            "headers": [], "digest": self._fill(), "salt_hash": self._fill(), "nonce": self._fill(), **more,
        }  # fmt: skip
        return rfc8785.dumps(body)

    def make_attribution(self, chain: UUID, *records: bytes) -> bytes:
        """The leaf that says whose earlier records are."""
        named = [UUID(read_leaf(one)["id"]) for one in records]
        nonce = bytes.fromhex(self._fill())
        return make_attribution_leaf(self.new_id(), AGENCY, self.now, "wechat", "r1", chain, named, nonce=nonce).data

    def make_join(self, chain: UUID, into: UUID) -> bytes:
        """The leaf that joins two chains."""
        return make_join_leaf(self.new_id(), AGENCY, self.now, chain, into, nonce=bytes.fromhex(self._fill())).data

    def new_id(self) -> UUID:
        """An id as the application makes them."""
        return make_id(self.now)

    def _fill(self) -> str:
        self._count += 1
        return sha256(b"%d" % self._count).hexdigest()

    def read_links(self, names: Sequence[bytes], size: int) -> Mapping[bytes, Sequence[tuple[int, int, bytes]]]:
        """See ``LedgerRows``."""
        return {name: [row for row in self.links.get(name, []) if row[1] < size] for name in names}

    def read_leaves(self, indices: Sequence[int]) -> Mapping[int, bytes]:
        """See ``LedgerRows``."""
        return {index: self.leaves[index] for index in indices if index < len(self.leaves)}

    def find_records(self, records: Sequence[RecordName], size: int) -> Sequence[int]:
        """See ``LedgerRows``."""
        return self._find(records, size, "id")

    def find_outcomes(self, records: Sequence[RecordName], size: int) -> Sequence[int]:
        """See ``LedgerRows``."""
        return self._find(records, size, "of")

    def _find(self, records: Sequence[RecordName], size: int, member: str) -> Sequence[int]:
        wanted = {(str(agency), str(one)) for agency, one in records}
        bodies = [read_leaf(data) for data in self.leaves[:size]]
        return [index for index, body in enumerate(bodies) if (body.get("agency"), body.get(member)) in wanted]

    def find_restores(self, size: int) -> Sequence[int]:
        """See ``LedgerRows``."""
        return [index for index, one in enumerate(self.leaves[:size]) if read_leaf(one).get("kind") == RESTORE_KIND]

    def read_nodes(self, nodes: Sequence[Node]) -> list[bytes]:
        """See ``merkle.NodeReader``."""
        hashes = [hash_leaf(one) for one in self.leaves]
        return [compute_root(hashes[index << level : (index + 1) << level]) for level, index in nodes]

    def read_map_nodes(self, hashes: Sequence[bytes]) -> Mapping[bytes, MapNode]:
        """See ``map_updates.MapNodes``."""
        return {one: self.nodes[one] for one in hashes}

    def end_of(self, chain: UUID) -> ChainHead:
        """How a chain ends by now."""
        return self.heads.get(name_person(chain), ChainHead())
