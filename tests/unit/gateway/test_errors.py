"""One table of errors, whole; and what an error says."""

from __future__ import annotations

import importlib
import json
import pkgutil

import pytest

import services
from gateway.errors import STATUS_OF_CODE, TABLE, ReplyRefused, explain_error, show_detail, write_error
from gateway.words import load_wording
from services.case_errors import FileRefused
from services.errors import (
    AssuranceTooLow,
    BackEndRefused,
    BillChanged,
    GuitaiError,
    InputRefused,
    TooManyRequests,
)
from services.model import Language


def list_subclasses(kind: type[GuitaiError]) -> set[type[GuitaiError]]:
    return {kind}.union(*(list_subclasses(child) for child in kind.__subclasses__()))


def test_every_domain_error_has_an_entry() -> None:
    """No error of the services falls back on its parent's status by accident."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        importlib.import_module(module.name)
    ours = {kind for kind in list_subclasses(GuitaiError) if kind.__module__.startswith(("services.", "gateway."))}
    assert ours - set(TABLE) == set()
    assert ReplyRefused in TABLE


def test_one_code_has_one_status() -> None:
    """A client may switch on the code alone."""
    for status, code in TABLE.values():
        assert STATUS_OF_CODE[code] == status


@pytest.mark.parametrize("language", list(Language))
def test_every_code_has_its_own_sentence(language: Language) -> None:
    """A code without a sentence would be told as something that it is not."""
    wording = load_wording()
    for code in STATUS_OF_CODE:
        assert code in wording.errors[language], code


def test_what_is_not_ours_is_internal() -> None:
    """A stranger's exception is a 500 without a word of its message."""
    assert explain_error(ValueError("13800138001")) == (500, "internal")


def test_a_subclass_nobody_listed_is_told_as_its_parent() -> None:
    """Even so nothing gets a wrong class of status."""

    class NewConflict(BillChanged):
        """Somebody's afterthought."""

    assert explain_error(NewConflict()) == TABLE[BillChanged]


def test_details_pass_only_in_known_forms() -> None:
    """A detail that could hold a value is dropped, whoever put it there."""
    assert show_detail(BillChanged(detail={"amount_fen": 8640, "name": "王小明"})) is None
    assert show_detail(AssuranceTooLow(detail={"required": "王小明"})) is None
    assert show_detail(AssuranceTooLow(detail={"required": "phone"})) == {"required": "phone"}
    assert show_detail(TooManyRequests(detail={"retry_after_seconds": 59.2})) == {"retry_after_seconds": 59}
    refused = InputRefused(detail={"王小明": "wrong value 13800138001", "Idempotency-Key": "required"})
    assert show_detail(refused) == {
        "fields": [{"path": "body", "rule": "form"}, {"path": "Idempotency-Key", "rule": "required"}]
    }


def test_a_back_ends_no_is_told_in_its_own_sentence() -> None:
    """The citizen reads why the company refused, in a fixed sentence."""
    error = BackEndRefused("past_period")
    body = json.loads(write_error("back_end_refused", Language.ZH_CN, reason=error.reason))
    assert body["message"] == load_wording().say_refusal("past_period", Language.ZH_CN)


def test_a_back_ends_own_fault_is_no_conflict() -> None:
    """``system`` is 503, like a back end that is away: trying again helps; any other refusal stays 409."""
    assert explain_error(BackEndRefused("system")) == (503, "back_end_unreachable")
    assert explain_error(BackEndRefused("past_period")) == (409, "back_end_refused")


def test_a_refused_file_is_told_by_its_rule() -> None:
    """Whoever uploads learns which rule the file broke, and nothing that stood in it."""
    assert show_detail(FileRefused(detail={"rule": "bomb", "title": "王小明.pdf"})) == {
        "fields": [{"path": "file", "rule": "bomb"}]
    }
    assert show_detail(FileRefused(detail={"rule": "王小明"})) == {"fields": [{"path": "file", "rule": "form"}]}
