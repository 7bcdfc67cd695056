"""A supervisor in front of a browser: what she clicks and types is counted alert by alert, every page is looked at, every answer is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from tests.browser.counter import require_access
from tests.browser.meter import CaseCount, Meter, await_focus
from tests.browser.morning_office import MorningOffice
from tests.unit.gateway.console.office import PASSWORD

FOLDER = Path("var/browser/supervisors-morning")
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 420, "height": 860}
SCROLLS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
STROKE, POINT, THINK = 0.28, 1.1, 1.35
"""Seconds of a keystroke of somebody who types moderately, of pointing and of thinking of the next act: the keystroke-level model of Card,
Moran and Newell (Communications of the ACM 23 (1980), 396-410)."""


@dataclass
class Window:
    """One person's window. ``answers``: status and address of each answer of ours; ``said``: what the browser complained of."""

    page: Page
    url: str
    answers: list[tuple[int, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("response", self._note)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self.said.append(message.text)

    def _note(self, reply: Response) -> None:
        self.answers.append((reply.status, reply.url.removeprefix(self.url)))

    @property
    def refused(self) -> list[int]:
        """The statuses that are no success, in order."""
        return [status for status, _ in self.answers if status >= 400]

    def go(self, address: str) -> None:
        """By the address, as a bookmark does."""
        self.page.goto(self.url + address)
        await_focus(self.page)

    def read(self) -> str:
        """What stands on the page."""
        return self.page.inner_text("main")


@dataclass
class Morning:
    """The office, its address, and everybody's windows."""

    office: MorningOffice
    url: str
    chromium: Browser
    windows: list[Window] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def open_window(self, login: str, *, scripts: bool = True) -> Window:
        """Sign in with password and one-time code."""
        context = self.chromium.new_context(viewport=WIDE, locale="zh-CN", java_script_enabled=scripts)  # type: ignore[arg-type]  # a size
        context.set_default_timeout(15_000)
        window = Window(context.new_page(), self.url)
        self.windows.append(window)
        window.page.goto(self.url)
        window.page.focus("#f-login")
        for text in (self.office.staff[login].member.login, PASSWORD, self.office.code_of(login)):
            window.page.keyboard.insert_text(text)
            window.page.keyboard.press("Tab")
        with window.page.expect_navigation():
            window.page.keyboard.press("Enter")
        assert window.page.url == f"{self.url}/", window.read()
        return window

    def open_tab(self, window: Window) -> Window:
        """A second tab of the same browser: the same session."""
        tab = Window(window.page.context.new_page(), self.url)
        self.windows.append(tab)
        return tab

    def keep_picture(self, window: Window, name: str, *, narrow: bool = False) -> None:
        """A picture of the page. It must be accessible, and must not scroll sideways on a narrow screen."""
        assert name not in self.pictures
        self.pictures.append(name)
        page, number = window.page, len(self.pictures)
        page.screenshot(path=FOLDER / f"{number:02}-{name}.png", full_page=True)
        require_access(page)
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a size
        assert not page.evaluate(SCROLLS), f"{name} scrolls sideways: {page.url}"
        if narrow:
            page.screenshot(path=FOLDER / f"{number:02}-{name}-420.png", full_page=True)
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # a size

    @contextmanager
    def alert(self, meter: Meter, kind: str, name: str) -> Iterator[CaseCount]:
        """Everything till its end is spent on this alert."""
        began = time.monotonic()
        with meter.case(kind, self.office.files[name].case.case_no) as count:
            yield count
        self.seconds[kind] = time.monotonic() - began

    def close(self) -> None:
        """Close every window."""
        for context in {id(one.page.context): one.page.context for one in self.windows}.values():
            context.close()


def estimate_seconds(count: CaseCount) -> float:
    """How long somebody who knows the page takes for the clicks and keys alone, without reading: by the keystroke-level model."""
    acts = count.keys + count.clicks
    return STROKE * (count.keys + count.typed) + (POINT + 0.2) * count.clicks + THINK * acts


def write_measure(counts: list[CaseCount], seconds: dict[str, float], folder: Path) -> None:
    """``report.json`` and ``report.md``: what each alert took of clicks, keys, pages; the estimate for a hand, and what the machine took."""
    rows = [
        asdict(one) | {"interactions": one.interactions, "by_hand": round(estimate_seconds(one), 1),
        "by_machine": round(seconds[one.kind], 1)} for one in counts
    ]  # fmt: skip
    (folder / "report.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    heads = ("kind", "interactions", "clicks", "keys", "typed", "pages", "by_hand")
    lines = ["# A supervisor's morning", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(row[name]) for name in heads) + " |" for row in rows]
    (folder / "report.md").write_text("\n".join(lines) + "\n", "utf-8")
