"""The programs that ``sandbox run`` prints are run as they stand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.sandbox.serving import RunningSandbox, start_sandbox
from gateway.cli.sandbox import show_alipay_example, show_wechat_example
from tests.peers.wechat_merchant import RealClock

pytestmark = pytest.mark.peers


@pytest.mark.parametrize(
    ("show", "words"),
    [
        (show_wechat_example, ("prepay_id", '"trade_state":"SUCCESS"')),
        (show_alipay_example, ("10000", "TRADE_SUCCESS")),
    ],
    ids=["wechat", "alipay"],
)
def test_the_printed_example_pays(
    show: Callable[[RunningSandbox], str], words: tuple[str, ...], tmp_path: Path
) -> None:
    """Copied into a file, it orders, pays and queries, in ten lines of code that fit a wide screen."""
    running = start_sandbox(tmp_path, only={"wechat", "alipay"}, clock=RealClock())
    try:
        program = show(running)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    finally:
        running.stop()
    assert [word for word in words if word not in done.stdout] == []
    code = [line for line in program.replace(str(tmp_path), "home").splitlines() if not line.startswith("#")]
    assert len(code) <= 10
    assert max(map(len, code)) <= 150
