"""``python -m gateway GROUP COMMAND``.

Ctrl-C in the first moments, while modules are being read, ends with one sentence: nothing has been started, so nothing has to be
stopped. An exception would not do: the import system loses one that is raised inside its own callbacks.
"""

import os
import signal
from types import FrameType


def _end_early(_signum: int, _frame: FrameType | None) -> None:
    os.write(2, b"stopped before anything was started\n")
    os._exit(130)


signal.signal(signal.SIGINT, _end_early)

from gateway.cli import main  # noqa: E402 - the line above comes first

main(prog_name="python -m gateway")
