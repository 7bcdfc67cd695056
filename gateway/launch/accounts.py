"""From the sandbox's credentials to our own: one secret file per key, and the accounts document that names them.

This is what an operator does by hand in production: take each key from the platform's merchant page, store it as a
secret, and write its *name* into the accounts document. Shapes: ``docs/accounts.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.secrets import write_secret
from gateway.launch.mail import list_levels, name_mailbox


class SecretShelf:
    """Puts values into the secrets folder and answers with their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, owner: str, purpose: str, value: str | bytes) -> tuple[str, str]:
        """Store one value; the pair of purpose and secret name."""
        name = f"{owner}.{purpose}"
        write_secret(self._folder, name, value.encode() if isinstance(value, str) else value)
        return purpose, name

    def put_file(self, owner: str, purpose: str, path: str) -> tuple[str, str]:
        """Store the content of a file that the sandbox wrote."""
        return self.put(owner, purpose, Path(path).read_bytes())


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the makers of entries share: the root agency, the platforms' addresses, where secrets go, whose account is whose."""

    root: str
    addresses: Mapping[str, str]
    shelf: SecretShelf
    owners: Mapping[str, Mapping[str, str]]


def make_accounts(
    credentials: Mapping[str, Any], bindings: Mapping[str, Any], addresses: Mapping[str, str], secrets: Path
) -> dict[str, Any]:
    """Store all secrets of a sandbox and give its accounts document.

    ``credentials`` and ``bindings`` are the sandbox's documents of these names: every agency, back end and payee comes from there.
    """
    owners = {
        account: {"payee": entry["payee"], "agency": entry["agency"]}
        for entry in bindings["payees"]
        for account in entry["accounts"].values()
    }
    root = next(agency["slug"] for agency in bindings["agencies"] if agency["parent"] is None)
    desk = _Desk(root, addresses, SecretShelf(secrets), owners)
    wechat, alipay = credentials["wechat"], credentials["alipay"]["apps"]
    return {
        "agencies": [_make_agency(entry, list_levels(bindings["agencies"])) for entry in bindings["agencies"]],
        "apps": [
            *(_make_wechat_app(entry, desk) for entry in wechat["apps"]),
            *(_make_alipay_app(entry, desk) for entry in alipay if entry["account"] not in owners),
        ],
        "merchants": [
            *(_make_wechat_merchant(entry, desk) for entry in wechat["merchants"] if entry["account"] in owners),
            *(_make_alipay_merchant(entry, desk) for entry in alipay if entry["account"] in owners),
        ],
        "back_ends": [_make_back_end(entry, desk.shelf) for entry in bindings["back_ends"]],
    }


def _make_agency(entry: Mapping[str, Any], levels: Sequence[str]) -> dict[str, Any]:
    """The same entry; a level of government has a mailbox of its supervision office."""
    slug = entry["slug"]
    return {**entry, "supervision_mail": [name_mailbox(slug)]} if slug in levels else dict(entry)


def _make_back_end(entry: Mapping[str, Any], shelf: SecretShelf) -> dict[str, Any]:
    """The same entry with the names of its secrets; each agency that binds the back end has secrets of its own."""
    owner = f"{entry['agency']}.{entry['name']}"
    return {**entry, "secrets": dict(shelf.put(owner, purpose, value) for purpose, value in entry["secrets"].items())}


def _make_wechat_app(entry: Mapping[str, Any], desk: _Desk) -> dict[str, Any]:
    account = entry["account"]
    return {
        "app": account,
        "agency": desk.root,
        "platform": "wechat",
        "app_id": entry["app_id"],
        "api_url": desk.addresses["wechat"],
        "secrets": dict([desk.shelf.put(account, "app_secret", entry["app_secret"])]),
        "options": {f"template_{name}": template for name, template in entry["templates"].items()},
    }


def _make_wechat_merchant(entry: Mapping[str, Any], desk: _Desk) -> dict[str, Any]:
    account, shelf = entry["account"], desk.shelf
    options = {"serial_no": entry["serial_no"], "verification": entry["verification"]}
    secrets = [
        shelf.put_file(account, "private_key", entry["private_key_file"]),
        shelf.put(account, "api_v3_key", entry["api_v3_key"]),
    ]
    if entry["verification"] == "public_key":
        options["public_key_id"] = entry["public_key_id"]
        secrets.append(shelf.put_file(account, "platform_public_key", entry["platform_public_key_file"]))
    fees = entry.get("non_tax")
    if fees:
        options["bank_id"] = fees["bank_id"]
        secrets += [shelf.put(account, f"non_tax_{name}", fees[name]) for name in ("sign_key", "encrypt_key")]
    return {
        "account": account,
        **desk.owners[account],
        "platform": "wechat",
        "app_id": entry["app_id"],
        "merchant_id": entry["merchant_id"],
        "mode": entry["mode"],
        "sub_merchant_id": entry["sub_merchant_id"],
        "pay_url": desk.addresses["wechat"],
        "secrets": dict(secrets),
        "options": options,
    }


def _store_alipay_keys(account: str, entry: Mapping[str, Any], shelf: SecretShelf) -> dict[str, str]:
    purposes = ["private_key"]
    if entry["mode"] == "certificate":
        purposes += ["app_certificate", "root_certificate", "alipay_certificate"]
    else:
        purposes += ["alipay_public_key"]
    if entry.get("aes_key_file"):
        purposes += ["aes_key"]
    return dict(shelf.put_file(account, purpose, entry[f"{purpose}_file"]) for purpose in purposes)


def _make_alipay_app(entry: Mapping[str, Any], desk: _Desk) -> dict[str, Any]:
    account = entry["account"]
    return {
        "app": account,
        "agency": desk.root,
        "platform": "alipay",
        "app_id": entry["app_id"],
        "api_url": desk.addresses["alipay"],
        "secrets": _store_alipay_keys(account, entry, desk.shelf),
        "options": {"mode": entry["mode"]}
        | {f"template_{name}": template for name, template in (entry.get("templates") or {}).items()},
    }


def _make_alipay_merchant(entry: Mapping[str, Any], desk: _Desk) -> dict[str, Any]:
    account = entry["account"]
    return {
        "account": account,
        **desk.owners[account],
        "platform": "alipay",
        "app_id": entry["app_id"],
        "merchant_id": entry["seller_id"],
        "mode": "direct",
        "sub_merchant_id": None,
        "pay_url": desk.addresses["alipay"],
        "secrets": _store_alipay_keys(account, entry, desk.shelf),
        "options": {"mode": entry["mode"]},
    }
