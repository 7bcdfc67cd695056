"""The platforms' merchant portals and the offices: credentials that one would get there, made once under the sandbox's home.

``credentials.json`` holds what the *merchant* gets (shape below), files hold keys and certificates (mode 0600). The
platforms' own private keys lie beside them and stand in no document::

    {"wechat": {"apps": [{"account", "app_id", "app_secret", "templates": {name: id}}],
                "merchants": [{"account", "merchant_id", "mode", "sub_merchant_id", "app_id", "api_v3_key", "serial_no",
                               "private_key_file", "certificate_file", "verification", "public_key_id",
                               "platform_public_key_file"}]},
     "alipay": {"apps": [{"account", "app_id", "seller_id", "mode", "private_key_file", "alipay_public_key_file",
                          "aes_key_file", "app_certificate_file", "alipay_certificate_file", "root_certificate_file",
                          "templates"}]},
     OFFICE: what its ``make_credentials`` gave}

Every payee of an office has a merchant account on both platforms, ``<office>-wechat`` and ``<office>-alipay``; those of an office
that was added later are added to the credentials that exist.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapters.sandbox.office import Office, Payee, find_offices
from adapters.sandbox.portal_alipay import add_sellers, make_alipay
from adapters.sandbox.portal_wechat import add_merchants, make_wechat

PLATFORMS = ("wechat", "alipay")


def open_portal(home: Path, names: set[str], offices: Mapping[str, Office] | None = None) -> dict[str, Any]:
    """Read the credentials under ``home`` and make those that are missing for ``names``; gives all that exist."""
    known = find_offices() if offices is None else offices
    file = home / "credentials.json"
    credentials: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    before = json.dumps(credentials)
    for name in (*PLATFORMS, *known):
        if name in names and name not in credentials:
            folder = _open_folder(home, name)
            credentials[name] = _MAKERS[name](folder) if name in _MAKERS else known[name].make_credentials(folder)
    _open_accounts(home, credentials, known)
    if json.dumps(credentials) != before:
        write_atomically(file, json.dumps(credentials, ensure_ascii=False, indent=2))
    return credentials


_MAKERS = {"wechat": make_wechat, "alipay": make_alipay}


def _open_accounts(home: Path, credentials: dict[str, Any], offices: Mapping[str, Office]) -> None:
    """Merchant accounts of every payee on the platforms that exist, whether or not the payee's own emulator runs."""
    payees: dict[str, Payee] = {name: one.payee for name, one in offices.items() if one.payee is not None}
    if "wechat" in credentials:
        add_merchants(_open_folder(home, "wechat"), credentials["wechat"], payees)
    if "alipay" in credentials:
        add_sellers(_open_folder(home, "alipay"), credentials["alipay"], payees)


def _open_folder(home: Path, name: str) -> Path:
    folder = home / "credentials" / name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def write_atomically(path: Path, text: str) -> None:
    """Write a whole file with mode 0600: a reader sees the old one or the new one."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)
