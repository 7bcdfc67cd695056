"""To which chains a leaf belongs: what the sequencer links, and what whoever checks a file or the ledger computes once more.

| leaf | chains |
|---|---|
| exposure | the connection (agency, platform, account), then actor and persons concerned |
| outcome | those of the record of which it speaks |
| attribution | the person whom it names; the records that it names are found by their ids |
| join | the chain that is taken over, and the one that goes on |
| closing | the chain whose link to a person is erased |
| publication, statistics, map | none |
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from services.chains import name_connection, name_person
from services.model import JsonValue

_PERSONS: Mapping[str, tuple[str, ...]] = {
    "exposure": ("actor",), "attribution": ("chain",), "join": ("chain", "into"), "closing": ("chain",),
}  # fmt: skip


def list_persons(leaf: Mapping[str, JsonValue], of: Mapping[str, JsonValue] | None = None) -> list[UUID]:
    """The chain ids of the persons in whose chains a leaf stands, each once; ``of``: the leaf of which an outcome speaks.

    What is no leaf, or names no id where one belongs, has none: whoever can change a leaf can write into it what they like.
    """
    if leaf.get("kind") == "outcome":
        return list_persons(of) if of is not None and of.get("kind") != "outcome" else []
    names = [leaf.get(member) for member in _PERSONS.get(str(leaf.get("kind")), ())]
    concerned = leaf.get("concerned")
    if leaf.get("kind") == "exposure" and isinstance(concerned, list):
        names += concerned
    return list(dict.fromkeys(chain for chain in map(_read_id, names) if chain is not None))


def list_chains(leaf: Mapping[str, JsonValue], of: Mapping[str, JsonValue] | None = None) -> list[bytes]:
    """The names of the chains of a leaf (32 bytes each), each once: the connection first, then the persons."""
    told = of if leaf.get("kind") == "outcome" else leaf
    persons = [name_person(chain) for chain in list_persons(leaf, of)]
    if told is None or told.get("kind") != "exposure":
        return persons
    agency, platform, account = _read_id(told.get("agency")), told.get("platform"), told.get("account")
    if agency is None or not isinstance(platform, str) or not isinstance(account, str) or "\x00" in platform:
        return persons
    try:
        return [name_connection(agency, platform, account), *persons]
    except UnicodeEncodeError:
        return persons


def _read_id(value: JsonValue) -> UUID | None:
    """The id in its one written form, or None."""
    try:
        found = UUID(value)
    except (ValueError, AttributeError, TypeError):
        return None
    return found if str(found) == value else None
