"""docs/api.md says what the app does: every route, every error code with its status, every limit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.errors import TABLE
from gateway.routes.applications import APPLICATIONS_A_MINUTE
from gateway.routes.case_papers import SLIPS_A_MINUTE
from gateway.routes.cases import ACTS_A_MINUTE
from gateway.routes.catalogue import FORMS_A_MINUTE
from gateway.routes.drafts import SAVINGS_A_MINUTE, SUBMISSIONS_A_MINUTE
from gateway.routes.information import READINGS_A_MINUTE
from gateway.routes.lookups import LOOK_UPS_A_MINUTE
from gateway.routes.payments import PAYMENTS_A_MINUTE
from gateway.service_tellers import NUMBERS_AN_HOUR
from services import bills, households, identity, sessions
from services.case_drafts import MOST_DRAFTS
from services.file_rules import LARGEST_MEGABYTES
from services.organisations import QUESTIONS_AN_HOUR
from services.uploads import UPLOADS_PER_TEN_MINUTES
from tests.unit.gateway.test_routes import ROUTES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text("utf-8")


@pytest.mark.parametrize(("method", "rule", "view"), ROUTES)
def test_every_route_is_documented(method: str, rule: str, view: object) -> None:
    """With its method and path, as a row of the table."""
    path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule)
    assert f"| `{method} {path}` |" in PAGE


def test_no_route_is_documented_that_is_not_there() -> None:
    """A row without a route is a promise that nobody keeps."""
    known = {f"{m} {re.sub(r'<(?:[^:>]+:)?([^>]+)>', r'{' + chr(92) + r'1}', r)}" for m, r, _ in ROUTES}
    assert set(re.findall(r"^\| `((?:GET|POST|DELETE) [^`]+)` \|", PAGE, re.MULTILINE)) == known


@pytest.mark.parametrize(("status", "code"), sorted(set(TABLE.values())))
def test_every_error_code_is_documented(status: int, code: str) -> None:
    """With its status."""
    assert f"| {status} | `{code}` |" in PAGE


def test_the_limits_are_the_ones_in_force() -> None:
    """A number in the document is the number in the code."""
    text = " ".join(PAGE.split())
    for sentence in (
        f"{bills.QUERIES_A_MINUTE} bill queries and {PAYMENTS_A_MINUTE} payments a minute",
        f"{households.LOOK_UPS_AN_HOUR} household look-ups an hour",
        f"{identity.ATTEMPTS_AN_HOUR} real-name attempts an hour",
        f"{identity.PHONES_AN_HOUR} phone proofs an hour",
        f"{sessions.SIGN_INS_OF_A_LOGIN} log-ins a minute",
        f"{sessions.SIGN_INS_A_MINUTE} log-ins a minute and app",
        f"{sessions.CODES_A_MINUTE} codes a minute and app",
        f"{APPLICATIONS_A_MINUTE} applications (likewise) of one service, {LOOK_UPS_A_MINUTE} look-ups",
        f"{READINGS_A_MINUTE} readings of information and {FORMS_A_MINUTE} prefilled forms a minute",
    ):
        assert sentence in text


def test_the_limits_of_cases_are_the_ones_in_force() -> None:
    """Drafts, submissions, acts, slips, files, typed numbers."""
    text = " ".join(PAGE.split())
    for sentence in (
        f"{SAVINGS_A_MINUTE} savings of drafts, {SUBMISSIONS_A_MINUTE} submissions",
        f"{ACTS_A_MINUTE} acts and {SLIPS_A_MINUTE} slips a minute; {MOST_DRAFTS} drafts at a time",
        f"{QUESTIONS_AN_HOUR} questions to the business register and {NUMBERS_AN_HOUR} typed identity numbers an hour",
        f"{LARGEST_MEGABYTES} MB and what the material says",
        f"{UPLOADS_PER_TEN_MINUTES} in ten minutes",
    ):
        assert sentence in text
