"""What tests of the companies share: their key and how to post JSON."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.test import Client, TestResponse

KEY = {"Authorization": "Bearer k"}


def post(client: Client, target: str, content: Any, **headers: str) -> TestResponse:
    return client.post(target, data=json.dumps(content), content_type="application/json", headers=KEY | headers)


def arrange(client: Client, operation: str, behaviour: str) -> None:
    answer = post(client, "/_sandbox/control/behaviour", {"operation": operation, "behaviour": behaviour})
    assert answer.status_code == 200, answer.text


def read(response: TestResponse) -> Any:
    """The JSON of an answer."""
    return response.get_json()
