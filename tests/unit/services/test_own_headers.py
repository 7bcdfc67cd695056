"""A mapping chooses the header that holds its secret, and none that says something else."""

from __future__ import annotations

import pytest

from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary
from services.mapping_reader import read_mapping

TEXT = (MAPPINGS_FOLDER / "gas-bill.yaml").read_text("utf-8")
PLAIN = "authentication: {scheme: bearer, secret: api_key}"


def find_faults(header: str) -> list[str]:
    """What is wrong with the gas bill if its key travels in this header."""
    text = TEXT.replace(PLAIN, f"authentication: {{scheme: bearer, secret: api_key, header: {header}}}", 1)
    assert text != TEXT
    return [fault.path for fault in read_mapping("gas-bill.yaml", text.encode(), load_vocabulary())[1]]


@pytest.mark.parametrize(
    "header",
    ["Host", "content-length", "Transfer-Encoding", "Connection", "Expect", "Upgrade", "TE", "Content-Type", "X-Request-Id",
     "x-purpose", "X-Case-Number", "X-Road-Client", "x-road-userid", "User-Agent", "Accept"],
)  # fmt: skip
def test_a_header_that_is_the_counters_own_holds_no_secret(header: str) -> None:
    """It would say another host, another length, another case, another asker on the bus."""
    assert find_faults(header) == ["back_end.authentication.header"]


@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key", "X-Road", "Hostess"])
def test_any_other_may(header: str) -> None:
    """Back ends have names of their own."""
    assert find_faults(header) == []
