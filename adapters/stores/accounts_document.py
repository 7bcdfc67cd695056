"""The accounts document: agencies, apps, merchants and back ends of one environment, checked before anything is written.

Its keys stand in ``docs/accounts.md``. All faults are listed in one ``ConfigurationFault``, by place, never with a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from config.mail_place import MOST_ADDRESSES, is_mail_address
from services.doors import OWN_DOORS, PLATFORMS
from services.errors import ConfigurationFault
from services.model import Language, MerchantMode

_SHAPES: Mapping[str, tuple[str, frozenset[str], frozenset[str]]] = {
    "agencies": ("slug", frozenset({"slug", "name"}), frozenset({"parent", "supervision_mail"})),
    "apps": ("app", frozenset({"app", "agency", "platform", "app_id", "api_url"}), frozenset({"secrets", "options"})),
    "merchants": (
        "account",
        frozenset({"account", "agency", "platform", "app_id", "merchant_id", "mode", "pay_url", "payee"}),
        frozenset({"sub_merchant_id", "secrets", "options", "valid_from", "valid_until"}),
    ),
    "back_ends": ("name", frozenset({"name", "agency", "url"}), frozenset({"secrets", "options"})),
}

_HTTP = re.compile(r"https?://")
_ADDRESSES = {"api_url": _HTTP, "pay_url": _HTTP, "url": re.compile(r"https?://|[a-z0-9]+(\+[a-z0-9_]+)?://")}
"""A back end may be a database: its address is then one of SQLAlchemy's, as ``postgresql://registry.city.example/vehicles``."""


def check_document(document: Mapping[str, Any]) -> None:
    """Raise ``ConfigurationFault`` with every fault of the document."""
    faults = [f"{name}: unknown section" for name in sorted(set(document) - set(_SHAPES))]
    for section, (key, needed, allowed) in _SHAPES.items():
        entries = document.get(section, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            faults.append(f"{section}: not a list of entries")
            continue
        for place, entry in enumerate(entries):
            faults += [f"{section}[{place}]: {fault}" for fault in _check_entry(section, entry, needed, allowed)]
        names = [_identity(section, entry, key) for entry in entries]
        faults += [f"{section}: two entries have the same {key}"] if len(set(names)) < len(names) else []
    if not faults:
        faults += _check_tree(document)
    if faults:
        raise ConfigurationFault("the accounts document: " + "; ".join(faults))


def _identity(section: str, entry: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Back ends are named within their agency, everything else for itself."""
    return (str(entry.get("agency")), str(entry.get(key))) if section == "back_ends" else (str(entry.get(key)),)


def _check_entry(
    section: str, entry: Mapping[str, Any], needed: frozenset[str], allowed: frozenset[str]
) -> Iterator[str]:
    absent, unknown = needed - entry.keys(), entry.keys() - needed - allowed
    yield from (f"{name} is missing" for name in sorted(absent))
    yield from (f"{name} is unknown" for name in sorted(map(str, unknown)))
    for name in ("secrets", "options"):
        words = entry.get(name) or {}
        if not isinstance(words, dict) or not all(isinstance(word, str) for pair in words.items() for word in pair):
            yield f"{name} is not a mapping of texts"
    for name in ("api_url", "pay_url", "url"):
        if name in entry and not _ADDRESSES[name].match(str(entry[name])):
            yield f"{name} is not an http(s) address" + (" and not one of a database" if name == "url" else "")
    if "platform" in entry and entry["platform"] not in set(PLATFORMS):
        yield "platform is unknown"
    if section == "apps" and entry.get("app") in set(OWN_DOORS):
        yield "app has the name of an own door"
    if section == "agencies" and set(entry.get("name") or ()) != set(Language):
        yield "name is not in zh-CN and en"
    if section == "agencies" and not _are_mailboxes(entry.get("supervision_mail", [])):
        yield "supervision_mail is not a list of mail addresses"
    if section == "merchants":
        yield from _check_merchant(entry)


def _are_mailboxes(told: object) -> bool:
    return (
        isinstance(told, list)
        and len(told) <= MOST_ADDRESSES
        and all(isinstance(address, str) and is_mail_address(address) for address in told)
    )


def _check_merchant(entry: Mapping[str, Any]) -> Iterator[str]:
    if entry.get("mode") not in set(MerchantMode):
        yield "mode is neither direct nor partner"
    elif (entry["mode"] == MerchantMode.PARTNER) != bool(entry.get("sub_merchant_id")):
        yield "sub_merchant_id belongs to partner mode, and to it alone"
    for name in ("valid_from", "valid_until"):
        if entry.get(name) is not None and read_moment(entry[name]) is None:
            yield f"{name} is not a moment with a time zone"


def _check_tree(document: Mapping[str, Any]) -> Iterator[str]:
    parents = {entry["slug"]: entry.get("parent") for entry in document.get("agencies", [])}
    if parents and sum(parent is None for parent in parents.values()) != 1:
        yield "agencies: exactly one has no parent"
    for slug in parents:
        seen, place = set(), slug
        while place is not None and place in parents and place not in seen:
            seen.add(place)
            place = parents[place]
        if place is not None:
            yield f"agencies: {slug} does not lead to the root"
    for section in ("apps", "merchants", "back_ends"):
        for place_no, entry in enumerate(document.get(section, [])):
            if entry["agency"] not in parents:
                yield f"{section}[{place_no}]: agency is unknown"


def read_moment(value: object) -> datetime | None:
    """A moment of the document: an ISO 8601 text or a YAML timestamp, with a time zone; None for anything else."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
