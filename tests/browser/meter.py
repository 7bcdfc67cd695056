"""A clerk in front of a browser whose every keystroke and click is counted, case by case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean

from playwright.sync_api import CDPSession, Page


@dataclass
class CaseCount:
    """What one case took. ``keys``: keys pressed that write no text; ``typed``: characters; ``scans``: codes that a scanner typed.

    ``interactions`` are what a hand does apart from writing: keys, clicks, scans, and each field that was written into.
    """

    kind: str
    case_no: str
    keys: int = 0
    clicks: int = 0
    fields: int = 0
    typed: int = 0
    scans: int = 0
    pages: int = 0

    @property
    def interactions(self) -> int:
        return self.keys + self.clicks + self.scans + self.fields

    @property
    def keystrokes(self) -> int:
        return self.keys + self.typed


@dataclass
class Meter:
    """One browser window and its counts."""

    page: Page
    counts: list[CaseCount] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wire: CDPSession = self.page.context.new_cdp_session(self.page)
        self.now = CaseCount("", "")

    @contextmanager
    def case(self, kind: str, case_no: str) -> Iterator[CaseCount]:
        """Everything till its end is spent on this case."""
        self.now = CaseCount(kind, case_no)
        yield self.now
        self.counts.append(self.now)

    def press(self, key: str, *, moves: bool = False) -> None:
        """One key; ``moves``: the next page comes."""
        self.now.keys += 1
        self._do(lambda: self.page.keyboard.press(key), moves=moves)

    def access(self, key: str, *, moves: bool = False) -> None:
        """Alt and the key that a button shows: one chord. Sent as a keyboard does it, for ``keyboard.press`` sends no text with Alt."""
        self.now.keys += 1
        self._do(lambda: self._send_chord(key), moves=moves)

    def _send_chord(self, key: str) -> None:
        code = ("Digit" if key.isdigit() else "Key") + key.upper()
        cells = {
            "code": code,
            "key": key,
            "windowsVirtualKeyCode": ord(key.upper()),
            "modifiers": 1,
            "unmodifiedText": key,
        }
        self.wire.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": key, **cells})
        self.wire.send("Input.dispatchKeyEvent", {"type": "keyUp", **cells})

    def click(self, selector: str, *, moves: bool = False) -> None:
        """One click of the mouse."""
        self.now.clicks += 1
        self._do(self.page.locator(selector).first.click, moves=moves)

    def write(self, selector: str, text: str) -> None:
        """Go into a field with the mouse and write over what stands in it."""
        self.now.clicks += 1
        self.now.fields += 1
        self.now.typed += len(text)
        self.page.locator(selector).first.fill(text)

    def type(self, text: str) -> None:
        """Write where the caret stands."""
        self.now.fields += 1
        self.now.typed += len(text)
        self.page.keyboard.insert_text(text)

    def scan(self, text: str) -> None:
        """What a scanner does: it types the code where the caret stands, and Enter."""
        self.now.scans += 1
        self.page.keyboard.insert_text(text)
        self._do(lambda: self.page.keyboard.press("Enter"), moves=True)

    def _do(self, act: object, *, moves: bool) -> None:
        assert callable(act)
        if not moves:
            act()
            return
        self.now.pages += 1
        with self.page.expect_navigation():
            act()
        await_focus(self.page)


def await_focus(page: Page) -> None:
    """Wait until the page has given the focus to what it means to: browsers do so with the first picture, after everything is loaded."""
    if page.locator("[autofocus]").count():
        page.wait_for_selector(":focus", state="attached")


def write_report(counts: list[CaseCount], folder: Path, seconds: float) -> dict[str, dict[str, float]]:
    """``report.json`` with each case, ``report.md`` with each kind; gives the means by kind."""
    kinds = list(dict.fromkeys(one.kind for one in counts))
    table = {kind: _summarise([one for one in counts if one.kind == kind]) for kind in kinds}
    rows = [
        asdict(one) | {"interactions": one.interactions, "keystrokes": one.keystrokes, "number": number}
        for number, one in enumerate(counts, 1)
    ]
    whole = {"cases": len(counts), "seconds": round(seconds, 1), "kinds": table, "each": rows}
    (folder / "report.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1), "utf-8")
    lines = [
        "# A clerk's day", "", (f"{len(counts)} cases, {mean(one.interactions for one in counts):.1f} interactions a case,"
        f" {mean(one.keystrokes for one in counts):.1f} keystrokes (characters included), {mean(one.clicks for one in counts):.1f} clicks."), "",
        "| kind | cases | interactions | keys | clicks | fields | characters | scans | pages |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    columns = ("cases", "interactions", "keys", "clicks", "fields", "typed", "scans", "pages")
    lines += [f"| {kind} | " + " | ".join(f"{table[kind][name]:g}" for name in columns) + " |" for kind in kinds]
    (folder / "report.md").write_text("\n".join(lines) + "\n", "utf-8")
    return table


def _summarise(counts: list[CaseCount]) -> dict[str, float]:
    names = ("interactions", "keys", "clicks", "fields", "typed", "scans", "pages")
    means = {name: round(mean(getattr(one, name) for one in counts), 1) for name in names}
    return {"cases": float(len(counts)), **means, "most": float(max(one.interactions for one in counts))}
