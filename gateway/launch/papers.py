"""What a run on this machine signs with: keys for slips and seals of the organs, made at the first start. Demo and test only.

In production the keys come from ``slip keys new`` and the seals from the office's certification authority (``docs/certificates.md``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import yaml

from adapters.clock import make_clock
from adapters.mapping_files import MAPPINGS_FOLDER
from adapters.printing.seals import make_demo_seals
from adapters.slip_keys import KEYS_FILE, REVOCATION_LIST, KeyFolder, add_key
from gateway.launch.stack import Stack
from services.slips import SlipKind

OF_RECEIPTS = (SlipKind.CASE_RECEIPT, SlipKind.PAYMENT_RECEIPT, SlipKind.COLLECTION_CODE)
"""What the web processes sign."""
OF_DOCUMENTS = (SlipKind.CERTIFICATE, SlipKind.VOUCHER, REVOCATION_LIST)
"""What the worker alone signs: in production no other process has this key."""


def make_papers(stack: Stack, root_name: str, mappings: Path | None = None) -> None:
    """Keys and seals unless they are there and good; ``root_name`` is the organ whose seal stands in for others."""
    now = make_clock(stack.clock_file, "demo").now()
    made = [kinds for kinds in (OF_RECEIPTS, OF_DOCUMENTS) if not _has_key(folder_of_slips(stack), kinds, now)]
    for kinds in made:
        add_key(folder_of_slips(stack), kinds, now)
    organs = [root_name, *list_organs((MAPPINGS_FOLDER, *([mappings] if mappings else [])))]
    seals = make_demo_seals(folder_of_seals(stack), organs, now)
    if made or seals:
        stack.report("keys for slips and seals for documents are made, for this machine only")


def folder_of_slips(stack: Stack) -> Path:
    """Where the keys of slips lie."""
    return stack.places.folder("slips")


def folder_of_seals(stack: Stack) -> Path:
    """Where the seals lie."""
    return stack.places.folder("seals")


def list_organs(folders: Iterable[Path]) -> Iterator[str]:
    """Whoever signs letters by a mapping in these folders."""
    for path in (path for folder in folders for path in sorted(folder.glob("*.yaml"))):
        counter = (yaml.safe_load(path.read_text("utf-8")) or {}).get("counter") or {}
        if counter.get("rights_by"):
            yield counter["rights_by"]


def _has_key(folder: Path, kinds: Sequence[str], now: datetime) -> bool:
    if not (folder / KEYS_FILE).exists():
        return False
    return any(all(key.signs(kind, now) for kind in kinds) for key in KeyFolder(folder).list_keys().values())
