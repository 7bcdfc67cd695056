"""The pure parts of an operation of several calls: joining the pages of a list, and one result out of those of all calls.

The connectors (``adapters/backends``) send the calls one after another; what they may believe and what they make of it stands here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.shapes import check_shape
from services.errors import BackEndGarbled
from services.expressions import ValueUntranslatable
from services.mapping import Call, Operation, Pages
from services.model import JsonValue
from services.translation import make_plain

MAX_JOINED = 10_000
"""Items of one list, joined from all its pages."""


def first_page(pages: Pages) -> JsonValue:
    """The ``page`` with which a list begins: always a number, also where later pages are named by the reply before."""
    return pages.first


def find_next_page(call: Call, page: JsonValue, count: int, reply: Mapping[str, JsonValue]) -> JsonValue:
    """The page after this one, or None at the end; ``count`` pages were read so far, this one included.

    Raises ``BackEndGarbled`` where the reply does not say plainly whether and how it goes on, names the page that was just read, or
    goes on after the ``limit``: a list that is cut is never shown as if it were whole.
    """
    pages = call.pages
    if pages is None:
        return None
    try:
        more = pages.more.search(dict(reply))
        if more is False:
            return None
        following = pages.next.search(dict(reply)) if pages.next else page + 1
    except (ValueUntranslatable, TypeError):
        raise BackEndGarbled(f"{call.back_end}, {call.name}: its pages are not as agreed") from None
    named = (isinstance(following, str) and following) or (isinstance(following, int) and following is not True)
    if more is not True or not named or following == page or count >= pages.limit:
        raise BackEndGarbled(f"{call.back_end}, {call.name}: its pages do not end, or do not go on as agreed")
    return following


def join_pages(call: Call, results: Sequence[JsonValue]) -> JsonValue:
    """One result out of those of all pages: the list under ``items`` joined, everything else from the first page.

    Raises ``BackEndGarbled`` where a page holds no such list, or all of them hold more than ``MAX_JOINED`` items.
    """
    if call.pages is None or not results:
        return results[-1] if results else None
    joined: list[JsonValue] = []
    for result in results:
        items = result.get(call.pages.items) if isinstance(result, dict) else None
        if not isinstance(items, list) or len(joined) + len(items) > MAX_JOINED:
            raise BackEndGarbled(f"{call.back_end}, {call.name}: a page without its list, or too many items")
        joined.extend(items)
    return {**results[0], call.pages.items: joined}


def conclude_operation(
    operation: Operation, values: Mapping[str, JsonValue], results: Mapping[str, JsonValue]
) -> JsonValue:
    """The operation's result out of those of its calls (by name). Raises ``BackEndGarbled`` unless it has the agreed shape."""
    last = operation.calls[-1]
    place = f"{last.back_end}, {operation.name}"
    try:
        result = results[last.name]
        if operation.response is not None:
            result = operation.response.search({**make_plain(values), "results": dict(results)})
    except ValueUntranslatable as fault:
        raise BackEndGarbled(f"{place}: {fault}") from None
    for mismatch in check_shape(operation.gives, result):
        raise BackEndGarbled(f"{place}: the result is not as agreed: {mismatch.place_found}")
    return result
