"""The consent of a purpose and its legal basis fit each other, or the check says where not."""

from __future__ import annotations

from typing import Any

import pytest

from services.consent_rules import find_consent_faults

LAW = "个人信息保护法第十三条第一款第一项、第二十三条"
FIELDS = {"sent_to_server": ["platform_user", "message_text"]}
TEXTS = {"zh-CN": "字", "en": "words"}


def fault_places(purpose: dict[str, Any], **changes: Any) -> list[str]:
    """Where the check finds something, with this purpose in a mapping that is right elsewhere."""
    value: dict[str, Any] = {
        "kind": "case", "legal_basis": "行政许可法第三十条；个人信息保护法第十三条第一款第三项", "channels": ["wechat", "web"],
        "exposure": {"wechat": {direction: [] for direction in DIRECTIONS} | FIELDS}, "purposes": {"tell": TEXTS | purpose},
    }  # fmt: skip
    return sorted(found.path for found in find_consent_faults(value | changes))


DIRECTIONS = ("sent_to_server", "received_from_platform", "shown_in_client", "entered_in_client")
GOOD: dict[str, Any] = {
    "consent": "required", "separate": True, "legal_basis": LAW, "because": TEXTS, "kept": TEXTS, "fields": FIELDS,
}  # fmt: skip


def test_what_fits_has_no_fault() -> None:
    """A purpose on a duty without any of the keys, and one on consent with all of them."""
    assert fault_places({}) == []
    assert fault_places(GOOD) == []
    assert fault_places(GOOD | {"legal_basis": "个人信息保护法第十三条第一款第一项、第二十九条"}) == []
    assert fault_places(GOOD | {"separate": False, "legal_basis": "个人信息保护法第十三条第一款第一项、第十四条"}) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"legal_basis": "个人信息保护法第十三条第一款第三项、第二十三条"}, "legal_basis"),
        ({"legal_basis": LAW + "；个人信息保护法第十三条第一款第二项"}, "legal_basis"),
        ({"legal_basis": "行政许可法第三十条"}, "legal_basis"),
        ({"legal_basis": "个人信息保护法第十三条第一款第一项"}, "legal_basis"),
        ({"separate": False}, "separate"),
        ({"fields": {}}, "fields"),
        ({"fields": {"shown_in_client": []}}, "fields"),
        ({"fields": {"sent_to_server": ["message_text", "phone"]}}, "fields.sent_to_server[1]"),
        ({"fields": {"shown_in_client": ["message_text"]}}, "fields.shown_in_client[0]"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(change: dict[str, Any], place: str) -> None:
    """A duty beside consent, no separate consent where the law asks for one, a field that no budget has."""
    assert f"purposes.tell.{place}" in fault_places(GOOD | change)


@pytest.mark.parametrize("key", ["legal_basis", "because", "kept", "fields"])
def test_nothing_of_the_text_may_be_missing(key: str) -> None:
    """Whoever agrees is told all of it."""
    assert fault_places({name: value for name, value in GOOD.items() if name != key})[-1:] == [f"purposes.tell.{key}"]


@pytest.mark.parametrize("key", ["separate", "legal_basis", "because", "kept", "fields"])
def test_without_consent_there_is_none_of_its_keys(key: str) -> None:
    """They would say something that nobody is asked."""
    assert fault_places({key: GOOD[key]}) == [f"purposes.tell.{key}"]


def test_a_whole_service_does_not_rest_on_consent() -> None:
    """Its own law is a duty or a contract; consent belongs to a purpose."""
    assert fault_places({}, legal_basis=LAW) == ["legal_basis"]


def test_refusing_shuts_nobody_out() -> None:
    """A service with such a purpose has a way beside the platforms (PIPL article 16)."""
    assert fault_places(GOOD, channels=["wechat"]) == ["purposes.tell.consent"]
    assert fault_places(GOOD, channels=["wechat"], kind="information") == []
