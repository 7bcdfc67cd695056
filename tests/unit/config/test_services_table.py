"""docs/services.md says of every shipped service what its mapping says."""

from __future__ import annotations

import re

from config.strict_yaml import read_document
from tests.fakes import ROOT

ROW = re.compile(r"^\| `([a-z-]+)` (\S+) \| ([a-z]+) \| `([a-z-]+)` \|.*\| ([0-9]+) \| ([0-9]+) \|$", re.MULTILINE)


def test_the_table_is_the_catalogue() -> None:
    """One row a mapping, with its title, kind, back end, clicks and trips."""
    told = {row[0]: row[1:] for row in ROW.findall((ROOT / "docs" / "services.md").read_text(encoding="utf-8"))}
    shipped = {}
    for file in sorted((ROOT / "config" / "mappings").glob("*.yaml")):
        value = read_document(file.name, file.read_bytes()).value
        effort = value["effort"]
        shipped[file.stem] = (
            value["title"]["zh-CN"],
            value["kind"],
            value["back_end"]["name"],
            str(effort["clicks"]),
            str(effort["trips"]),
        )
    assert told == shipped
