"""The platforms' merchant portals: credentials that a merchant would get there, made once under the sandbox's home.

``credentials.json`` holds what the *merchant* gets (shape below), files hold keys and certificates (mode 0600). The
platforms' own private keys lie beside them and stand in no document::

    {"wechat": {"apps": [{"account", "app_id", "app_secret", "templates": {name: id}}],
                "merchants": [{"account", "merchant_id", "mode", "sub_merchant_id", "app_id", "api_v3_key", "serial_no",
                               "private_key_file", "certificate_file", "verification", "public_key_id",
                               "platform_public_key_file"}]},
     "alipay": {"apps": [{"account", "app_id", "seller_id", "mode", "private_key_file", "alipay_public_key_file",
                          "aes_key_file", "app_certificate_file", "alipay_certificate_file", "root_certificate_file",
                          "templates"}]},
     "gas": {"api_key"}, "water": {"mac_key", "institution_id", "company_id"}, "register": {"api_key"}, "face": {"api_key"}}
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.sandbox.portal_alipay import make_alipay
from adapters.sandbox.portal_wechat import make_wechat

_MAKERS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "wechat": make_wechat,
    "alipay": make_alipay,
    "gas": lambda _: {"api_key": secrets.token_hex(24)},
    "water": lambda _: {"mac_key": secrets.token_hex(32), "institution_id": "GUITAI0001", "company_id": "WATER001"},
    "register": lambda _: {"api_key": secrets.token_hex(24)},
    "face": lambda _: {"api_key": secrets.token_hex(24)},
}


def open_portal(home: Path, names: set[str]) -> dict[str, Any]:
    """Read the credentials under ``home`` and make those that are missing for ``names``; gives all that exist."""
    file = home / "credentials.json"
    credentials: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    missing = [name for name in _MAKERS if name in names and name not in credentials]
    for name in missing:
        folder = home / "credentials" / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        credentials[name] = _MAKERS[name](folder)
    if missing:
        write_atomically(file, json.dumps(credentials, ensure_ascii=False, indent=2))
    return credentials


def write_atomically(path: Path, text: str) -> None:
    """Write a whole file with mode 0600: a reader sees the old one or the new one."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    partial.replace(path)
