"""``python -m tests.loopback_only FILE COMMAND…`` runs a command in a network namespace of its own that has nothing but loopback.

FILE gets the names of the interfaces that the command had. Linux only; needs root or open user namespaces.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

SET_FLAGS, UP = 0x8914, 0x1
"""SIOCSIFFLAGS and IFF_UP of <linux/sockios.h> and <linux/if.h>."""


def find_prefix() -> list[str] | None:
    """What has to stand before a command, or None where the kernel gives no namespace."""
    tool = shutil.which("unshare")
    for flags in (["--net"], ["--user", "--map-root-user", "--net"]):
        if tool and subprocess.run([tool, *flags, "true"], check=False, capture_output=True).returncode == 0:
            return [tool, *flags, sys.executable, "-m", "tests.loopback_only"]
    return None


def main(file: str, *command: str) -> None:
    """Put loopback up, write down what interfaces there are, become the command."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
    Path(file).write_text("\n".join(name for _, name in socket.if_nameindex()), "utf-8")
    os.execv(command[0], command)  # noqa: S606 - what the caller named


if __name__ == "__main__":
    main(*sys.argv[1:])
