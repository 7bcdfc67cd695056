"""Rules of a mapping as a whole: every kind's scaffold is right, and each way to spoil it is told with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.mapping_schema import KINDS
from services.catalogue import read_vocabulary
from services.mapping import ServiceMapping
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping

CONFIG = Path(__file__).parents[3] / "config"
VOCABULARY, _ = read_vocabulary(CONFIG / "vocabulary.yaml")
DOCUMENTS = FolderDocuments(CONFIG / "mappings")


def scaffold(kind: str) -> str:
    return (CONFIG / "scaffolds" / f"{kind}.yaml").read_text(encoding="utf-8").replace("id: {id}", "id: my-service", 1)


TEXTS = {kind: scaffold(kind) for kind in KINDS}
TEXTS["births"] = (CONFIG / "mappings" / "birth-permit.yaml").read_text(encoding="utf-8")
TEXTS["declaration"] = (CONFIG / "mappings" / "tax-declaration.yaml").read_text(encoding="utf-8")
TEXTS["fines"] = (CONFIG / "mappings" / "vehicle-fines.yaml").read_text(encoding="utf-8")


def read(text: str) -> tuple[ServiceMapping | None, list[str]]:
    assert VOCABULARY is not None
    mapping, faults = read_mapping("m.yaml", text.encode(), VOCABULARY, documents=DOCUMENTS)
    assert (mapping is None) == bool(faults)
    return mapping, [str(fault) for fault in faults]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_good(text: str) -> None:
    """A scaffold passes as it is."""
    assert read(text)[1] == []


CASES = [
    # what belongs to another kind, or is needed by this one
    ("bill", "review_on:", "outputs: {amount: {type: text, label: {zh-CN: 甲, en: a}}}\nreview_on:", "outputs: found this key"),
    ("lookup", "review_on:", "payee: somebody\nreview_on:", "payee: found this key, expected no such key (kind lookup"),
    ("information", "information: {cache_seconds: 600} # CHANGE\n", "", "information: found nothing, expected this key"),
    ("lookup", "kind: lookup", "kind: information", "information: found nothing"),
    ("application", "    find_result:", "    find_outcome:", "operations.find_result: found nothing, expected this operation"),
    ("application", "    find_result:", "    find_resul:", "an unknown operation, expected one of"),
    ("bill", "# payment: {amount", "payment: {amount", "operations.list_bills: found an unknown operation"),
    # inputs
    ("application", "    prefilled_from: account.real_name #", "    #", "inputs.real_name.prefilled_from: found nothing, expected account.real_name: this asks"),
    ("application", "assurance: real-name", "assurance: phone", "found what is not proven at this `assurance`"),
    ("application", "account.real_name #", "back_end.name #", "operations.prefill: found nothing"),
    ("bill", '    example: "10086001"', "    prefilled_from: back_end.number", "no prefilled value (kind bill has no `prefill`)"),
    ("application", "example_copies:\n    type", "example_copys:\n    type", "inputs.example_copys: found an unknown name"),
    ("application", "    minimum: 1\n    maximum: 5", "    minimum: 6\n    maximum: 5", "maximum: found less than the minimum"),
    ("application", '    example: "1"', '    example: "9"', "example: found an example of another form"),
    ("lookup", "    type: digits", "    type: choice", "inputs.example_year.choices: found nothing, expected this key (type choice)"),
    ("lookup", "    type: digits", "    type: date", "inputs.example_year.pattern: found this key"),
    ("application", "    maximum: 100", "    editable: true", "editable: found this key, expected no such key without"),
    ("information", "{value: traffic,", "{value: general,", "choices: found a value twice"),
    ("bill", "  household_no: #", "  counters: #", "inputs.household_no: found nothing, expected the payer's account"),
    ("bill", '"[0-9A-Za-z-]{1,35}"', '"([0-9]+)+"', "inputs.household_no.pattern: found repetitions that can be read in too many ways"),
    # outputs and words
    ("lookup", "field: example_record}\n  entries", "field: example_recrd}\n  entries", "outputs.balance.field: found an unknown name"),
    ("lookup", "    type: list", "    type: text", "outputs.entries.of: found this key, expected no such key (type text)"),
    ("lookup", "type: money, label: {zh-CN: 余额, en: Balance},", "mask: number, type: money, label: {zh-CN: 余额, en: Balance},", "balance.mask: found this key"),
    ("lookup", "  example_year: {zh", "  counters: {zh-CN: 数, en: n}\n  example_year: {zh", "words.counters: found a word that the vocabulary has"),
    # the exposure budget
    ("lookup", "current_at, example_record]", "current_at]", "shown_in_client: found no example_record, expected this field: an output"),
    ("lookup", "[service_choice, example_year]", "[service_choice]", "entered_in_client: found no example_year"),
    ("lookup", "error, current_at,", "error,", "found no current_at, expected this field: a service of kind lookup"),
    ("application", "      - real_name\n", "", "found no real_name, expected this field: an input shows it prefilled"),
    ("lookup", "error, current_at,", "error, current_at, curent_at,", "found an unknown name"),
    ("lookup", "  look_up: {zh", "  browse_services: {zh", "purposes.look_up: found nothing, expected this purpose"),
    # promises
    ("application", "promised_days: 15", "promised_days: 25", "limits.promised_days: found more days than the law allows"),
    ("application", "limit_days: 10}", "limit_days: 16}", "steps[1].limit_days: found more days than the whole may take"),
    ("application", "hands_over_to: head}", "hands_over_to: heads}", "steps[0].hands_over_to: found a role that no step has"),
    # effort: a promise below what the file itself asks for
    ("bill", "clicks: 4", "clicks: 3", "effort.clicks: found fewer clicks than it takes, expected at least 4: counted"),
    ("bill", "clicks: 4,", "clicks: 4, fields: 0,", "effort.fields: found fewer fields than it takes, expected at least 1"),
    ("births", "clicks: 6", "clicks: 2", "effort.clicks: found fewer clicks than it takes, expected at least 3: counted"),
    ("case", "clicks: 9", "clicks: 1", "effort.clicks: found fewer clicks than it takes, expected at least 7: counted"),
    ("case", "level: C", "level: B", "effort.trips: found fewer trips than it takes, expected at least 1: counted"),
    ("declaration", "clicks: 1", "clicks: 2", "effort.clicks: found more clicks than it takes, expected 1: everything is known"),
    ("case", "review_on:", "audience: [person]\nreview_on:", "audience: found this key, expected no such key (kind case"),
    ("application", "trips: 0,", "trips: 1,", "effort.legal_ground: found nothing, expected the law"),
    (
        "application",
        "trips: 0, preconditions: []}",
        "trips: 1, preconditions: [{name: {zh-CN: 体检, en: check}, trips: 2, legal_ground: 法第一条}]}",
        "effort.trips: found fewer trips than its preconditions need, expected at least 2",
    ),
    (
        "application",
        "preconditions: []}",
        "preconditions: [{name: {zh-CN: 体检, en: check}, trips: 2}]}",
        "effort.preconditions[0].legal_ground: found nothing",
    ),
    ("application", "legal_basis: 行政", 'legal_basis: " " # 行政', "legal_basis: found blanks"),
    # payment
    ("bill", "payee_name:", "payment: {minimum_fen: 100}\npayee_name:", "payment.minimum_fen: found this key"),
    ("bill", "payee_name:", "payment: {model: non-tax}\npayee_name:", "payment.non_tax: found nothing"),
    ("fines", "  amount: billed", "  amount: chosen", "payment.amount: found chosen"),
    ("fines", '    region_code: "110101"\n', "", "payment.non_tax.region_code: found nothing"),
    # late results
    ("application", "arrives: polled, every", "arrives: pushed, every", "late.secret: found nothing, expected this key (arrives pushed)"),
    ("application", "every_minutes: 60,", "daily_at: '06:30',", "late.daily_at: found this key"),
    # back ends, calls, chains
    ("lookup", "  unit: fen # CHANGE: yuan or fen, the unit of all its money\n", "", "back_end.unit: found nothing, expected yuan or fen"),
    ("fines", "    unit: fen\n", "", "further_back_ends[0].unit: found nothing, expected yuan or fen"),
    ("fines", "          at: treasury\n", "          at: tresury\n", "calls[1].at: found an unknown back end, expected one of further_back_ends, nearest treasury"),
    ("fines", "        - name: notices\n", "        - name: fines\n", "calls[1].name: found a name that an earlier call has"),
    ("fines", "results.fines.notice_nos", "results.notices.notice_nos", "calls[1].request: found results.notices, expected a call before"),
    ("fines", "results.notices.bills", "results.notice.bills", "list_bills.response: found results.notice"),
    ("fines", "WHERE plate_no = :plate\n", "WHERE plate_no = :plat\n", "found the parameter :plat"),
    ("fines", "SELECT notice_no FROM", "SELECT * FROM", "every column"),
    ("fines", "scheme: password,", "scheme: basic,", "scheme: found a scheme of another connector"),
    ("fines", "  - name: treasury\n", "  - name: vehicle-database\n", "further_back_ends[0].name: found a name that another back end has"),
    ("fines", "      mode: write\n      at: treasury\n", "      mode: write\n", "a read: the sql connector never changes anything"),
    ("fines", '          reply: ["rows[].notice_no"]\n', "", "calls[0].reply: found nothing"),
    ("fines", 'response: "{notice_nos: body.rows[].notice_no}"', 'response: "{notice_nos: body.rows[].notice}"', "found notice, which the reply does not hold"),
    ("bill", "      mode: read\n      method: GET\n      path: /customers/{household_no}\n", "      mode: write\n      idempotent_by: household_no\n      method: POST\n      path: /customers/{household_no}\n", "find_household.mode: found write"),
    ("bill", "scheme: bearer, secret: api_key", "scheme: basic, secret: api_key", "authentication.user: found nothing"),
    ("bill", "scheme: bearer, secret: api_key", "scheme: bearer, secret: api_key, certificate: crt", "authentication.key: found nothing"),
    ("bill", "connector: rest #", "connector: soap #", "back_end.wsdl: found nothing"),
    ("bill", "  error: body.code", "  openapi: openapi/none.yaml\n  error: body.code", "openapi: found a file that does not exist"),
    ("bill", "  error: body.code", "  wsdl: wsdl/x.wsdl\n  error: body.code", "back_end.wsdl: found this key, expected no such key (connector rest)"),
    ("information", "      values: {topic:", "      values: {inputs:", "values.inputs: found a name that is given already"),
    ("information", "not_null(inputs.example_topic, 'all')", "inputs.example_topic", "values.topic: found nothing"),
    ("information", "topic={topic}", "topic={inputs}", "a table in braces"),
    ("information", "{entries: body.entries[].{title: title,", "{entries: body.entrys[].{title: title,", "found entrys, which the reply does not hold"),
    ("lookup", "      echo: {body.page: page}", "      echo: {body.page: pag}", "look_up.echo: found nothing for pag"),
    ("lookup", "more: body.page <", "more: body.page <<", "pages.more: found an expression that does not compile"),
    ("lookup", "idNumber: applicant.identity_number", "idNumber: applicant.identity_no", "nothing for idNumber"),
    ("lookup", "assurance: real-name", "assurance: phone", "nothing for idNumber"),
    ("births", "password: secret}", "password: secrt}", "authentication.request: found nothing for password"),
    ("births", "    token: body.data.token\n", "", "authentication.token: found nothing, expected this key (scheme login)"),
    # stories
    ("lookup", 'inputs: {example_year: "2026"} #', 'inputs: {example_year: "1026"} #', "inputs.example_year: found a value that the input refuses"),
    ("lookup", 'inputs: {example_year: "2026"} #', "inputs: {} #", "inputs.example_year: found nothing, expected what the person enters"),
    ("lookup", 'inputs: {example_year: "2026"} #', 'inputs: {example_yaer: "2026"} #', "found an unknown input"),
    ("application", "inputs: {example_address:", "inputs: {real_name: 王小明, example_address:", "filled in by the gateway"),
    ("bill", '      inputs: {household_no: "10086001"}', '      amount_fen: 5\n      inputs: {household_no: "1"}', "amount_fen: found this key"),
    ("bill", "channels: [wechat, alipay]", "channels: [wechat, web]", "exposure.alipay: found a budget"),
    # secrets
    ("bill", "# Every key", "# key 3fa9c0b1d2e4f5a6b7c8d9e0f1a2b3c4\n# Every key", "(comment): found what looks like a secret"),
    ("bill", "owner: ", "owner: https://user:pa55@office.example ", "owner: found what looks like a secret"),
    ("bill", "secret: api_key", "secret: key_3fa9c0b1d2e4f5a6b7c8d9e0f1a2b3c4", "authentication.secret: found what looks like a secret"),
    ("births", "password: secret}", "password: 'hunter2'}", "authentication.request: found what looks like a secret"),
    ("births", "password: secret}", 'password: `\\"hunter2\\"`}', "authentication.request: found what looks like a secret"),
    ("bill", "household_no}/bills\n", "household_no}/bills?access_token=hunter2\n", "list_bills.path: found what looks like a secret"),
    ("bill", "owner: ", "owner: dGhpcyBpcyBhIHNlY3JldCBrZXkgb2YgYSBjb21wYW55IQ1 ", "owner: found what looks like a secret"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"), CASES, ids=[f"{kind}-{words[:50]}" for kind, _, _, words in CASES]
)
def test_faults(kind: str, old: str, new: str, words: str) -> None:
    """Each fault is told with file, line and path."""
    assert old in TEXTS[kind], "the scaffold has changed: adapt the test"
    _, faults = read(TEXTS[kind].replace(old, new, 1))
    assert any(words in fault for fault in faults), faults
    assert all(re.match(r"m\.yaml:\d+: \S+", fault) for fault in faults)


def test_a_long_path_is_no_secret() -> None:
    """What only looks long is let through: a secret mixes capital letters, small letters and digits."""
    path = "/services/government/registration/applications/of/companies/v1/{application_no}"
    text = TEXTS["application"].replace("path: /applications/{application_no}\n", f"path: {path}\n", 1)
    assert read(text)[1] == []


def test_faults_of_several_parts_are_told_together() -> None:
    """A fault of one part hides no fault of another."""
    text = TEXTS["lookup"].replace("agency: example", "agency: Example", 1).replace("more: body.page <", "more: <", 1)
    text = text.replace('"2026"} #', '"1026"} #', 1).replace("clicks: 3", "clicks: -3", 1)
    found = {fault.split(": ")[1].split("[")[0] for fault in read(text)[1]}
    assert found == {"agency", "back_end.operations.look_up.pages.more", "demo.stories", "effort.clicks"}


def test_no_fault_is_told_twice() -> None:
    """Whatever is spoiled, no two faults say the same of the same place."""
    for kind, old, new, _ in CASES:
        _, faults = read(TEXTS[kind].replace(old, new, 1))
        assert len(set(faults)) == len(faults), faults


@pytest.mark.parametrize(
    "text", ["[" * 400 + "]" * 400, "id: " + "{a: " * 400 + "1" + "}" * 400, "- " * 5000 + "a", "(" * 9000]
)
def test_what_is_nested_too_deep(text: str) -> None:
    """However deep a file goes, it is refused with a place, and nothing runs out of stack."""
    assert read(text)[1]


@pytest.mark.parametrize("source", ["a" + "|a" * 200, "{a:" * 120 + "a" + "}" * 120, "!" * 300 + "a", "(" * 2000 + "a"])
def test_an_expression_nested_too_deep(source: str) -> None:
    """An expression that could not be run where little stack is left is refused when it is read."""
    text = TEXTS["lookup"].replace("more: body.page < body.pageCount", f'more: "{source}"', 1)
    assert any("pages.more: found an expression" in fault for fault in read(text)[1])


def test_a_yaml_bomb_and_a_loop() -> None:
    """Aliases that grow without end, or into themselves, are refused within moments."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text, words in (
        (bomb, "aliases that expand without end"),
        ("id: &a\n  b: *a\n", "an alias inside its own value"),
    ):
        _, faults = read(text)
        assert any(words in fault for fault in faults)


def test_a_promise_that_was_published_shuts_no_service() -> None:
    """What was in force before the rule is read as it is; the next version has to be true."""
    assert VOCABULARY is not None
    text = TEXTS["bill"].replace("clicks: 4", "clicks: 1", 1).encode()
    kept, faults = read_mapping("m.yaml", text, VOCABULARY, documents=DOCUMENTS, kept=True)
    assert kept is not None
    assert faults == []
    assert read_mapping("m.yaml", text, VOCABULARY, documents=DOCUMENTS)[0] is None
