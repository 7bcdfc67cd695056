"""The judge in its own process: bounded in time, memory and number, and silent about what it saw."""

from __future__ import annotations

import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.file_judge import AT_ONCE, ProcessJudge
from adapters.judging.verdict import MAXIMUM_BYTES
from services.case_errors import FileRefused
from services.errors import StoreUnavailable
from tests.crafted_files import make_bomb, make_double_bomb, make_pdf, make_picture

ROOT = str(Path(__file__).resolve().parents[3])
LIMITED = (
    f"import sys; sys.path.insert(0, {ROOT!r}); from adapters.judging.child import limit_resources; limit_resources(); "
)
READY = "print('ready', flush=True); "


def refuse(judge: ProcessJudge, content: bytes) -> object:
    """By which rule a file is refused; nothing of it stands in the message."""
    with pytest.raises(FileRefused) as refused:
        judge.judge(content)
    assert refused.value.detail is not None
    assert str(refused.value) == refused.value.detail["rule"]
    return refused.value.detail["rule"]


def run(code: str) -> ProcessJudge:
    """A judge whose process does something else, under the same limits."""
    return ProcessJudge([sys.executable, "-I", "-c", LIMITED + READY + code], wall_seconds=2.0)


def test_good_files_are_told_by_their_content() -> None:
    """The judge gives type, pages and what is kept."""
    judge, photo = ProcessJudge(), make_picture()
    assert judge.judge(make_pdf()).media_type == "application/pdf"
    judged = judge.judge(photo + b"a maker's note")
    assert (judged.media_type, judged.pages, judged.content) == ("image/jpeg", 1, photo)


def test_a_bomb_is_refused_within_a_second() -> None:
    """Kilobytes that stand for gigabytes cost no more than a second of the processor, starting the process included."""
    bomb, judge = make_double_bomb(), ProcessJudge()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refuse(judge, bomb) == "bomb"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


def test_what_is_too_large_is_not_even_looked_at() -> None:
    """A file over the limit, and an empty one, start no process."""
    judge = ProcessJudge(["/nonexistent"])
    assert refuse(judge, bytes(MAXIMUM_BYTES + 1)) == "size"
    assert refuse(judge, b"") == "damaged"


@pytest.mark.parametrize(
    "code",
    [
        "x = bytearray(2_000_000_000)",
        "import os; os.kill(os.getpid(), 11)",
        "import time; time.sleep(60)",
        "\nwhile True: pass",
    ],
    ids=["memory", "crash", "sleep", "spin"],
)
def test_a_process_that_breaks_its_limits_judges_no_file_good(code: str) -> None:
    """Memory, time and crashes end the process and not ours."""
    assert refuse(run(code), make_picture()) == "bomb"


def test_the_process_may_write_no_file() -> None:
    """Whoever takes over the decoder can keep nothing."""
    judge = run(
        "open('/dev/null', 'wb').write(b'x'); import tempfile, signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); "
        "f = tempfile.TemporaryFile(); f.write(b'x'); f.flush()"
    )
    assert refuse(judge, make_picture()) == "bomb"


def test_the_process_has_none_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses and passwords of our settings are not handed to the decoders."""
    monkeypatch.setenv("GUITAI_DATABASE_URL", "postgresql://secret")
    assert (
        refuse(
            run(
                "import os, json; print(json.dumps({'refused': 'size' if not os.environ.get('GUITAI_DATABASE_URL') else 'type'}))"
            ),
            b"x",
        )
        == "size"
    )


def test_a_judge_that_cannot_be_started_is_our_fault() -> None:
    """Without a judge nothing is taken, and nothing is called bad."""
    for command in (["/nonexistent"], [sys.executable, "-I", "-c", "raise SystemExit(3)"]):
        with pytest.raises(StoreUnavailable):
            ProcessJudge(command).judge(make_picture())


def test_no_more_than_some_are_judged_at_once() -> None:
    """Whoever comes when all places are taken waits, and is told to come again; a place is free again afterwards."""
    judge = ProcessJudge(at_once=1, wall_seconds=0.2)
    with judge.places, pytest.raises(StoreUnavailable):
        judge.judge(b"x")
    with pytest.raises(FileRefused):
        judge.judge(b"x")


def test_threads_judge_side_by_side() -> None:
    """Many threads of one process get their own verdicts, good and bad."""
    judge, files = ProcessJudge(), [make_pdf(), make_bomb(64 * 1024**2 * 4), make_picture(), make_picture("PNG")]

    def ask(number: int) -> object:
        try:
            return judge.judge(files[number % 4]).media_type
        except FileRefused as refused:
            return refused.detail

    with ThreadPoolExecutor(AT_ONCE * 2) as pool:
        said = list(pool.map(ask, range(12)))
    assert said == ["application/pdf", {"rule": "bomb"}, "image/jpeg", "image/png"] * 3
