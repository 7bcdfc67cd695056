"""``python -m gateway stats patterns MONTH``: what the rules for patterns give for a month; writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from services.slowness import Found
    from services.slowness_record import Finding

    SlugOf = Callable[[UUID], str]


def describe_found(found: Found, slug_of: SlugOf) -> bytes:
    """The findings as canonical JSON (RFC 8785), the same bytes for the same events. Nothing of an applicant is in it."""
    from services.slowness_rules import RULE
    from services.slowness_tally import list_thresholds

    return rfc8785.dumps(
        {
            "month": found.month, "rule": RULE, "terms": dict(list_thresholds()), "comparisons": found.tests,
            "patterns": [_describe(one, slug_of) for one in found.findings],
        }
    )  # fmt: skip


def _describe(one: Finding, slug_of: SlugOf) -> dict[str, Any]:
    return {
        "agency": slug_of(one.agency_id), "service": one.service, "manager": str(one.manager_id), "kind": str(one.kind),
        "number": one.number, "first_month": one.first_month, "hits": one.own.hits, "of": one.own.of,
        "interval_per_mille": [one.low, one.high], "others_hits": one.others.hits, "others_of": one.others.of,
        "others_interval_per_mille": [one.others_low, one.others_high], "colleagues": one.colleagues,
        "beside_hits": one.beside.hits, "beside_of": one.beside.of, "chance": one.chance,
        "cases": [case.case_no for case in one.evidence],
    }  # fmt: skip


def list_lines(found: Found, slug_of: SlugOf) -> Iterator[str]:
    """A line for each finding, after one that says how much was compared."""
    yield f"{found.month}\t{found.tests} comparisons\t{len(found.findings)} shown"
    for one in found.findings:
        yield "\t".join(
            (
                slug_of(one.agency_id), one.service, str(one.manager_id), str(one.kind), one.first_month,
                f"{one.own.hits}/{one.own.of} ({one.low / 10:.1f} to {one.high / 10:.1f} %)",
                f"others {one.others.hits}/{one.others.of}", f"expected {one.expected:.1f}", f"chance {one.chance}",
            )
        )  # fmt: skip
