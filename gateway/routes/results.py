"""Results of applications that a back end pushes to us: verified over the raw bytes, then taken into the application's file.

Nothing in an unverified message is believed, looked up or kept; it is counted. The answer is one of a few published bodies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from flask import Response, request

from gateway.arrival import Arrival, current_arrival
from gateway.desk import Desk
from gateway.exposing import Blueprint, Spoken, current_desk, mark
from gateway.logging import describe_exception, get_logger
from gateway.metrics import NOTICES
from gateway.publication import RESULT_REFUSED, TEXT, PublishedBody, name_acknowledgement
from services.errors import GuitaiError, NotFound, NoticeRefused
from services.late_results import take_pushed
from services.late_versions import list_arriving, list_in_use
from services.mapping import ServiceMapping
from services.model import JsonValue

blueprint = Blueprint("results", __name__, description="办理结果推送（仅供业务系统调用）")
SPOKEN = Spoken("receive_result", open=True)
PUSHED, APPLICATION = "pushed", "application"
_log = get_logger("results")


def receive_result(agency: str, service: str) -> Response:
    """接收业务系统推送的办理结果 · Take in a result that a back end pushes, signed."""
    arrival, desk = current_arrival(), current_desk()
    present = find_service(desk, agency, service)
    try:
        candidates = find_pushing(desk, arrival, present)
        if arrival.query:
            return answer(service, "query", RESULT_REFUSED, 400)
        accepted = take_in(desk, arrival, candidates)
    except NoticeRefused as refused:
        _log.warning("result_refused", account=service, reason=refused.reason, request_id=arrival.request_id)
        return answer(service, refused.reason, RESULT_REFUSED, 400)
    except NotFound:
        raise
    except GuitaiError as error:
        _log.warning("result_failed", account=service, request_id=arrival.request_id, **describe_exception(error))
        return answer(service, "failed", RESULT_REFUSED, 503)
    return answer(service, "accepted", acknowledge(desk, accepted).body, 200)


def find_service(desk: Desk, agency: str, service: str) -> ServiceMapping:
    """The service of this agency, in force. Raises ``NotFound`` for any other, and for one that takes no applications."""
    mapping = desk.catalogue.services.get(service)
    if mapping is None or mapping.agency != agency or mapping.kind != APPLICATION:
        raise NotFound
    return mapping


def find_pushing(desk: Desk, arrival: Arrival, present: ServiceMapping) -> list[ServiceMapping]:
    """The versions of a service whose results are pushed: in force, or with applications. Raises ``NotFound`` if there is none."""
    till = desk.till_for(arrival.request_id)
    in_use = list_in_use(till, desk.directory.agency_id(present.agency), present.id)
    candidates = list_arriving(till, present, in_use, PUSHED)
    if not candidates:
        raise NotFound
    return candidates


def take_in(desk: Desk, arrival: Arrival, candidates: Sequence[ServiceMapping]) -> ServiceMapping:
    """Verify, then read, then accept; in this order. Returns the version that did. Raises ``NoticeRefused``, ``StoreUnavailable``."""
    headers, now = {name.lower(): value for name, value in request.headers.items()}, desk.clock.now()
    receipt = hashlib.sha256(arrival.body).hexdigest()

    def read(mapping: ServiceMapping) -> Mapping[str, JsonValue]:
        return desk.pushed_results.read(mapping, headers, arrival.body, now)

    return take_pushed(desk.till_for(arrival.request_id), candidates, read, receipt)


def acknowledge(desk: Desk, mapping: ServiceMapping) -> PublishedBody:
    """The mapping's own acknowledgement; published when it is first given. Raises ``ExposureUnavailable``."""
    text = mapping.late.acknowledge if mapping.late else ""
    return desk.recorder.publication.publish_later(name_acknowledgement(mapping.id), 200, TEXT, text.encode("ascii"))


def answer(service: str, result: str, body: bytes, status: int) -> Response:
    """One of the published answers."""
    NOTICES.labels("back_end", service, result).inc()
    return Response(body, status=status, content_type=TEXT)


blueprint.add_url_rule(
    "/results/<string(maxlength=64):agency>/<string(maxlength=64):service>", endpoint="receive_result",
    view_func=mark(receive_result, SPOKEN), methods=["POST"],
)  # fmt: skip
