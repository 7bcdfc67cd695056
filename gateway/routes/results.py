"""Results of applications that a back end pushes to us: verified over the raw bytes, then taken into the application's file.

Nothing in an unverified message is believed, looked up or kept; it is counted. The answer is one of a few published bodies.
"""

from __future__ import annotations

import hashlib

from flask import Response, request

from gateway.arrival import Arrival, current_arrival
from gateway.desk import Desk
from gateway.exposing import Blueprint, Spoken, current_desk, mark
from gateway.logging import describe_exception, get_logger
from gateway.metrics import NOTICES
from gateway.publication import RESULT_REFUSED, TEXT, PublishedBody, name_acknowledgement
from services.errors import GuitaiError, NotFound, NoticeRefused
from services.late_results import accept_pushed
from services.mapping import ServiceMapping

blueprint = Blueprint("results", __name__, description="办理结果推送（仅供业务系统调用）")
SPOKEN = Spoken("receive_result", open=True)
PUSHED = "pushed"
_log = get_logger("results")


def receive_result(agency: str, service: str) -> Response:
    """接收业务系统推送的办理结果 · Take in a result that a back end pushes, signed."""
    arrival, desk = current_arrival(), current_desk()
    mapping = find_pushing(desk, agency, service)
    if arrival.query:
        return answer(mapping, "query", RESULT_REFUSED, 400)
    try:
        take_in(desk, arrival, mapping)
    except NoticeRefused as refused:
        _log.warning("result_refused", account=mapping.id, reason=refused.reason, request_id=arrival.request_id)
        return answer(mapping, refused.reason, RESULT_REFUSED, 400)
    except GuitaiError as error:
        _log.warning("result_failed", account=mapping.id, request_id=arrival.request_id, **describe_exception(error))
        return answer(mapping, "failed", RESULT_REFUSED, 503)
    return answer(mapping, "accepted", acknowledge(desk, mapping).body, 200)


def find_pushing(desk: Desk, agency: str, service: str) -> ServiceMapping:
    """The service of this agency whose results are pushed. Raises ``NotFound`` for any other."""
    mapping = desk.catalogue.services.get(service)
    if mapping is None or mapping.agency != agency or mapping.late is None or mapping.late.arrives != PUSHED:
        raise NotFound
    return mapping


def take_in(desk: Desk, arrival: Arrival, mapping: ServiceMapping) -> None:
    """Verify, then read, then accept; in this order. Raises ``NoticeRefused``, ``StoreUnavailable``."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    told = desk.pushed_results.read(mapping, headers, arrival.body, desk.clock.now())
    receipt = hashlib.sha256(arrival.body).hexdigest()
    accept_pushed(desk.till_for(arrival.request_id), mapping, told, receipt)


def acknowledge(desk: Desk, mapping: ServiceMapping) -> PublishedBody:
    """The mapping's own acknowledgement; published when it is first given. Raises ``ExposureUnavailable``."""
    text = mapping.late.acknowledge if mapping.late else ""
    return desk.recorder.publication.publish_later(name_acknowledgement(mapping.id), 200, TEXT, text.encode("ascii"))


def answer(mapping: ServiceMapping, result: str, body: bytes, status: int) -> Response:
    """One of the published answers."""
    NOTICES.labels("back_end", mapping.id, result).inc()
    return Response(body, status=status, content_type=TEXT)


blueprint.add_url_rule(
    "/results/<string(maxlength=64):agency>/<string(maxlength=64):service>", endpoint="receive_result",
    view_func=mark(receive_result, SPOKEN), methods=["POST"],
)  # fmt: skip
