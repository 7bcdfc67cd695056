"""How a service is paid, how a late result comes, and what the file's other blocks mean, built from what has its shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.expression_reader import ExpressionReader
from services.form_reader import read_texts
from services.mapping import Late, NonTax, PaymentTerms


def read_payment(value: Mapping[str, Any]) -> PaymentTerms:
    """The terms of payment; without the block: an ordinary order over what is billed."""
    given = value.get("payment", {})
    plain = {key: given[key] for key in ("model", "amount", "minimum_fen", "maximum_fen", "step_fen") if key in given}
    non_tax = NonTax(**given["non_tax"]) if "non_tax" in given else None
    return PaymentTerms(**plain, after=read_texts(given.get("after", {})), non_tax=non_tax)


def read_late(value: Mapping[str, Any], reader: ExpressionReader) -> Late | None:
    """How a late result arrives, with its expressions compiled."""
    given = value.get("late")
    if given is None:
        return None
    special = ("reply", "response")
    plain = {key: item for key, item in given.items() if key not in special}
    reply = reader.read_reply("late.reply", given["reply"]) if "reply" in given else None
    response = reader.compile("late.response", given["response"]) if "response" in given else None
    if reply is not None and response is not None:
        reader.require_names("late.response", response, reply)
    return Late(**plain, reply=reply, response=response)
