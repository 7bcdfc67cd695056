"""Access tokens of the mini-program server API: the stable one and the legacy one, isolated from each other.

Facts: getStableAccessToken and getAccessToken (developers.weixin.qq.com), WxJava #1222 for the legacy grace.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from adapters.sandbox.wechat.state import WeChat

LIFE_SECONDS = 7200
RENEW_SECONDS = 300
LEGACY_GRACE_SECONDS = 300
FORCED_APART_SECONDS = 30
FORCED_A_DAY = 20


class TokenQuotaReached(Exception):
    """More than 20 forced refreshes on one day."""


def give_stable(state: WeChat, app_id: str, *, force: bool) -> tuple[str, int]:
    """The stable token and its remaining seconds.

    Asked again it is the same one; in its last five minutes a new one is made and both hold. A forced refresh ends the old
    one at once, but within 30 seconds of the last it changes nothing. Raises ``TokenQuotaReached``.
    """
    now = state.clock.now()
    with state.shelf.change():
        kept = state.shelf.get("stable", app_id) or {"tokens": [], "forced": []}
        current = kept["tokens"][-1] if kept["tokens"] else None
        left = _seconds_left(current, now) if current else 0
        if force and _may_force(kept, now):
            kept["tokens"] = [_new_token(now)]
            kept["forced"].append(now.isoformat())
        elif current is None or left <= RENEW_SECONDS:
            kept["tokens"] = [*([current] if current and left > 0 else []), _new_token(now)]
        state.shelf.put("stable", app_id, kept)
        latest = kept["tokens"][-1]
        return str(latest["token"]), _seconds_left(latest, now)


def give_legacy(state: WeChat, app_id: str) -> tuple[str, int]:
    """A new legacy token at each call; the one before holds for a short grace, older ones not at all."""
    now = state.clock.now()
    with state.shelf.change():
        kept = state.shelf.get("legacy", app_id) or {"tokens": []}
        before = kept["tokens"][-1:]
        for token in before:
            grace = now + timedelta(seconds=LEGACY_GRACE_SECONDS)
            token["expires_at"] = min(datetime.fromisoformat(token["expires_at"]), grace).isoformat()
        kept["tokens"] = [*before, _new_token(now)]
        state.shelf.put("legacy", app_id, kept)
        return str(kept["tokens"][-1]["token"]), LIFE_SECONDS


def find_token(state: WeChat, token: str) -> tuple[str, bool] | None:
    """(app id, whether it still holds) of a token that was ever the latest or the one before, or None."""
    now = state.clock.now()
    for app_id in state.programs:
        for kind in ("stable", "legacy"):
            for known in (state.shelf.get(kind, app_id) or {"tokens": []})["tokens"]:
                if secrets.compare_digest(known["token"].encode(), token.encode()):
                    return app_id, _seconds_left(known, now) > 0
    return None


def end_tokens(state: WeChat, app_id: str) -> None:
    """Let every token of an app expire now: the arranged ``expired_token``."""
    with state.shelf.change():
        for kind in ("stable", "legacy"):
            kept = state.shelf.get(kind, app_id)
            if kept:
                kept["tokens"] = [one | {"expires_at": state.clock.now().isoformat()} for one in kept["tokens"]]
                state.shelf.put(kind, app_id, kept)


def _may_force(kept: dict[str, Any], now: datetime) -> bool:
    times = [datetime.fromisoformat(one) for one in kept["forced"]]
    kept["forced"] = [one.isoformat() for one in times if now - one < timedelta(days=1)]
    if kept["forced"] and now - datetime.fromisoformat(kept["forced"][-1]) < timedelta(seconds=FORCED_APART_SECONDS):
        return False
    if len(kept["forced"]) >= FORCED_A_DAY:
        raise TokenQuotaReached
    return True


def _new_token(now: datetime) -> dict[str, str]:
    """512 characters: whoever stores tokens must have room for that many."""
    text = "97_" + secrets.token_urlsafe(400)[:509]
    return {"token": text, "expires_at": (now + timedelta(seconds=LIFE_SECONDS)).isoformat()}


def _seconds_left(token: dict[str, Any], now: datetime) -> int:
    return int((datetime.fromisoformat(token["expires_at"]) - now).total_seconds())
