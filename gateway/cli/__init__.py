"""The command line. Each group is imported only when it is called: ``--help`` and the sandbox need no database driver.

Results go to standard output, progress and logs to standard error. Exit status 0 means that everything held.
"""

from __future__ import annotations

import importlib
import signal
from collections.abc import Sequence

import click

COMMANDS = {
    "run": ("gateway.cli.launch:run", "Start everything on this machine, pay two bills, keep serving."),
    "demo": ("gateway.cli.launch:demo", "Start everything, run the journeys, check them, stop."),
    "sandbox": ("gateway.cli.sandbox:sandbox", "The emulated platforms, utilities and register."),
    "store": ("gateway.cli.store:store", "Migrations, roles and accounts of the government store."),
    "staff": ("gateway.cli.staff:staff", "Staff of the console: accounts, roles, passwords."),
    "mapping": ("gateway.cli.mapping:mapping", "Services as files: check, begin, compare, try."),
    "keys": ("gateway.cli.keys:keys", "The keys that encrypt personal fields and files."),
    "files": ("gateway.cli.files:files", "Uploaded files and documents: check them, sweep what nobody names."),
    "cases": ("gateway.cli.cases:cases", "What the supervision office would be told of cases, and when."),
    "clock": ("gateway.cli.clock:clock", "Working-day clocks, explained; the calendar and a year's notice."),
    "stats": ("gateway.cli.stats:stats", "Statistics of a month: compute, close, check that history stands."),
    "slip": ("gateway.cli.slip:slip", "Receipts, certificates and codes: verify offline, revoke, keys."),
    "census": ("gateway.cli.census:census", "The census of services: reachable, current, free of errors."),
    "worker": ("gateway.cli.worker:worker", "Durable jobs: confirm, write off, refund, notify."),
    "watchman": ("gateway.cli.watchman:watchman", "The dead-man switch: watches the sweeper and the calendar."),
    "sequencer": ("gateway.cli.sequencer:sequencer", "Gives the ledger's records their places in the tree."),
    "witness": ("gateway.cli.witness:witness", "The supervision office's cosigner: refuses a ledger that forks."),
    "retention": ("gateway.cli.retention:retention", "What is over its time: what is due, and taking it away."),
    "exposure": ("gateway.cli.exposure:exposure", "Check the ledger of what platforms saw."),
}
"""Name of each group: where it is, and one sentence for ``--help``."""
LISTENING = frozenset({"run", "demo", "sandbox"})
"""Commands that take the signals over themselves, once they have something to stop."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        if cmd_name not in LISTENING:
            signal.signal(
                signal.SIGINT, signal.default_int_handler
            )  # what __main__ did while modules were read is over
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: Sequence[tuple[str, str]] = [(name, sentence) for name, (_, sentence) in COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=LazyGroup)
def main() -> None:
    """Guitai (柜台): a government counter inside WeChat and Alipay."""
