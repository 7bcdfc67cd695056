"""A citizen's file: all that the ledger has of her, with what proves it, as one canonical JSON document (RFC 8785) that is read anywhere.

This is the form alone, written and read in one way: bytes that ``write_file`` would not write are no file. What is in it is judged by
``services/exposure_file_check.py`` with nothing but published keys, and gathered by ``services/exposure_file_maker.py``.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785

from services.leaves import canonical_moment
from services.merkle import HASH_SIZE, MAX_PROOF
from services.model import JsonValue
from services.signed_note import decode_base64, encode_base64

FORMAT, VERSION = "guitai exposure file", 1
MEDIA_TYPE = "application/json"
MAX_BYTES = 64 * 1024 * 1024
MAX_LEAVES = 40_000
MAX_CHAINS = 100
MAX_WORDS = 2_000
MAX_NUMBER = (1 << 53) - 1
"""What RFC 8785 writes as a whole number. Indices of a tree that is larger are not written in a file of this version."""
_MAX_MAP_PROOF = 2 + 32 + (256 + 2) * HASH_SIZE


class FileRefused(ValueError):
    """Bytes are no file of this format; the message says why and holds nothing of them."""


@dataclass(frozen=True, slots=True)
class ProvenLeaf:
    """A leaf of the tree: where it stands, its canonical bytes, and its inclusion proof under the file's checkpoint."""

    index: int
    data: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FileLink:
    """A link of a chain: its number, at which index of the tree its leaf stands, and the link before."""

    number: int
    index: int
    previous: bytes


@dataclass(frozen=True, slots=True)
class FileChain:
    """A chain of hers, how it ends by the map, the proof of that (``sparse_map.write_proof``), and all of its links."""

    chain: UUID
    length: int
    head: bytes
    map_proof: bytes
    links: tuple[FileLink, ...]


@dataclass(frozen=True, slots=True)
class ExposureFile:
    """The whole file. ``checkpoint`` is the published note with its cosignatures; ``words`` are for people and proven by nothing.

    ``leaves``, in order of index and each once: of her chains, those that they speak of, the restores of the log, and the map leaf.
    """

    origin: str
    made_at: datetime
    checkpoint: bytes
    chains: tuple[FileChain, ...]
    leaves: tuple[ProvenLeaf, ...]
    words: tuple[str, ...] = ()


def write_file(file: ExposureFile) -> bytes:
    """The one form; raises ``FileRefused`` if it would not be read again."""
    data = _dump(file)
    if read_file(data) != file:
        raise FileRefused("a file has one form")
    return data


def read_file(data: bytes) -> ExposureFile:
    """The file that these bytes are, of which nothing is believed yet; raises ``FileRefused`` for any others."""
    if len(data) > MAX_BYTES:
        raise FileRefused(f"a file has at most {MAX_BYTES} bytes")
    try:
        body = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise FileRefused("this is not JSON in UTF-8") from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise FileRefused("this is no exposure file")
    if body.get("version") != VERSION or type(body["version"]) is not int:
        raise FileRefused("the file has a version that is not known here")
    try:
        file = _read_body(body)
        written = _dump(file)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        told = str(error) if isinstance(error, FileRefused) else "a part of the file has another form"
        raise FileRefused(told) from None
    if written != data:
        raise FileRefused("the file is not written in its one form (RFC 8785, no member more)")
    return file


def _dump(file: ExposureFile) -> bytes:
    body: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "origin": file.origin,
        "made_at": canonical_moment(file.made_at),
        "checkpoint": file.checkpoint.decode("utf-8"),
        "chains": [_write_chain(one) for one in file.chains],
        "leaves": [
            {"index": one.index, "leaf": one.data.decode("utf-8"), "proof": [encode_base64(step) for step in one.proof]}
            for one in file.leaves
        ],
        "words": list(file.words),
    }
    try:
        return rfc8785.dumps(body)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError):
        raise FileRefused("a part of the file cannot be written in its one form") from None


def _write_chain(one: FileChain) -> dict[str, JsonValue]:
    links = [
        {"number": link.number, "index": link.index, "previous": encode_base64(link.previous)} for link in one.links
    ]
    return {
        "id": str(one.chain), "length": one.length, "head": encode_base64(one.head),
        "map_proof": encode_base64(one.map_proof), "links": links,
    }  # fmt: skip


def _read_body(body: Mapping[str, Any]) -> ExposureFile:
    leaves = tuple(_read_leaf(one) for one in _take_list(body["leaves"], MAX_LEAVES, "leaves"))
    if any(later.index <= one.index for one, later in itertools.pairwise(leaves)):
        raise FileRefused("leaves stand in order of index, each once")
    chains = tuple(_read_chain(one) for one in _take_list(body["chains"], MAX_CHAINS, "chains"))
    if len({one.chain for one in chains}) != len(chains):
        raise FileRefused("a chain stands in the file once")
    if sum(len(one.links) for one in chains) > 2 * MAX_LEAVES:
        raise FileRefused("the file has too many links")
    words = tuple(_take_text(one) for one in _take_list(body["words"], MAX_WORDS, "words"))
    made_at = datetime.fromisoformat(_take_text(body["made_at"]))
    checkpoint = _take_text(body["checkpoint"]).encode("utf-8")
    return ExposureFile(_take_text(body["origin"]), made_at, checkpoint, chains, leaves, words)


def _read_leaf(one: Any) -> ProvenLeaf:
    proof = tuple(_take_hash(step) for step in _take_list(one["proof"], MAX_PROOF, "hashes of a proof"))
    return ProvenLeaf(_take_number(one["index"]), _take_text(one["leaf"]).encode("utf-8"), proof)


def _read_chain(one: Any) -> FileChain:
    links = tuple(
        FileLink(_take_number(link["number"]), _take_number(link["index"]), _take_hash(link["previous"]))
        for link in _take_list(one["links"], MAX_LEAVES, "links of a chain")
    )
    proof = decode_base64(_take_text(one["map_proof"]))
    if not proof or len(proof) > _MAX_MAP_PROOF:
        raise FileRefused("a proof of the map has another form")
    return FileChain(UUID(_take_text(one["id"])), _take_number(one["length"]), _take_hash(one["head"]), proof, links)


def _take_list(value: Any, most: int, what: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise FileRefused(f"{what} are a list")
    if len(value) > most:
        raise FileRefused(f"a file has at most {most} {what}")
    return value


def _take_text(value: Any) -> str:
    if not isinstance(value, str):
        raise FileRefused("a text is missing")
    return value


def _take_number(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise FileRefused("a number is not whole, or out of range")
    return value


def _take_hash(value: Any) -> bytes:
    found = decode_base64(_take_text(value))
    if len(found) != HASH_SIZE:
        raise FileRefused("a hash has 32 bytes in base64")
    return found


def name_file(made_at: datetime) -> str:
    """Under what it is saved: no name and no number of hers."""
    return re.sub(r"[^0-9TZ]", "", canonical_moment(made_at)[:19]) + "-exposure.json"
