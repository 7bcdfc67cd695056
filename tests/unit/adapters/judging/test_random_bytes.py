"""Whatever the bytes, the judge says something of them, and never that they are what they are not."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.judging.judgement import judge_bytes
from adapters.judging.verdict import BytesRefusedError
from tests.crafted_files import make_flate, make_pdf, make_picture

RULES = {"type", "size", "pages", "active", "encrypted", "damaged", "bomb"}
STARTS = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
GOOD = (make_pdf({5: make_flate(b"0 0 m")}), make_picture(size=(12, 10)), make_picture("PNG", size=(12, 10)))
FREE = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judge(content: bytes) -> None:
    """A verdict that its first bytes bear out, or a known rule."""
    rule = ""
    try:
        verdict = judge_bytes(content)
    except BytesRefusedError as refused:
        rule = refused.rule
    if rule:
        assert rule in RULES
        return
    assert content.startswith(STARTS[verdict.media_type])
    assert 0 < verdict.kept_bytes <= len(content)
    assert 1 <= verdict.pages <= 100


@FREE
@given(st.sampled_from([b"", *STARTS.values(), b"%PDF-1.4\n1 0 obj", b"GIF89a"]), st.binary(max_size=400))
def test_random_bytes_are_judged(start: bytes, rest: bytes) -> None:
    """No bytes make the judge fail, or be taken for a type whose beginning they do not have."""
    judge(start + rest)


@FREE
@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_files_are_judged(good: bytes, changes: list[tuple[int, int]]) -> None:
    """A good file with some bytes changed is still good, or refused by a known rule."""
    content = bytearray(good)
    for place, byte in changes:
        content[place % len(content)] = byte
    judge(bytes(content))


@FREE
@given(st.sampled_from(GOOD), st.integers(0, 4000), st.integers(0, 4000), st.binary(max_size=60))
def test_spliced_files_are_judged(good: bytes, first: int, last: int, middle: bytes) -> None:
    """A good file with a part cut out and another put in is still good, or refused by a known rule."""
    judge(good[: first % len(good)] + middle + good[last % len(good) :])


@FREE
@given(st.text("[]<>()/ \n0123456789RobjenduTypeKidsPagesNull", max_size=300))
def test_random_objects_are_judged(text: str) -> None:
    """An object of random signs makes nothing fail."""
    judge(make_pdf({2: text.encode(), 5: text.encode()}))
