"""What the ledger keeps: canonical leaves, and what is wrong with one that was changed.

A leaf holds names, purpose, law and commitments, never a value: bodies here have so little entropy that a bare hash of one is
found by trying. Leaves are canonical JSON (RFC 8785) with a format version and never change. Format 2 commits to the salt
too (a hash of 32 random bytes tells nothing), so that a salt that was swapped is found; format 1 did not.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import rfc8785

from services.exposure import Direction, Exposure, Outcome, commit
from services.model import JsonValue

LEAF_FORMAT = 2
_EVERY = frozenset({"v", "kind", "id", "agency", "at", "nonce"})
_KEYS: Mapping[str, frozenset[str]] = {
    "exposure": _EVERY | {
        "business_on", "direction", "platform", "account", "operation", "service", "mapping_version", "purpose",
        "legal_basis", "fields", "actor", "concerned", "subject", "request_id", "status", "headers", "digest", "salt_hash",
    },
    "outcome": _EVERY | {"of", "outcome", "status"},
    "publication": _EVERY | {"release", "bodies"},
    "attribution": _EVERY | {"request_id", "platform", "chain", "records"},
    "statistics": _EVERY | {"month", "digest"},
    "join": _EVERY | {"chain", "into"},
    "closing": _EVERY | {"chain"},
}  # fmt: skip
"""The members of a leaf by its kind: all of them and no other."""
_HASH = re.compile(r"[0-9a-f]{64}")
_PLAIN = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A record as it is stored: canonical bytes, and the columns by which people look for it (all repeated in the bytes).

    ``attributes`` are the (chain, record) pairs that an attribution adds to the index; ``chains`` those of the record itself.
    """

    record_id: UUID
    agency_id: UUID
    at: datetime
    kind: str
    platform: str
    direction: str
    service: str
    chains: tuple[UUID, ...]
    data: bytes
    attributes: tuple[tuple[UUID, UUID], ...] = ()

    @property
    def leaf_hash(self) -> bytes:
        """RFC 9162 leaf hash: SHA-256 over a zero byte and the canonical bytes."""
        return hashlib.sha256(b"\x00" + self.data).digest()


def hash_salt(salt: bytes) -> str:
    """What a leaf says of its salt, in lower-case hex; another function than ``commit``, so that no digest can equal it."""
    return hashlib.sha256(b"guitai salt v1\x00" + salt).hexdigest()


def make_leaf(
    record_id: UUID, at: datetime, business_on: date, exposure: Exposure, *, nonce: bytes, salt: bytes
) -> Leaf:
    """The canonical leaf of an exposure. ``actor`` and ``concerned`` are random chain ids; no value is in it."""
    told = exposure.disclosure
    concerned = tuple(dict.fromkeys(told.concerned))
    body: dict[str, JsonValue] = {
        "v": LEAF_FORMAT,
        "kind": "exposure",
        "id": str(record_id),
        "agency": str(told.agency_id),
        "at": canonical_moment(at),
        "business_on": business_on.isoformat(),
        "direction": str(exposure.direction),
        "platform": str(told.platform),
        "account": told.account,
        "operation": exposure.operation,
        "service": told.service,
        "mapping_version": told.mapping_version,
        "purpose": told.purpose,
        "legal_basis": told.legal_basis,
        "fields": sorted(told.fields),
        "actor": str(told.actor) if told.actor else None,
        "concerned": [str(chain) for chain in concerned],
        "subject": str(told.subject) if told.subject else None,
        "request_id": told.request_id,
        "status": exposure.status,
        "headers": sorted(exposure.headers),
        "digest": commit(salt, exposure.content),
        "salt_hash": hash_salt(salt),
        "nonce": nonce.hex(),
    }
    chains = tuple(dict.fromkeys(([told.actor] if told.actor else []) + list(concerned)))
    return Leaf(
        record_id, told.agency_id, at, "exposure", str(told.platform), str(exposure.direction), told.service, chains,
        dump_plain(body),
    )  # fmt: skip


def dump_plain(body: Mapping[str, JsonValue]) -> bytes:
    """``rfc8785.dumps`` of what has names in ASCII, texts, whole numbers, null and lists of texts, ten times as fast: each append waits for it.

    Raises ``ValueError`` for a text that has no UTF-8. A test holds it against the library.
    """
    return _PLAIN.encode(body).encode()


def make_outcome_leaf(
    record_id: UUID, of: UUID, agency_id: UUID, at: datetime, outcome: Outcome, status: int | None, *, nonce: bytes
) -> Leaf:
    """The canonical leaf that says what became of an earlier ``sent_to_server`` record."""
    body: dict[str, JsonValue] = {
        "v": LEAF_FORMAT, "kind": "outcome", "id": str(record_id), "of": str(of), "agency": str(agency_id),
        "at": canonical_moment(at), "outcome": str(outcome), "status": status, "nonce": nonce.hex(),
    }  # fmt: skip
    return Leaf(record_id, agency_id, at, "outcome", "", "", "", (), rfc8785.dumps(body))


def make_publication_leaf(
    record_id: UUID, agency_id: UUID, at: datetime, release: str, manifest: Mapping[str, str], *, nonce: bytes
) -> Leaf:
    """The canonical leaf of one release: path or name of every published body and its SHA-256."""
    body: dict[str, JsonValue] = {
        "v": LEAF_FORMAT, "kind": "publication", "id": str(record_id), "agency": str(agency_id),
        "at": canonical_moment(at), "release": release, "bodies": dict(sorted(manifest.items())), "nonce": nonce.hex(),
    }  # fmt: skip
    return Leaf(record_id, agency_id, at, "publication", "", "", "", (), rfc8785.dumps(body))


def make_attribution_leaf(
    record_id: UUID, agency_id: UUID, at: datetime, platform: str, request_id: str, chain: UUID, of: Sequence[UUID],
    *, nonce: bytes,
) -> Leaf:  # fmt: skip
    """The canonical leaf that says whom earlier records of one request concern: they were written before that was known."""
    named = tuple(dict.fromkeys(of))
    body: dict[str, JsonValue] = {
        "v": LEAF_FORMAT, "kind": "attribution", "id": str(record_id), "agency": str(agency_id),
        "at": canonical_moment(at), "platform": platform, "request_id": request_id, "chain": str(chain),
        "records": [str(one) for one in named], "nonce": nonce.hex(),
    }  # fmt: skip
    pairs = tuple((chain, one) for one in named)
    return Leaf(record_id, agency_id, at, "attribution", platform, "", "", (), rfc8785.dumps(body), pairs)


def make_statistics_leaf(
    record_id: UUID, agency_id: UUID, at: datetime, month: str, digest: str, *, nonce: bytes
) -> Leaf:  # fmt: skip
    """The canonical leaf that says what the statistics of a closed month were: the SHA-256 (hex) of their document."""
    body: dict[str, JsonValue] = {
        "v": LEAF_FORMAT, "kind": "statistics", "id": str(record_id), "agency": str(agency_id),
        "at": canonical_moment(at), "month": month, "digest": digest, "nonce": nonce.hex(),
    }  # fmt: skip
    return Leaf(record_id, agency_id, at, "statistics", "", "", "", (), rfc8785.dumps(body))


def make_join_leaf(record_id: UUID, agency_id: UUID, at: datetime, chain: UUID, into: UUID, *, nonce: bytes) -> Leaf:
    """The canonical leaf that says that two chains are of one human from now on: ``into`` goes on, ``chain`` keeps what it has."""
    body: dict[str, JsonValue] = {
        "v": LEAF_FORMAT, "kind": "join", "id": str(record_id), "agency": str(agency_id),
        "at": canonical_moment(at), "chain": str(chain), "into": str(into), "nonce": nonce.hex(),
    }  # fmt: skip
    return Leaf(record_id, agency_id, at, "join", "", "", "", (chain, into), rfc8785.dumps(body))


def make_closing_leaf(record_id: UUID, agency_id: UUID, at: datetime, chain: UUID, *, nonce: bytes) -> Leaf:
    """The canonical leaf that says that the link from a chain to its person was erased: from now on nobody knows whose it is."""
    body: dict[str, JsonValue] = {
        "v": LEAF_FORMAT, "kind": "closing", "id": str(record_id), "agency": str(agency_id),
        "at": canonical_moment(at), "chain": str(chain), "nonce": nonce.hex(),
    }  # fmt: skip
    return Leaf(record_id, agency_id, at, "closing", "", "", "", (chain,), rfc8785.dumps(body))


def name_statistics(month: str) -> str:
    """Under what the digest of a month is claimed, beside the releases of publications: a colon is in no release."""
    return f"statistics:{month}"


def digest_manifest(manifest: Mapping[str, str]) -> bytes:
    """SHA-256 of a manifest in canonical form: what makes a publication unique."""
    return hashlib.sha256(rfc8785.dumps(dict(manifest))).digest()


def canonical_moment(at: datetime) -> str:
    """UTC with microseconds and Z, always the same width. Raises ``ValueError`` for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    utc = at - (at.utcoffset() or at - at)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond:06d}Z"


def read_leaf(data: bytes) -> dict[str, JsonValue]:
    """A stored leaf as an object, or an empty one if it is none: for following references, never for believing it."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def check_leaf(leaf: Leaf, leaf_hash: bytes) -> list[str]:
    """Faults of a stored record against itself: canonical form, members, columns, persons, hash. An empty list means none.

    The bytes may be anything: whoever can change a leaf can write what they like into it.
    """
    body = read_leaf(leaf.data)
    if not body:
        return ["the leaf is not a JSON object"]
    faults = [] if _is_canonical(body, leaf.data) else ["the leaf is not canonical"]
    if leaf.leaf_hash != leaf_hash:
        faults.append("the leaf hash does not fit the leaf")
    faults += _check_members(body)
    stored = {
        "id": str(leaf.record_id), "agency": str(leaf.agency_id), "at": canonical_moment(leaf.at), "kind": leaf.kind,
        "platform": leaf.platform, "direction": leaf.direction, "service": leaf.service,
    }  # fmt: skip
    faults += [f"column {name} differs from the leaf" for name, value in stored.items() if body.get(name, "") != value]
    if name_persons(body) != {str(chain) for chain in leaf.chains}:
        faults.append("the persons of the record differ from the leaf")
    return faults


def check_canonical(data: bytes) -> list[str]:
    """Faults of a record's bytes alone, without its row: canonical form and the members of its kind. They may be anything."""
    body = read_leaf(data)
    if not body or not _is_canonical(body, data):
        return ["the leaf is not canonical"]
    return _check_members(body)


def name_persons(body: Mapping[str, JsonValue]) -> set[str]:
    """The chain ids under which a leaf itself stands in the index: actor and concerned, both chains of a join, the one of a closing."""
    concerned = body.get("concerned")
    named = [body.get("actor"), *(concerned if isinstance(concerned, list) else [])]
    if str(body.get("kind")) in {"join", "closing"}:
        named += [body.get("chain"), body.get("into")]
    return {str(chain) for chain in named if chain}


def _is_canonical(body: Mapping[str, JsonValue], data: bytes) -> bool:
    try:
        return rfc8785.dumps(dict(body)) == data
    except (rfc8785.CanonicalizationError, RecursionError):
        return False


def _check_members(body: Mapping[str, JsonValue]) -> list[str]:
    """Members of the kind, all and no other; commitments and nonce of their length; words from their lists."""
    keys = _KEYS.get(str(body.get("kind")), frozenset())
    hashes = [name for name in ("nonce", "digest", "salt_hash") if name in keys]
    if body.get("v") == 1:
        keys -= {"salt_hash"}
        hashes = [name for name in hashes if name != "salt_hash"]
    elif body.get("v") != LEAF_FORMAT:
        return ["the leaf has an unknown format"]
    if set(body) != keys:
        return ["the leaf does not have the members of its kind"]
    faults = [f"{name} is not 32 bytes in hex" for name in hashes if not _HASH.fullmatch(str(body[name]))]
    for name, words in (("direction", Direction), ("outcome", Outcome)):
        if name in keys and body[name] not in [str(word) for word in words]:
            faults.append(f"{name} is unknown")
    return faults
