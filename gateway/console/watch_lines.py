"""What the watchman would cry of, as lines on top of the supervision room: {% include "watch_lines.html" %} in a template shows them."""

from __future__ import annotations

from gateway.console.desk import current_console
from gateway.console.words import Words
from gateway.logging import describe_exception, get_logger
from services.errors import StoreUnavailable
from services.watch import Trouble, TroubleKind
from services.watch_words import say_trouble

_log = get_logger("console")


def list_watch_lines() -> list[Words]:
    """One line for each thing that is wrong now, Chinese and English; none where all is well."""
    try:
        troubles = current_console().watch()
    except StoreUnavailable as error:
        _log.warning("what is watched cannot be seen", **describe_exception(error))
        troubles = (Trouble(TroubleKind.STORE),)
    return [say_trouble(trouble) for trouble in troubles]
