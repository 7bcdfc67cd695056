"""Rules of mappings of kind case: each way to spoil the block ``counter`` is told with its place and what was expected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.counter_schema import SPECIAL_PROCEDURES
from services.catalogue import read_vocabulary
from services.counter_shapes import example_case, list_fetched, need_case_operations, shape_case_operations
from services.exposure_label import widens
from services.mapping import ServiceMapping
from services.mapping_diff import diff_mappings
from services.mapping_files import FolderDocuments
from services.mapping_reader import read_mapping

CONFIG = Path(__file__).parents[3] / "config"
VOCABULARY, _ = read_vocabulary(CONFIG / "vocabulary.yaml")
DOCUMENTS = FolderDocuments(CONFIG / "mappings")


def load(name: str) -> str:
    return (CONFIG / name).read_text(encoding="utf-8").replace("id: {id}", "id: my-service", 1)


TEXTS = {
    "case": load("scaffolds/case.yaml"),
    "company": load("mappings/company-certificate.yaml"),
    "card": load("mappings/elder-card.yaml"),
    "application": load("scaffolds/application.yaml"),
}


def read(text: str) -> tuple[ServiceMapping | None, list[str]]:
    assert VOCABULARY is not None
    mapping, faults = read_mapping("m.yaml", text.encode(), VOCABULARY, documents=DOCUMENTS)
    assert (mapping is None) == bool(faults)
    return mapping, [str(fault) for fault in faults]


def read_good(name: str) -> ServiceMapping:
    mapping, faults = read(TEXTS[name])
    assert mapping is not None, faults
    return mapping


CASES = [
    # what a case needs, and what belongs to it alone
    ("case", "limits: {statutory_days: 20, promised_days: 15}", "limits: {statutory_days: 20}", "limits.promised_days: found nothing, expected this key (kind case)"),
    ("case", "limits: {statutory_days: 20, promised_days: 15}", "limits: {promised_days: 15}", "limits.statutory_days: found nothing"),
    ("case", "kind: case", "kind: application", "counter: found this key, expected no such key (kind application: it belongs to case)"),
    ("case", "counter:\n  applicants", "counters:\n  applicants", "counter: found nothing, expected this key (kind case)"),
    ("case", "  rate: {", "  rates: {", "purposes.rate: found nothing"),
    ("case", "assurance: real-name", "assurance: phone", "assurance: found a lower level, expected real-name or verified-at-window"),
    ("application", "role: clerk, limit_days: 2,", "role: clerk, agency: tax-office, limit_days: 2,", "steps[0].agency: found this key, expected no such key (kind application"),
    ("application", "    - person: wang", "    - person: wang\n      as: person", "demo.stories[0].as: found this key, expected no such key"),
    # materials
    ("case", "    fetch_example_record:", "    fetch_record_example:", "operations.fetch_example_record: found nothing, expected this operation"),
    ("case", "    fetch_example_record:", "    fetch_example_plan:", "operations.fetch_example_plan: found an unknown operation, expected one of fetch_example_record"),
    ("case", "      level: A\n", "      level: E\n", "materials.example_record.level: found another word, expected one of A, B, C, D"),
    ("case", "      register: {zh-CN: 示例登记系统, en: Example register}\n", "", "materials.example_record.register: found nothing, expected this key (level A)"),
    ("case", "      legal_ground: 行政许可法第三十三条\n", "      legal_ground: 行政许可法第三十三条\n      accepts: [application/pdf]\n", "example_record.accepts: found this key, expected no such key (level A: it belongs to B, C)"),
    ("case", "      legal_ground: 行政许可法第三十三条\n", "      legal_ground: 行政许可法第三十三条\n      secondary: true\n", "example_record.secondary: found this key"),
    ("case", "      legal_ground: 行政许可法第三十三条\n", '      legal_ground: " "\n', "materials.example_record.legal_ground: found blanks, expected a law"),
    ("case", "      legal_ground: 行政许可法第三十三条\n", "", "example_record.legal_ground: found nothing, expected this key"),
    ("case", "      standard: {zh-CN: 承诺所填内容和所交材料真实、有效，愿承担法律责任, en: All that is stated is true; I answer for it by law}\n", "", "materials.example_promise.standard: found nothing, expected this key (level D)"),
    ("case", "      secondary: true # may", "      secondary: true\n      optional: true # may", "example_plan.secondary: found this key, expected no such key: what is optional leaves no gap"),
    ("case", "      maximum_files: 3\n", "      maximum_files: 200\n", "example_plan.maximum_files: found a whole number, expected a whole number from 1 to 20"),
    ("case", "accepts: [application/pdf, image/jpeg", "accepts: [text/html, image/jpeg", "example_plan.accepts[0]: found another word"),
    ("case", "{code: no-area,", "{code: unclear,", "example_plan.corrections[1].code: found a code twice"),
    ("case", "    example_plan: # C", "    example_place: # C", "counter.materials.example_place: found a name that an input has"),
    # who decides
    ("case", "  decided_by: clerk", "  decided_by: back_end", "operations.decide: found nothing, expected this operation"),
    ("case", "  decided_by: clerk", "  decided_by: platform", "counter.decided_by: found another word, expected one of clerk, back_end"),
    ("case", "  accepted_by: clerk", "  accepted_by: checks", "counter.accepted_by: found checks, expected clerk: what a clerk decides, a clerk accepts"),
    ("card", "  decided_by: back_end", "  decided_by: clerk", "operations.decide: found this operation, expected no such operation (decided_by clerk)"),
    ("card", "  accepted_by: checks", "  accepted_by: checks\n  two_hands: true", "counter.two_hands: found true, expected false"),
    ("card", "  accepted_by: checks", "  accepted_by: checks\n  gap_days: 1", "counter.gap_days: found this key, expected no such key: a clerk alone"),
    ("card", "  mandates: [family]", "  mandates: [friend]", "counter.mandates[0]: found another word"),
    ("company", "  mandates: [agent]", "  mandates: [agent, family]", "counter.mandates[1]: found a mandate of persons, expected agent"),
    # records
    ("case", "    find_record:", "    find_recrd:", "operations.find_record: found nothing, expected this operation"),
    ("case", "    record: # enters", "    recrd: # enters", "operations.record: found nothing, expected this operation"),
    ("case", "      idempotent_by: case_no", "      idempotent_by: certificate", "record.idempotent_by: found nothing of that name"),
    ("case", "    record: # enters a grant in the office's own register\n      mode: write", "    record:\n      mode: read", "operations.record.mode: found read, expected write"),
    ("company", "Capital: money(inputs.new_capital)", "Capital: money(inputs.new_capitl)", "record.calls[1].request: found"),
    ("company", "applicant.credit_code}", "applicant.identity_number}", "fetch_business_licence.calls[0].values.credit_code: found nothing"),
    # days
    ("case", "  gap_days: 10", "  gap_days: 16", "counter.gap_days: found more days than promised, expected at most 15"),
    ("case", "  gap_days: 10 # how long a secondary material may be handed in later; never more than promised_days\n", "", "counter.gap_days: found nothing, expected this key: example_plan is secondary"),
    ("case", "      secondary: true # may be handed in later\n", "", "counter.gap_days: found this key, expected no such key without a secondary material"),
    ("case", "  two_hands: true", "  two_hands: true\n  completeness_days: 6", "counter.completeness_days: found a whole number, expected a whole number from 1 to 5"),
    ("case", "  two_hands: true", "  two_hands: true\n  delivery_days: 11", "counter.delivery_days: found a whole number, expected a whole number from 1 to 10"),
    ("case", "{code: hearing,", "{code: visit,", "counter.special[0].code: found another word"),
    ("case", 'closes: "17:00"', 'closes: "09:00"', "counter.receiving.closes: found no later than it opens"),
    ("case", 'opens: "09:00"', 'opens: "24:00"', "counter.receiving.opens: found a text of another form, expected a time like 09:00"),
    ("company", "    - code: appraisal", "    - code: inspection", "counter.special[1].code: found a code twice"),
    # steps
    ("company", "agency: demo-tax-bureau, together: checks}", "agency: demo-tax-bureau, together: other}", "steps[0].together: found a group with one step"),
    ("company", "agency: demo-tax-bureau", "agency: demo-market-office", "steps[1].agency: found the mapping's own agency"),
    ("company", "role: head, limit_days: 1}", "role: head, limit_days: 1, agency: demo-tax-bureau}", "steps[2]: found a joint step, expected a step of the deciding agency"),
    ("company", "role: head, limit_days: 1}", "role: head, limit_days: 1, together: checks}", "steps[2]: found a joint step"),
    ("case", "steps: # CHANGE; joint", "steps: []\nfee: # CHANGE; joint", "steps: found none, expected at least one step"),
    # certificate, delivery, channels
    ("case", "      example_place: {zh-CN: 经营场所, en: Place of business}\n      example_licence_no", "      example_plase: {zh-CN: 经营场所, en: Place of business}\n      example_licence_no", "certificate.lines.example_plase: found an unknown name"),
    ("case", "准予在{example_place}从事", "准予在{example_plaice}从事", "certificate.text.zh-CN: found an unknown name in braces"),
    ("case", "准予在{example_place}从事", "准予在{example_place从事", "certificate.text.zh-CN: found braces that are not a name"),
    ("case", "channels: [wechat, alipay, web, window]", "channels: [wechat, alipay, web]", "counter.delivery[0]: found window, expected a way without the window"),
    ("case", "    prefix: SLXK", "    prefix: slxk", "certificate.prefix: found a text of another form"),
    # budgets
    ("case", "      - material_title\n", "", "exposure.wechat.shown_in_client: found no material_title, expected this field: the checklist of materials shows it"),
    ("case", "      - document_info\n", "", "found no document_info, expected this field: a service of kind case shows it"),
    ("case", "      - example_place\n", "", "exposure.alipay.shown_in_client: found no example_place, expected this field: a draft shows it again"),
    ("case", "      - material_file\n", "", "exposure.alipay.entered_in_client: found no material_file, expected this field: a material is uploaded"),
    ("case", "message_template, ", "", "sent_to_server: found no message_template, expected this field: a message about a case says it"),
    ("case", "      - postal_address\n", "", "found no postal_address, expected this field: the result may be sent by post"),
    ("case", "      - organisation_name\n", "", "found no organisation_name, expected this field: an organisation may apply"),
    # stories
    ("case", "      as: person\n", "      as: organisation\n", "demo.stories[0].organisation: found nothing, expected this key (as organisation)"),
    ("company", "      as: organisation\n", "      as: person\n", "demo.stories[0].as: found person, expected one of counter.applicants"),
    ("case", "example_plan: sample", "example_plan: promise", "materials.example_plan: found promise, expected sample (level C)"),
    ("case", "example_promise: promise", "example_record: sample", "materials.example_record: found a material that is fetched"),
    ("case", ", example_promise: promise", "", "materials.example_promise: found nothing, expected what the person brings"),
    ("card", "      delivery: electronic", "      delivery: post", "demo.stories[0].delivery: found another way"),
    ("case", "      channels: [wechat]", "      channels: [wechat, telephone]", "demo.stories[0].channels[1]: found another word"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"),
    CASES,
    ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)],
)
def test_faults(kind: str, old: str, new: str, words: str) -> None:
    """Each fault is told with file, line and path."""
    assert old in TEXTS[kind], "the mapping has changed: adapt the test"
    _, faults = read(TEXTS[kind].replace(old, new, 1))
    assert any(words in fault for fault in faults), faults
    assert all(re.match(r"m\.yaml:\d+: \S+", fault) for fault in faults)


def test_what_is_seen_at_the_window_needs_one() -> None:
    """A material of level B is checked against its original: without a window nobody can see it."""
    text = TEXTS["case"].replace("      level: C\n", "      level: B\n", 1)
    text = text.replace("trips: 0, preconditions: []", "trips: 1, preconditions: [], legal_ground: 规定第一条", 1)
    assert read(text)[1] == []
    away = text.replace("channels: [wechat, alipay, web, window]", "channels: [wechat, alipay, web]", 1)
    away = away.replace("delivery: [window, post, electronic]", "delivery: [post, electronic]", 1)
    assert any("materials.example_plan.level: found B" in fault for fault in read(away)[1])


@pytest.mark.parametrize("code", SPECIAL_PROCEDURES)
def test_each_special_procedure_of_the_law_may_stand(code: str) -> None:
    """What article 45 names may interrupt the clock; a test above shows that nothing else may."""
    mapping, faults = read(TEXTS["case"].replace("{code: hearing,", f"{{code: {code},", 1))
    assert mapping is not None, faults
    assert mapping.counter is not None
    assert list(mapping.counter.special) == [code]


def test_what_is_read() -> None:
    """Everything that the file says of the counter stands in its terms, with the law's own days where it says nothing."""
    terms = read_good("company").counter
    assert terms is not None
    assert (terms.applicants, terms.mandates, terms.decided_by, terms.accepted_by) == (
        ("organisation",), ("agent",), "clerk", "clerk",
    )  # fmt: skip
    assert (terms.two_hands, terms.statutory_days, terms.promised_days, terms.extension_days) == (True, 3, 2, 3)
    assert [(step.agency, step.together) for step in terms.steps] == [
        ("", "checks"), ("demo-tax-bureau", "checks"), ("", ""),
    ]  # fmt: skip
    assert {name: one.level for name, one in terms.materials.items() if one.level in "AD"} == {
        "business_licence": "A", "seal_record": "A", "capital_report": "A", "change_statement": "D",
    }  # fmt: skip
    assert terms.materials["proof_of_premises"].secondary
    assert [one.code for one in terms.materials["proof_of_premises"].corrections] == ["unclear", "expired", "address"]
    assert terms.special["inspection"].days == 10
    assert terms.certificate is not None
    assert (terms.certificate.prefix, terms.certificate.valid_months) == ("YYZZ", None)
    card = read_good("card").counter
    assert card is not None
    assert (card.completeness_days, card.correction_days, card.gap_days, card.special) == (5, 15, None, {})
    assert read_good("application").counter is None


def test_what_is_tried() -> None:
    """With everything and with the least: the other kind of applicant, nobody who acts for a person."""
    mapping = read_good("case")
    counter: Any = mapping.raw["counter"]
    most, least = (example_case(counter, mapping.inputs, full=full) for full in (True, False))
    assert (most["applicant"]["kind"], most["agent"]["as"]) == ("person", "agent")
    assert (least["applicant"]["kind"], least["agent"]["as"]) == ("organisation", "legal_representative")
    card = read_good("card")
    assert example_case(card.raw["counter"], card.inputs, full=False)["agent"] is None


def test_which_operations_there_are() -> None:
    """One fetch for each material of level A, a decision where a back end decides, a record only with its question."""
    counter: Any = read_good("card").raw["counter"]
    assert list_fetched(counter) == ("household_record",)
    shapes = shape_case_operations(counter, {}, {})
    assert list(shapes) == ["fetch_household_record", "prefill", "decide", "record", "find_record"]
    assert need_case_operations(counter, {}, {}) == ("fetch_household_record", "decide")
    assert need_case_operations(counter, {}, {"record": {}})[-2:] == ("record", "find_record")


def test_an_agent_that_may_be_absent_is_not_counted_on() -> None:
    """A request that names the agent of a person who may act alone is refused when it is read."""
    text = TEXTS["card"].replace("{name: applicant.name, identityNumber", "{name: agent.name, identityNumber", 1)
    assert any("nothing for name" in fault for fault in read(text)[1])


def test_an_optional_input_that_is_left_out_is_not_counted_on() -> None:
    """A request must say what stands for an optional input."""
    text = TEXTS["case"].replace("    example: 演示路1号\n", "    example: 演示路1号\n    optional: true\n", 1)
    assert any("record.request: found nothing for place" in fault for fault in read(text)[1])


def test_the_diff_tells_what_changes_for_people() -> None:
    """Materials, limits, deciders and special procedures are told by name, whatever their order in the file."""
    old = TEXTS["company"]
    value = yaml.safe_load(old)
    value["counter"]["special"].reverse()
    value["counter"]["materials"]["proof_of_premises"]["level"] = "B"
    value["counter"]["two_hands"] = False
    value["limits"]["promised_days"] = 3
    value["counter"]["special"][0]["days"] = 20
    told = {
        str(change)
        for change in diff_mappings(old.encode(), yaml.safe_dump(value, allow_unicode=True).encode()).changes
    }
    assert told == {
        "~ counter.materials.proof_of_premises.level: C → B",
        "~ counter.two_hands: True → False",
        "~ limits.promised_days: 2 → 3",
        "~ counter.special[appraisal].days: 15 → 20",
    }


def test_new_exposure_is_a_widening() -> None:
    """Delivery by post lets the platform see the address: that is more than before."""
    old = read_good("card")
    text = TEXTS["card"].replace("delivery: [electronic, window]", "delivery: [electronic, window, post]", 1)
    text = text.replace("      - delivery_choice\n", "      - delivery_choice\n      - postal_address\n")
    new, faults = read(text)
    assert new is not None, faults
    assert {str(one) for one in widens(old, new)} == {
        f"exposure.{platform}.{direction}.postal_address"
        for platform in ("wechat", "alipay")
        for direction in ("shown_in_client", "entered_in_client")
    }
