"""SOAP over X-Road: the header of its message protocol 4.0."""

from __future__ import annotations

import pytest
from defusedxml.ElementTree import fromstring

from adapters.backends.wire import Facts, ReplyUnreadable
from adapters.http import HttpReply
from services.errors import ConfigurationFault
from tests.unit.adapters.backends.soap.stock_quote import FACTS, ask_for, envelope, make_call, make_wire

OPTIONS = {"x_road_client": "CN/GOV/110101/counter", "x_road_service": "CN/GOV/110102/tax"}
XROAD, ID = "{http://x-road.eu/xsd/xroad.xsd}", "{http://x-road.eu/xsd/identifiers}"
ANSWER = "<q:Account><ticker>DIS</ticker></q:Account>"


def test_the_header_says_who_asks_whom() -> None:
    """Client, service with the operation's name as its code, id, issue and version (PR-MESS §2.2, §2.3)."""
    wire = make_wire(bus="x-road", options=OPTIONS | {"x_road_service_version": "v1", "x_road_user_id": "CN1"})
    header = fromstring(wire.write(make_call(), ask_for({"ticker": "DIS"}), FACTS).body)[0]
    assert [(child.tag.removeprefix(XROAD), child.text) for child in header][2:] == [
        ("id", "call-1"), ("userId", "CN1"), ("issue", "case-1"), ("protocolVersion", "4.0"),
    ]  # fmt: skip
    client, service = header[0], header[1]
    assert (client.tag, client.get(f"{ID}objectType")) == (f"{XROAD}client", "SUBSYSTEM")
    assert [(part.tag.removeprefix(ID), part.text) for part in client] == [
        ("xRoadInstance", "CN"), ("memberClass", "GOV"), ("memberCode", "110101"), ("subsystemCode", "counter"),
    ]  # fmt: skip
    assert (service.tag, service.get(f"{ID}objectType")) == (f"{XROAD}service", "SERVICE")
    assert [(part.tag.removeprefix(ID), part.text) for part in service][3:] == [
        ("subsystemCode", "tax"), ("serviceCode", "GetAccount"), ("serviceVersion", "v1"),
    ]  # fmt: skip


def test_without_a_case_there_is_no_issue() -> None:
    """And nobody's name: a user id is there only if the address states one."""
    wire = make_wire(bus="x-road", options=OPTIONS)
    body = wire.write(make_call(), ask_for({"ticker": "DIS"}), Facts("r", "c")).body
    assert b"issue" not in body
    assert b"userId" not in body


def test_an_answer_repeats_the_number_of_the_message() -> None:
    """A service copies the header; an answer with another number, or none, is the answer to something else."""
    wire = make_wire(bus="x-road", options=OPTIONS)
    for number, right in [("call-1", True), ("call-2", False)]:
        header = f'<e:Header><x:id xmlns:x="http://x-road.eu/xsd/xroad.xsd">{number}</x:id></e:Header>'
        reply = HttpReply(200, {"content-type": "text/xml"}, envelope(ANSWER, header=header))
        if right:
            assert wire.read(make_call(), reply, FACTS)["body"] == {"ticker": "DIS"}
        else:
            with pytest.raises(ReplyUnreadable):
                wire.read(make_call(), reply, FACTS)
    with pytest.raises(ReplyUnreadable):
        wire.read(make_call(), HttpReply(200, {"content-type": "text/xml"}, envelope(ANSWER)), FACTS)


@pytest.mark.parametrize(
    "options",
    [{}, {**OPTIONS, "x_road_client": "CN"}, {**OPTIONS, "x_road_service": "CN/GOV/../x"}, {**OPTIONS, "x_road_client": "CN/GOV/a;b"}],
)  # fmt: skip
def test_identifiers_are_judged_at_start(options: dict[str, str]) -> None:
    """Too few parts, or a part with a character that X-Road bars."""
    with pytest.raises(ConfigurationFault, match="x_road"):
        make_wire(bus="x-road", options=options)
