"""PyPI's ``wechatpy`` logs in, fetches tokens and sends subscribe messages against the emulated WeChat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from wechatpy import WeChatClient
from wechatpy.client.api import WeChatWxa
from wechatpy.exceptions import WeChatClientException

from adapters.sandbox.serving import RunningSandbox, start_sandbox
from tests.peers.wechat_merchant import RealClock, control

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


class Tokens:
    """Where the SDK keeps its token: its own memory store imports a module that warns."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self._kept.get(key, default)

    def set(self, key: str, value: Any, ttl: int | None = None) -> None:
        self._kept[key] = value


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    sandbox = start_sandbox(tmp_path_factory.mktemp("wx"), only={"wechat"}, clock=RealClock())
    yield sandbox
    sandbox.stop()


@pytest.fixture
def facts(running: RunningSandbox) -> dict[str, Any]:
    found: dict[str, Any] = running.credentials["wechat"]["apps"][0]
    return found


@pytest.fixture
def client(running: RunningSandbox, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    url = running.addresses["wechat"]
    monkeypatch.setattr(WeChatWxa, "API_BASE_URL", f"{url}/")
    client = WeChatClient(facts["app_id"], facts["app_secret"], session=Tokens())
    monkeypatch.setattr(client, "API_BASE_URL", f"{url}/cgi-bin/")
    fetch = client._fetch_access_token

    def fetch_here(**told: Any) -> Any:
        return fetch(told["url"].replace("https://api.weixin.qq.com", url), told["params"])

    monkeypatch.setattr(client, "_fetch_access_token", fetch_here)
    return client


def log_in(running: RunningSandbox, facts: dict[str, Any], user: str) -> str:
    told = {"app_id": facts["app_id"], "user": user}
    return str(control(running.addresses["wechat"], "/_sandbox/phone/login", told)["code"])


def test_code_to_session(running: RunningSandbox, facts: dict[str, Any], client: Any) -> None:
    """The SDK fetches a legacy token, appends it, and reads openid and session_key; a used code raises."""
    code = log_in(running, facts, "wang")
    session = client.wxa.code_to_session(code)
    assert set(session) == {"openid", "session_key"}
    with pytest.raises(WeChatClientException) as caught:
        client.wxa.code_to_session(code)
    assert caught.value.errcode == 40163


def test_subscribe_message(running: RunningSandbox, facts: dict[str, Any], client: Any) -> None:
    """A message arrives at the phone; a refused template raises 43101."""
    url = running.addresses["wechat"]
    openid = client.wxa.code_to_session(log_in(running, facts, "li"))["openid"]
    template = facts["templates"]["new_login"]
    data = {"thing1": {"value": "新的登录"}}
    assert client.wxa.send_subscribe_message(openid, template, data)["errcode"] == 0
    box = control(url, f"/_sandbox/phone/messages?app_id={facts['app_id']}&user=li")
    assert [one["data"] for one in box] == [{"thing1": "新的登录"}]
    with pytest.raises(WeChatClientException) as caught:
        client.wxa.send_subscribe_message(openid, "no-such-template", data)
    assert caught.value.errcode == 40037


def test_an_expired_token_is_fetched_again(running: RunningSandbox, facts: dict[str, Any], client: Any) -> None:
    """42001 makes the SDK fetch a new token and repeat: the second attempt succeeds."""
    url = running.addresses["wechat"]
    openid = client.wxa.code_to_session(log_in(running, facts, "zhao"))["openid"]
    control(url, "/_sandbox/control/behaviour", {"operation": "subscribe_send", "behaviour": "expired_token"})
    answer = client.wxa.send_subscribe_message(openid, facts["templates"]["new_login"], {"thing1": {"value": "x"}})
    assert answer["errcode"] == 0
