"""From the sandbox's credentials to our own: one secret file per key, and the accounts document that names them.

This is what an operator does by hand in production: take each key from the platform's merchant page, store it as a
secret, and write its *name* into the accounts document. Shapes: ``docs/accounts.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.secrets import write_secret

CITY, GAS_OFFICE, WATER_OFFICE = "demo-city", "demo-gas-office", "demo-water-office"
PAYEES = {"gas": ("gas-company", GAS_OFFICE), "water": ("water-company", WATER_OFFICE)}


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


def make_accounts(credentials: Mapping[str, Any], addresses: Mapping[str, str], secrets: Path) -> dict[str, Any]:
    """Store all secrets of the demo and give its accounts document."""
    shelf = SecretShelf(secrets)
    wechat, alipay = credentials["wechat"], credentials["alipay"]
    return {
        "agencies": _list_agencies(),
        "apps": [
            _make_wechat_app(wechat["apps"][0], addresses["wechat"], shelf),
            _make_alipay_app(_find(alipay["apps"], "alipay-main"), addresses["alipay"], shelf),
        ],
        "merchants": [
            *(_make_wechat_merchant(entry, addresses["wechat"], shelf) for entry in wechat["merchants"]),
            *(
                _make_alipay_merchant(_find(alipay["apps"], account), addresses["alipay"], shelf)
                for account in ("gas-alipay", "water-alipay")
            ),
        ],
        "back_ends": _list_back_ends(credentials, addresses, shelf),
    }


def _find(entries: list[dict[str, Any]], account: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["account"] == account)


def _list_agencies() -> list[dict[str, Any]]:
    return [
        {"slug": CITY, "name": {"zh-CN": "演示市政务服务中心", "en": "Demo City Service Centre"}, "parent": None},
        {"slug": GAS_OFFICE, "name": {"zh-CN": "演示市燃气办", "en": "Demo City Gas Office"}, "parent": CITY},
        {"slug": WATER_OFFICE, "name": {"zh-CN": "演示市供水办", "en": "Demo City Water Office"}, "parent": CITY},
    ]


def _make_wechat_app(entry: Mapping[str, Any], url: str, shelf: SecretShelf) -> dict[str, Any]:
    return {
        "app": "wechat-main",
        "agency": CITY,
        "platform": "wechat",
        "app_id": entry["app_id"],
        "api_url": url,
        "secrets": dict([shelf.put("wechat-main", "app_secret", entry["app_secret"])]),
        "options": {f"template_{name}": template for name, template in entry["templates"].items()},
    }


def _make_wechat_merchant(entry: Mapping[str, Any], url: str, shelf: SecretShelf) -> dict[str, Any]:
    account = entry["account"]
    payee, agency = PAYEES[account.split("-")[0]]
    options = {"serial_no": entry["serial_no"], "verification": entry["verification"]}
    secrets = [
        shelf.put_file(account, "private_key", entry["private_key_file"]),
        shelf.put(account, "api_v3_key", entry["api_v3_key"]),
    ]
    if entry["verification"] == "public_key":
        options["public_key_id"] = entry["public_key_id"]
        secrets.append(shelf.put_file(account, "platform_public_key", entry["platform_public_key_file"]))
    return {
        "account": account,
        "agency": agency,
        "platform": "wechat",
        "app_id": entry["app_id"],
        "merchant_id": entry["merchant_id"],
        "mode": entry["mode"],
        "sub_merchant_id": entry["sub_merchant_id"],
        "pay_url": url,
        "payee": payee,
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


def _make_alipay_app(entry: Mapping[str, Any], url: str, shelf: SecretShelf) -> dict[str, Any]:
    return {
        "app": "alipay-main",
        "agency": CITY,
        "platform": "alipay",
        "app_id": entry["app_id"],
        "api_url": url,
        "secrets": _store_alipay_keys("alipay-main", entry, shelf),
        "options": {"mode": entry["mode"]}
        | {f"template_{name}": template for name, template in (entry.get("templates") or {}).items()},
    }


def _make_alipay_merchant(entry: Mapping[str, Any], url: str, shelf: SecretShelf) -> dict[str, Any]:
    account = entry["account"]
    payee, agency = PAYEES[account.split("-")[0]]
    return {
        "account": account,
        "agency": agency,
        "platform": "alipay",
        "app_id": entry["app_id"],
        "merchant_id": entry["seller_id"],
        "mode": "direct",
        "sub_merchant_id": None,
        "pay_url": url,
        "payee": payee,
        "secrets": _store_alipay_keys(account, entry, shelf),
        "options": {"mode": entry["mode"]},
    }


def _list_back_ends(
    credentials: Mapping[str, Any], addresses: Mapping[str, str], shelf: SecretShelf
) -> list[dict[str, Any]]:
    water = credentials["water"]
    return [
        {
            "name": "gas-company",
            "agency": GAS_OFFICE,
            "url": addresses["gas"],
            "secrets": dict([shelf.put("gas-company", "api_key", credentials["gas"]["api_key"])]),
            "options": {},
        },
        {
            "name": "water-company",
            "agency": WATER_OFFICE,
            "url": addresses["water"],
            "secrets": dict([shelf.put("water-company", "mac_key", water["mac_key"])]),
            "options": {"institution_id": water["institution_id"], "company_id": water["company_id"]},
        },
        {
            "name": "register",
            "agency": CITY,
            "url": addresses["register"],
            "secrets": dict([shelf.put("register", "api_key", credentials["register"]["api_key"])]),
            "options": {},
        },
        {
            "name": "face-check",
            "agency": CITY,
            "url": addresses["face"],
            "secrets": dict([shelf.put("face-check", "api_key", credentials["face"]["api_key"])]),
            "options": {},
        },
    ]
