"""What the documents say is true: every command, setting and error code, the output, the places."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from config.settings import VARIABLES
from gateway.cli import main
from gateway.errors import TABLE
from gateway.words import load_wording
from services.model import Language

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
DOCS = README + "".join(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)


def walk_commands(command: click.Command, path: str, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Every command below this one with its full name."""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk_commands(found, f"{path} {name}", context)
    else:
        yield path, command


COMMANDS = dict(walk_commands(main, "python -m gateway", click.Context(main)))


def list_tracked() -> list[Path]:
    """Text files under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_documented(path: str) -> None:
    """With its full name, in README or docs/, and with a sentence and all options in --help."""
    assert path in DOCS
    command = COMMANDS[path]
    assert command.help
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_is_documented(path: str) -> None:
    """Each option stands in docs/commands.md under its command."""
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    section = text.partition(f"`{path}")[2].partition("\n## ")[0]
    options = [option.opts[0] for option in COMMANDS[path].params if isinstance(option, click.Option)]
    assert [option for option in options if option not in section] == []


def test_the_environment_table_is_the_settings() -> None:
    """README has one row per variable, in order, with its default and its sentence, and no other."""
    rows = [(name, default.strip(), sentence.strip()) for name, default, sentence in ROW.findall(README)]
    expected = []
    for variable in VARIABLES.values():
        default = {None: "needed", "": "none"}.get(variable.default, f"`{variable.default}`")
        secret = " Secret: or `_FILE`." if variable.secret else ""
        expected.append((variable.name, default, variable.sentence + secret))
    assert rows == expected


def list_statuses() -> dict[str, list[int]]:
    """Public codes and the HTTP statuses under which they appear."""
    found: dict[str, set[int]] = {}
    for status, code in TABLE.values():
        found.setdefault(code, set()).add(status)
    return {code: sorted(statuses) for code, statuses in found.items()}


@pytest.mark.parametrize(("code", "statuses"), sorted(list_statuses().items()))
def test_every_error_code_is_documented(code: str, statuses: list[int]) -> None:
    """Whoever writes a mini-program finds each code with its status and both sentences in docs/errors.md."""
    told = " | ".join(load_wording().say_error(code, language) for language in Language)
    row = f"| `{code}` | {', '.join(map(str, statuses))} | {told} |"
    assert row in (ROOT / "docs" / "errors.md").read_text("utf-8").splitlines()


def test_every_make_target_is_documented() -> None:
    """README names each target that `make help` lists."""
    targets = re.findall(r"^([a-z0-9-]+):[^#\n]*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert [target for target in targets if f"make {target}" not in DOCS] == []


def test_the_output_in_readme_is_the_demo_s() -> None:
    """Each step that README shows is a step of a bill in the demo's source, and each step of the source is shown."""
    shown = set(re.findall(r"^  ✓ (.+?)  \(\d+\.\d\d s\)$", README, re.MULTILINE))
    sources = [ROOT / "gateway" / "demo" / f"{name}.py" for name in ("signing_in", "bills", "looking_back")]
    told = {step for file in sources for step in re.findall(r'journey\.step\("(.+?)"\)', file.read_text("utf-8"))}
    assert shown == told


def test_the_first_screen_fits_a_screen() -> None:
    """What it is, a picture, a command, its output: within the first hundred lines."""
    first = "\n".join(README.splitlines()[:100])
    assert "make run" in first
    assert "✓" in first


def test_links_lead_somewhere() -> None:
    """Each relative link in README and docs/ names a file that exists."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
        if not target.startswith(("http://", "https://")) and not (page.parent / target).exists()
    ]
    assert broken == []


def list_anchors(page: Path) -> set[str]:
    """The anchors of a page's headings: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_into_a_page_lead_to_a_heading() -> None:
    """A checklist that README points to is there under that name."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [
        (page, target, anchor)
        for page in pages
        for target, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", page.read_text("utf-8"))
    ]
    broken = [
        f"{page.relative_to(ROOT)}: {target}#{anchor}"
        for page, target, anchor in links
        if anchor not in list_anchors(page.parent / target if target else page)
    ]
    assert broken == []
    assert {"how-to-add-a-platform", "add-a-back-end-a-new-connector", "add-a-service"} <= {link[2] for link in links}


def test_no_place_of_one_machine_and_no_registry_is_named() -> None:
    """The tree serves anybody: no folder of one machine, no host of a package registry."""
    hosts = [
        "pypi" + ".org",
        "files.python" + "hosted",
        "registry." + "npmjs",
        "deb." + "debian.org",
        "proxy." + "golang",
    ]
    places = ["/wo" + "rk/", "/ro" + "ot/", "/home/" + "[a-z]"]
    pattern = re.compile("|".join([*map(re.escape, hosts), *places]))
    named = []
    for path in list_tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        named += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert named == []


def test_decisions_are_numbered_pages() -> None:
    """NNNN-a-full-statement.md, each number once, each at most a page."""
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert numbers == sorted(set(numbers))
    assert [page.name for page in pages if not re.fullmatch(r"\d{4}-[a-z0-9.-]+\.md", page.name)] == []
    assert [page.name for page in pages if len(page.read_text("utf-8").splitlines()) > 70] == []
