"""A page is read as a browser reads it: what does not stand there cannot be filled in."""

from __future__ import annotations

import pytest

from gateway.demo.journey import StepFailed
from gateway.demo.pages import FormFault, Page, Upload, read_page, write_multipart

HOME = "http://127.0.0.1:8/cases/7"
PAGE = """<!doctype html><title>x</title><body>
<div role="alert"><p>不行</p></div><p>平安</p>
<form method="post" action="/cases/7/check"><input type="hidden" name="seen" value="4">
<input type="radio" name="check.a" value="ok"><input type="radio" name="check.a" value="wrong">
<input type="checkbox" name="item" value="one" checked><input type="checkbox" name="item" value="two">
<textarea name="words">早</textarea><input name="must" required><input name="dead" disabled value="x">
<select name="how"><option value="">—</option><option value="post" selected>邮寄</option></select>
<button type="submit" formaction="/cases/7/accept">受理</button><button name="outcome" value="granted">准予</button></form>
<form method="get" action="/find"><input name="value"></form>
<form method="post" action="/step"><input type="hidden" name="step" value="0"></form>
<form method="post" action="/step"><input type="hidden" name="step" value="1"></form>
<a href="/papers/1">决定书</a><script>var a = "<form action='/no'>"</script></body>"""


def read(body: str = PAGE) -> Page:
    """The page above."""
    return read_page(HOME, 200, {"content-type": "text/html; charset=utf-8"}, body.encode())


def test_a_form_sends_what_a_browser_would() -> None:
    """Ticked boxes, chosen options, hidden values and texts as they stand; nothing that is disabled or unticked, no button unless pressed."""
    pairs = read().find_form("/check").fill({"must": "m"})
    assert pairs == [("seen", "4"), ("item", "one"), ("words", "早"), ("must", "m"), ("how", "post")]
    assert ("outcome", "granted") in read().find_form("/check").fill({"must": "m", "outcome": "granted"})


def test_several_values_of_one_name() -> None:
    """Boxes of one name are sent in the order in which they were ticked."""
    pairs = read().find_form("/check").fill({"must": "m", "item": ["two", "one"]})
    assert [value for name, value in pairs if name == "item"] == ["two", "one"]


@pytest.mark.parametrize(
    "entered",
    [
        {"must": "m", "stranger": "x"},
        {"must": "m", "dead": "x"},
        {"must": "m", "check.a": "perhaps"},
        {"must": "m", "how": "pigeon"},
        {"must": "m", "seen": "5"},
        {"must": ""},
        {},
    ],
)
def test_what_the_form_does_not_take(entered: dict[str, str]) -> None:
    """A field that is not there, a choice that is none, a hidden value of another's, a duty left empty."""
    with pytest.raises(FormFault):
        read().find_form("/check").fill(entered)


def test_a_button_may_send_a_form_elsewhere() -> None:
    """``formaction``: the same fields, another address."""
    assert read().find_form("/accept", "words").action == "/cases/7/accept"
    assert read().has_form("/check")
    assert not read().has_form("/accept", "stranger")


def test_forms_alike_are_told_apart_by_what_is_hidden_in_them() -> None:
    """Both are found; only one of them takes the step."""
    found = read().find_forms("/step", "step")
    assert len(found) == 2
    assert found[1].fill({"step": "1"}) == [("step", "1")]
    with pytest.raises(FormFault):
        found[0].fill({"step": "1"})


def test_a_page_without_the_form_fails() -> None:
    """The message names the forms that stand there."""
    with pytest.raises(StepFailed, match="/find"):
        read().find_form("/decide")
    with pytest.raises(StepFailed):
        read().find_link("/nowhere")


def test_what_a_page_says() -> None:
    """Text without scripts, alerts apart, links as addresses."""
    page = read()
    assert page.alerts == ["不行"]
    assert "平安" in page.text
    assert "var a" not in page.text
    assert page.find_link("/papers/") == "http://127.0.0.1:8/papers/1"
    assert len(page.forms) == 4


def test_a_reply_that_is_no_page_has_no_forms() -> None:
    """Only HTML is read."""
    assert read_page(HOME, 200, {"content-type": "application/pdf"}, PAGE.encode()).forms == []


def test_files_go_as_parts() -> None:
    """Each with its name, type and bytes (RFC 7578)."""
    body, kind = write_multipart([("a", "1"), ("file", Upload("x.png", b"\x89PNG\r\n", "image/png"))])
    mark = kind.partition("boundary=")[2]
    assert body.count(mark.encode()) == 3
    assert b'name="file"; filename="x.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\r\n' in body
