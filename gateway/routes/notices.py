"""Notices from the platforms: verified over the raw bytes, recorded as received, then taken into the payment's file.

Nothing in an unverified notice is believed, looked up or recorded; it is counted. The answer is one of a few published bodies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from flask import Response, request

from gateway.arrival import Arrival, current_arrival
from gateway.desk import Desk
from gateway.exposing import Blueprint, Spoken, current_desk, mark
from gateway.logging import describe_exception, get_logger
from gateway.metrics import NOTICES, count_exposure
from gateway.publication import ACKNOWLEDGED, NOT_ACKNOWLEDGED
from services.errors import GuitaiError, NotFound, NoticeRefused
from services.exposure import Direction, Disclosure, Exposure
from services.mapping import disclose
from services.model import MerchantAccount, Notice, PlatformName
from services.notices import accept_notice, find_payment
from services.till import explain_payment

blueprint = Blueprint("notices", __name__, description="平台通知（仅供平台调用）")
FEE_QUERY = re.compile(r"wxnontaxstr=[0-9A-Za-z]{1,64}")
"""WeChat's non-tax platform adds a random text to the address; it is not read. No other notice has a query."""
SPOKEN = Spoken("receive_notice", open=True)
_log = get_logger("notices")


def receive_notice(account: str) -> Response:
    """接收平台的支付和退款通知 · Take in a platform's signed notice."""
    arrival, desk = current_arrival(), current_desk()
    merchant = desk.directory.merchant_named(account)
    if merchant is None:
        raise NotFound
    if arrival.query and not FEE_QUERY.fullmatch(arrival.query):
        return answer(merchant, "query", NOT_ACKNOWLEDGED, 400)
    try:
        take_in(desk, arrival, merchant)
    except NoticeRefused as refused:
        return refuse(arrival, merchant, refused)
    except GuitaiError as error:
        _log.warning("notice_failed", account=account, request_id=arrival.request_id, **describe_exception(error))
        return answer(merchant, "failed", NOT_ACKNOWLEDGED, 503)
    return answer(merchant, "accepted", ACKNOWLEDGED, 200)


def take_in(desk: Desk, arrival: Arrival, merchant: MerchantAccount) -> None:
    """Verify, record, accept; in this order. Raises ``NoticeRefused``, ``ExposureUnavailable``, ``StoreUnavailable``."""
    platform = desk.platforms[merchant.platform]
    notice, names = platform.read_notice(merchant, read_headers(), arrival.body, desk.clock.now())
    if (notice.platform, notice.account) != (merchant.platform, merchant.account):
        raise NoticeRefused("wrong_account")
    told = explain_notice(desk, arrival, merchant, notice).declaring(names, account=merchant.account)
    received = Exposure(Direction.RECEIVED_FROM_PLATFORM, told, arrival.body, operation=f"notice.{notice.kind}")
    desk.log.append([received])
    count_exposure([received])
    accept_notice(replace(desk.till, request_id=arrival.request_id), notice)


def explain_notice(desk: Desk, arrival: Arrival, merchant: MerchantAccount, notice: Notice) -> Disclosure:
    """Why we received it: the payment's service and persons; an order that is not ours goes to the desk's own room."""
    purpose = "refund_payment" if notice.refund else "follow_payment"
    with desk.store.begin((merchant.agency_id,)) as tx:
        found = find_payment(tx, merchant.agency_id, notice)
    if found is not None:
        return explain_payment(desk.till, found[0], purpose, arrival.request_id)
    return disclose(
        desk.catalogue.room("notices"), platform=merchant.platform, agency_id=merchant.agency_id,
        account=merchant.account, purpose=purpose, request_id=arrival.request_id,
    )  # fmt: skip


def refuse(arrival: Arrival, merchant: MerchantAccount, refused: NoticeRefused) -> Response:
    """A notice that fails a check. A probe (SIGNTEST) is expected to fail: counted without alarm."""
    if refused.probe:
        return answer(merchant, "probe", NOT_ACKNOWLEDGED, 401)
    _log.warning("notice_refused", account=merchant.account, reason=refused.reason, request_id=arrival.request_id)
    return answer(merchant, refused.reason, NOT_ACKNOWLEDGED, 400)


def answer(
    merchant: MerchantAccount, result: str, bodies: Mapping[PlatformName, tuple[str, bytes]], status: int
) -> Response:
    """One of the published acknowledgements."""
    NOTICES.labels(merchant.platform, merchant.account, result).inc()
    content_type, body = bodies[merchant.platform]
    return Response(body, status=status, content_type=content_type)


def read_headers() -> dict[str, str]:
    """The headers of the request by lower-case name."""
    return {name.lower(): value for name, value in request.headers.items()}


blueprint.add_url_rule(
    "/notices/<string(maxlength=64):account>", endpoint="receive_notice", view_func=mark(receive_notice, SPOKEN), methods=["POST"]
)  # fmt: skip
