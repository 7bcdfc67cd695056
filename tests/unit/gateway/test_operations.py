"""Health, readiness, counters, and logs without personal data."""

from __future__ import annotations

import ast
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.app import create_operations_app
from gateway.logging import ALLOWED, configure_logging, describe_exception, drop_unknown_keys, get_logger
from gateway.routes.health import RollCall
from services.errors import StoreUnavailable
from services.ports import Ping
from services.watch import DUTIES


@pytest.fixture(autouse=True)
def _default_logs() -> Iterator[None]:
    """What a test configures ends with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


class Answering:
    """A dependency that works."""

    name = "store"

    def ping(self) -> None:
        """Fine."""


class Silent:
    """One that does not."""

    name = "redis"

    def ping(self) -> None:
        raise OSError("redis://:password@host")


def get(pings: list[Ping], path: str) -> tuple[int, str]:
    answer = create_operations_app(pings, release="0.1.0").test_client().get(path)
    return answer.status_code, answer.get_data(as_text=True)


def test_health_is_about_the_process_alone() -> None:
    """A process lives although a dependency does not."""
    status, body = get([Silent()], "/health")
    assert (status, json.loads(body)) == (200, {"status": "ok", "release": "0.1.0"})


def test_readiness_names_what_fails() -> None:
    """Every dependency is asked; the failing one is named, its message is not."""
    status, body = get([Answering(), Silent()], "/ready")
    assert status == 503
    assert json.loads(body)["dependencies"] == {"store": "ok", "redis": "failed"}
    assert "password" not in body
    assert get([Answering()], "/ready")[0] == 200


def ask_duties(
    path: str, list_duties: Callable[[], dict[str, str]], **figures: float | None
) -> tuple[int, dict[str, Any]]:
    look = lambda: (list_duties(), figures)  # noqa: E731
    client = create_operations_app([Answering()], release="0.1.0", look=look).test_client()
    answer = client.get(path)
    return answer.status_code, json.loads(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"sweeper": "ok", "calendar": "ok"}, 200),
        ({"sweeper": "late", "calendar": "ok"}, 503),
        ({"sweeper": "ok", "calendar": "ends"}, 503),
    ],
)
def test_readiness_names_the_duties_and_stays_ready(told: dict[str, str], status: int) -> None:
    """A late sweeper takes no citizen's door away; whoever watches the duties has an address whose status says it."""
    ready, body = ask_duties("/ready", lambda: told)
    assert (ready, body["status"], body["duties"]) == (200, "ready", told)
    assert ask_duties("/duties", lambda: told) == (status, {"duties": told})


def test_a_duty_that_nobody_can_see_is_not_called_done() -> None:
    """Without the store both are unknown, and why is not told."""

    def fail() -> dict[str, str]:
        raise StoreUnavailable("the password is 1234")

    ready, body = ask_duties("/ready", fail)
    assert (ready, body["duties"], body["ledger"]) == (200, dict.fromkeys(DUTIES, "unknown"), {})
    assert ask_duties("/duties", fail)[0] == 503
    assert "1234" not in str(body)


def test_readiness_and_counters_tell_how_the_log_is_kept() -> None:
    """How long ago the sequencer looked and how long the oldest record waits, by the same look; 0 is none, NaN is nobody knows."""
    figures = {"sequencer_looked_seconds": 3.5, "oldest_waiting_seconds": None, "uncosigned_seconds": 700.0}

    def count(**told: float | None) -> list[str]:
        app = create_operations_app([Answering()], release="0.1.0", look=lambda: ({}, told))
        lines = app.test_client().get("/metrics").get_data(as_text=True).splitlines()
        return sorted(line for line in lines if line.startswith("guitai_ledger_"))

    assert ask_duties("/ready", dict, **figures)[1]["ledger"] == figures
    assert count(**figures) == [
        "guitai_ledger_oldest_waiting_seconds 0.0", "guitai_ledger_sequencer_looked_seconds 3.5", "guitai_ledger_uncosigned_seconds 700.0",
    ]  # fmt: skip
    assert [line.split()[1] for line in count()] == ["NaN"] * 3


class Frozen:
    """One that accepts the question and does not answer it; counts how often it was asked."""

    def __init__(self, name: str) -> None:
        self.name, self.asked, self.thawed = name, 0, threading.Event()

    def ping(self) -> None:
        self.asked += 1
        self.thawed.wait(10)


def test_readiness_is_answered_in_time_whatever_is_frozen() -> None:
    """All are asked at the same time, and together they have one patience: two frozen ones cost no more than one."""
    frozen = [Frozen("postgresql"), Frozen("ledger")]
    began = time.monotonic()
    try:
        status, body = get([*frozen, Answering()], "/ready")
        assert time.monotonic() - began < 3
    finally:
        for one in frozen:
            one.thawed.set()
    assert status == 503
    assert json.loads(body)["dependencies"] == {"postgresql": "failed", "ledger": "failed", "store": "ok"}


def test_a_frozen_dependency_is_asked_once_until_it_answers() -> None:
    """However often somebody asks whether we are ready, one thread waits; after the thaw the next question is a new one."""
    frozen = Frozen("postgresql")
    roll = RollCall([frozen], patience_seconds=0.05)
    assert [roll.ask() for _ in range(5)] == [{"postgresql": False}] * 5
    assert frozen.asked == 1
    frozen.thawed.set()
    deadline = time.monotonic() + 5
    while not roll.ask()["postgresql"]:
        assert time.monotonic() < deadline
    assert frozen.asked <= 2


def test_metrics_are_in_the_text_format() -> None:
    """Prometheus can read them, and no label holds a person."""
    status, body = get([], "/metrics")
    assert status == 200
    assert "# TYPE guitai_requests_total counter" in body


def test_only_allowed_keys_reach_a_log() -> None:
    """A key that nobody allowed is dropped, and values are short and plain."""
    kept = drop_unknown_keys(None, "", {"event": "x", "phone": "13800138001", "route": "r" * 500, "status": 200})
    assert kept == {"event": "x", "route": "r" * 200, "status": 200}


def test_logs_are_json_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line; standard output stays a command's own."""
    configure_logging("info")
    get_logger("test").info("hello", status=200, name="王小明")
    get_logger("test").debug("quiet")
    output = capsys.readouterr()
    assert output.out == ""
    line = json.loads(output.err)
    assert (line["event"], line["status"], line["level"]) == ("hello", 200, "info")
    assert "王小明" not in output.err


def test_an_exception_is_told_by_class_and_place() -> None:
    """Its message may hold what was asked, so it is not told."""
    with pytest.raises(ValueError) as raised:
        int("13800138001 is no number")
    told = describe_exception(raised.value)
    assert told["error"] == "ValueError"
    assert "13800138001" not in repr(told)
    assert "test_operations.py" in told["where"]


def list_log_keys() -> set[str]:
    """Every keyword that the product's code gives to a logger."""
    keys = set()
    for folder in ("services", "adapters", "gateway"):
        for file in (Path(__file__).parents[3] / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                    owner = call.func.value
                    if isinstance(owner, ast.Name) and owner.id in ("logger", "log", "_log"):
                        keys |= {one.arg for one in call.keywords if one.arg}
    return keys


def test_no_key_that_the_code_writes_is_dropped() -> None:
    """A line about a lost record names the record: a key that is written and not allowed would be gone without a word."""
    written = list_log_keys()
    assert {"record_id", "fault", "operation"} <= written
    assert written - ALLOWED == set()


def test_a_library_is_told_by_name_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    """What a library warns of is a line of ours without its words: they may hold what was asked."""
    configure_logging("info")
    logging.getLogger("psycopg.pool").warning("cannot reach %s", "13800138001")
    try:
        int("13800138001x")
    except ValueError:
        logging.getLogger("procrastinate.worker").exception("failed for 13800138001")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["library"], first["level"]) == ("psycopg.pool", "warning")
    assert (second["library"], second["error"], second["level"]) == ("procrastinate.worker", "ValueError", "error")
    assert "1380013" not in repr([first, second])
