"""``python -m gateway worker``: the process that does durable work."""

from __future__ import annotations

import os
import signal
import threading

import click

from gateway.cli.faults import tell_faults


@click.group()
def worker() -> None:
    """Durable jobs: confirm payments, write off, refund, tell of new log-ins."""


@worker.command()
@tell_faults
def run() -> None:
    """Work until SIGTERM or SIGINT; running jobs get ten seconds to end. Settings come from the environment."""
    from config.settings import load_settings
    from gateway.bootstrap import open_work_desk
    from gateway.jobs.worker import run_worker
    from gateway.logging import configure_logging

    settings = load_settings(os.environ)
    configure_logging(settings.log_level)
    stop = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda _number, _frame: stop.set())
    run_worker(open_work_desk(settings), stop)
