"""Structured logs: one JSON object a line on standard error, with an allow-list of keys. Nothing personal has a key here.

An exception is told by its class and by where it was raised, never by its message: a driver's message may hold what was asked.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "room", "app", "route", "method", "status", "seconds", "request_id", "platform",
        "account", "session", "code", "error", "where", "reason", "task", "subject", "attempt", "dependency", "result",
        "release", "count", "service", "direction", "state", "operation", "meaning", "fault", "record_id", "outcome",
        "library", "serial", "version", "in_force", "endpoint", "month", "told", "escalated", "digest", "services", "faultless",
    }
)  # fmt: skip
"""Keys that may stand in a log line; any other is dropped, whoever adds it (a test compares them with what the code writes)."""


def drop_unknown_keys(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep allowed keys, and of their values only short plain ones."""
    return {
        key: value if isinstance(value, int | float) or value is None else str(value)[:200]
        for key, value in event.items()
        if key in ALLOWED
    }


def configure_logging(level: str = "info") -> None:
    """Send structlog's lines to standard error as JSON, and silence what libraries would print with values in it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            drop_unknown_keys,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[LibraryHandler()], force=True)
    for name in ("werkzeug", "flask.app", "urllib3", "marshmallow"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class LibraryHandler(logging.Handler):
    """What a library warns of, as a line of ours: which library, where, the class of the error; never its message."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line."""
        error = record.exc_info[1] if record.exc_info else None
        told = describe_exception(error) if error else {"where": f"{record.module}:{record.lineno} {record.funcName}"}
        write = _LEVELS.get(record.levelno, "error")
        getattr(structlog.get_logger(), write)("library_message", library=record.name, **told)


_LEVELS = {logging.WARNING: "warning", logging.INFO: "info", logging.DEBUG: "debug"}


def get_logger(name: str) -> Any:
    """A logger of this process."""
    return structlog.get_logger(room=name)


def describe_exception(error: BaseException) -> dict[str, str]:
    """Class and place of an exception, for ``log.error("...", **describe_exception(error))``."""
    return {"error": type(error).__name__, "where": _innermost(error.__traceback__)}


def _innermost(trace: TracebackType | None) -> str:
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return place
