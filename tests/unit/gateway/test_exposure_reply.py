"""GET /v1/exposure is for somebody who has never seen a code."""

from __future__ import annotations

from typing import Any

import pytest

from services.model import PlatformName
from tests.unit.gateway.fakes_edge import City, build_city


def read_view(city: City, language: str, **leaf: Any) -> Any:
    """The one record of the view, read by somebody who has just signed in."""
    token = city.log_in()
    chain = next(iter(city.store.tables.persons.values())).chain_id
    city.reader.leaves.append(
        (
            chain,
            PlatformName.WECHAT,
            {
                "id": "01a20ec8-f56e-734f-940f-97b5b802eec7",
                "at": "2026-11-24T08:00:00.000000Z",
                "direction": "sent_to_server",
                "service": "sign-in",
                "purpose": "sign_in",
                "legal_basis": "某法第一条",
                "fields": ["login_code"],
                "outcome": "sent",
                **leaf,
            },
        )
    )
    answer = city.send("GET", "/v1/exposure", token=token, headers={"Accept-Language": language})
    assert answer.status == 200, answer.body
    return answer.json["records"][0]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ("发给平台服务器", "登录", "登录", "一次性登录凭证", "已送达")),
        ("en", ("sent to the platform's server", "signing in", "sign in", "one-time log-in code", "delivered")),
    ],
)
def test_a_record_is_told_in_words(language: str, words: tuple[str, ...]) -> None:
    """Beside every code stand its words in the caller's language, and the reply passes the guard with them."""
    seen = read_view(build_city(), language)
    told = (seen["direction_label"], seen["service_title"], seen["purpose"], seen["fields"][0]["label"])
    assert (*told, seen["outcome_label"]) == words
    assert (seen["direction"], seen["service"], seen["outcome"]) == ("sent_to_server", "sign-in", "sent")


def test_what_was_shown_has_no_outcome() -> None:
    """Only what is sent to a server can fail to arrive."""
    seen = read_view(build_city(), "zh-CN", direction="shown_in_client", outcome=None)
    assert (seen["outcome"], seen["outcome_label"]) == (None, None)
