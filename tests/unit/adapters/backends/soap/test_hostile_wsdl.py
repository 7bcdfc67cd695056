"""A WSDL out of other hands: nothing of it becomes a header, and what libxml2 gives up on is refused."""

from __future__ import annotations

import time

import pytest

from adapters.backends.soap import documents
from adapters.backends.soap.documents import KEPT, read_wsdl
from adapters.backends.wire import ReplyUnreadable, RequestUnwritable
from adapters.http import HttpReply
from services.errors import ConfigurationFault
from tests.unit.adapters.backends.soap.stock_quote import (
    FACTS,
    TYPES,
    ask_for,
    envelope,
    make_call,
    make_wire,
    write_wsdl,
)

ACTION = 'soapAction="http://example.com/GetLastTradePrice"'
HEAVY = "(([a-z]{1,100}){1,100}){1,100}"
"""A pattern whose states libxml2 stops to count."""


@pytest.mark.parametrize("action", ["x&#13;&#10;X-Admin: yes", "x&#10;y", "x&quot;; q=&quot;", "标", "x&#127;"])
def test_an_action_that_is_no_header_stops_the_start(action: str) -> None:
    """It travels in a header, in quotes: a line end or a quote in it would say something else."""
    for soap in ("soap/", "soap12/"):
        document = write_wsdl(soap=soap).replace(ACTION.encode(), f'soapAction="{action}"'.encode())
        assert document != write_wsdl(soap=soap)
        wire = make_wire({"quote.wsdl": document})
        with pytest.raises(ConfigurationFault, match="soapAction"):
            wire.require_known(make_call("GetLastTradePrice"))
        with pytest.raises(ConfigurationFault, match="soapAction"):
            wire.write(make_call("GetLastTradePrice"), ask_for({"tickerSymbol": "X"}), FACTS)


def test_what_the_validator_gives_up_on_is_refused() -> None:
    """A pattern without end is neither a valid request nor a believed reply; it is no fault of ours either."""
    heavy = f'<xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="{HEAVY}"/></xs:restriction></xs:simpleType>'
    for name in ("tickerSymbol", "ticker"):
        types = TYPES.replace(
            f'<xs:element name="{name}" type="xs:string"/>', f'<xs:element name="{name}">{heavy}</xs:element>', 1
        )
        assert types != TYPES, name
        wire = make_wire({"quote.wsdl": write_wsdl(types=types)})
        began = time.monotonic()
        if name == "tickerSymbol":
            with pytest.raises(RequestUnwritable):
                wire.write(make_call("GetLastTradePrice"), ask_for({"tickerSymbol": "a" * 400 + "!"}), FACTS)
        else:
            body = envelope(f"<q:Account><q:ticker>{'a' * 400}!</q:ticker></q:Account>")
            with pytest.raises(ReplyUnreadable):
                wire.read(make_call(), HttpReply(200, {"content-type": "text/xml"}, body), FACTS)
        assert time.monotonic() - began < 60


def test_what_was_typed_once_is_not_kept_for_ever() -> None:
    """The editor reads a WSDL at each change of it: those that were not used for longest go."""
    texts = [write_wsdl() + f"<!-- {number} -->".encode() for number in range(KEPT + 3)]
    first = read_wsdl("quote.wsdl", {"quote.wsdl": texts[0]})
    for text in texts[1:]:
        assert read_wsdl("quote.wsdl", {"quote.wsdl": texts[0]}) is first
        read_wsdl("quote.wsdl", {"quote.wsdl": text})
    assert len(documents._read) == KEPT
    assert read_wsdl("quote.wsdl", {"quote.wsdl": texts[0]}) is first
