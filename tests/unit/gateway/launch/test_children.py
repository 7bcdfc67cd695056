"""The launcher leaves nothing behind, and says what went wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.launch.children import Children
from gateway.launch.interruption import Interruption, Stopped
from gateway.launch.places import PREFERRED_PORTS, ROOT, LaunchFault, Places, reserve_ports, take_lock, write_json
from gateway.launch.warden import end_all, send, watch

SLEEP = ("-c", "import time; time.sleep(60)")


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    """Children whose home is a temporary folder; all of them end with the test."""
    places = Places(tmp_path)
    lock = take_lock(places)
    children = Children(places.folder("log"), lock)
    yield children
    children.stop()
    children.dismiss_warden()
    lock.close()


def await_end(pid: int, seconds: float = 10.0) -> bool:
    """Whether a process that is not ours to wait for ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not _runs(pid):
            return True
        time.sleep(0.05)
    return False


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_dead_child_is_named_with_its_last_words(children: Children) -> None:
    """Who ended, with which status, and the tail of its log."""
    child = children.start("talker", ("-c", "import sys; sys.stderr.write('the last words\\n'); sys.exit(3)"), {})
    child.process.wait(10)
    with pytest.raises(LaunchFault, match=r"(?s)talker ended by itself \(status 3\).*the last words"):
        children.require_alive()


def test_a_child_that_ignores_sigterm_is_killed(children: Children) -> None:
    """Politely first, by force after the grace."""
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('ready', 'w'); time.sleep(60)"
    child = children.start("stubborn", ("-c", stubborn.replace("'ready'", repr(str(children._logs / "ready")))), {})
    while not (children._logs / "ready").exists():
        time.sleep(0.02)
    children.stop_named("stubborn", grace_seconds=0.2)
    assert child.process.returncode == -signal.SIGKILL
    assert "stubborn" not in children.pids


def test_children_do_not_hear_ctrl_c(children: Children) -> None:
    """Each child leads its own process group: Ctrl-C reaches the launcher alone, which ends them in order."""
    child = children.start("sleeper", SLEEP, {})
    assert os.getpgid(child.process.pid) == child.process.pid


def test_children_do_not_inherit_settings(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GUITAI_ variable of the terminal does not leak into a run."""
    monkeypatch.setenv("GUITAI_POOL_SIZE", "99")
    child = children.start("reader", ("-c", "import os; print(os.environ.get('GUITAI_POOL_SIZE'))"), {})
    child.process.wait(10)
    assert child.log.read_text("utf-8").strip() == "None"


def test_an_adopted_process_that_ended_is_noticed(children: Children) -> None:
    """PostgreSQL and Redis are started elsewhere and watched all the same."""
    with subprocess.Popen([sys.executable, "-c", ""]) as stranger:
        os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
        children.adopt("stranger", stranger.pid)
        with pytest.raises(LaunchFault, match="stranger ended by itself"):
            children.require_alive()
    children.release("stranger")


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
def test_no_orphan_after_sigkill_of_the_launcher(tmp_path: Path) -> None:
    """The launcher is killed; the warden ends what it left."""
    code = (
        "import pathlib, sys, time\n"
        "from gateway.launch.children import Children\n"
        "from gateway.launch.places import Places, take_lock\n"
        f"places = Places(pathlib.Path({str(tmp_path)!r}))\n"
        "lock = take_lock(places)\n"
        "children = Children(places.folder('log'), lock)\n"
        f"child = children.start('sleeper', {SLEEP!r}, {{}})\n"
        "print(child.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        assert _runs(pid)
        launcher.kill()
    assert await_end(pid)
    take_lock(Places(tmp_path)).close()


def test_two_runs_cannot_share_a_home(tmp_path: Path) -> None:
    """The second is refused at once and told who has it."""
    with take_lock(Places(tmp_path)), pytest.raises(LaunchFault, match=rf"process {os.getpid()}\) uses"):
        take_lock(Places(tmp_path), patience_seconds=5)


def test_ports_stay_the_same_from_run_to_run(tmp_path: Path) -> None:
    """Notice addresses that orders gave to a platform stay right."""
    first = list_ports(reserve_ports(Places(tmp_path)))
    assert list_ports(reserve_ports(Places(tmp_path))) == first
    assert len(set(first)) == len(PREFERRED_PORTS)


def test_a_reserved_port_lets_the_server_in_and_no_other_run(tmp_path: Path) -> None:
    """Granian shares ports (SO_REUSEPORT); two runs on one port would take each other's requests."""
    held = reserve_ports(Places(tmp_path / "one"))
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    server.bind(("127.0.0.1", held["public"].getsockname()[1]))
    server.listen()
    other = reserve_ports(Places(tmp_path / "two"))
    assert held["public"].getsockname() != other["public"].getsockname()
    server.close()
    list_ports(held)
    list_ports(other)


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """Who looks for the counter at the usual address is told that somebody else is there, and where it is instead."""
    one, told = reserve_ports(Places(tmp_path / "one")), list[str]()
    for held in one.values():
        held.listen()
    write_json(
        Places(tmp_path / "two").path("run", "ports.json"), {name: held.getsockname()[1] for name, held in one.items()}
    )
    two = reserve_ports(Places(tmp_path / "two"), told.append)
    assert [line.split()[1] for line in told] == [str(held.getsockname()[1]) for held in one.values()]
    assert all(
        f"{name} gets {held.getsockname()[1]}" in line for line, (name, held) in zip(told, two.items(), strict=True)
    )
    list_ports(one)
    list_ports(two)


def test_folders_of_a_home_are_for_its_owner(tmp_path: Path) -> None:
    """Also those that an earlier release left open, and whatever the umask; the home itself is left as somebody made it."""
    home = tmp_path / "home"
    (home / "secrets").mkdir(parents=True, mode=0o755)
    home.chmod(0o755)
    places = Places(home)
    for folder in (places.folder("secrets"), places.folder("log"), places.path("run", "lock").parent):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert home.stat().st_mode & 0o777 == 0o755


def list_ports(held: dict[str, socket.socket]) -> list[int]:
    """The ports of a reservation, which is given up."""
    ports = [taken.getsockname()[1] for taken in held.values()]
    for taken in held.values():
        taken.close()
    return ports


def test_the_warden_ends_only_what_is_left() -> None:
    """Lines that cannot be read are passed over; what was ended is not ended twice."""
    assert watch(["+12\n", "+13\n", "-12\n", "nonsense\n", "+x\n", "", "+14"]) == [14, 13]


def test_ending_what_does_not_exist_is_no_fault() -> None:
    """A process that ended meanwhile is what was wanted."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait(10)
    assert send(gone.pid, 0) is False
    end_all([gone.pid], grace_seconds=0.1)


def test_state_is_for_the_owner_alone(tmp_path: Path) -> None:
    """It holds the owner's database address with its password."""
    write_json(tmp_path / "state.json", {"a": 1})
    write_json(tmp_path / "state.json", {"a": 2})
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


def test_a_signal_does_not_cut_off_the_look_at_a_child(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is told to stop while it asks whether a child lives has its answer first: or the end would wait for a lock for ever."""
    child, interruption, answered = children.start("sleeper", SLEEP, {}), Interruption(), list[str]()
    before = signal.getsignal(signal.SIGINT)

    def poll_and_hear() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        answered.append("alive")

    monkeypatch.setattr("gateway.launch.children.INTERRUPTION", interruption)
    monkeypatch.setattr(child.process, "poll", poll_and_hear)
    signal.signal(signal.SIGINT, interruption._hear)
    try:
        with pytest.raises(Stopped):
            children.require_alive()
    finally:
        signal.signal(signal.SIGINT, before)
    assert answered == ["alive"]
