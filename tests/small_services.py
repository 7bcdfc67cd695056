"""Small services that nobody has seen before, one of each kind, read from mappings as any other; for tests of the citizen's side."""

from __future__ import annotations

from functools import cache

from services.mapping import ServiceMapping
from services.mapping_reader import read_mapping
from tests.fakes import load_catalogue

HEAD = """
id: {id}
version: {version}
kind: {kind}
title: {{zh-CN: 试办事项, en: A trial}}
agency: demo-city
owner: 测试科
legal_basis: 测试法第一条
assurance: {assurance}
channels: [wechat, alipay]
effort: {{clicks: 9, trips: 0, preconditions: []}}
limits: {{statutory_days: 20, promised_days: 15}}
fees: [{{name: {{zh-CN: 工本费, en: Cost}}, legal_ground: 测试法第二条, amount_fen: 500}}]
steps: [{{name: {{zh-CN: 受理, en: Acceptance}}, role: clerk, limit_days: 2, hands_over_to: clerk}}]
"""
WORDS = """
words:
  pet_name: {zh-CN: 名, en: name, personal: true}
  pet_kind: {zh-CN: 种类, en: kind, personal: true}
  born_on: {zh-CN: 生日, en: day of birth, personal: true}
  since_month: {zh-CN: 起始月份, en: first month, personal: true}
  price: {zh-CN: 价格, en: price, personal: true}
  legs: {zh-CN: 腿数, en: legs, personal: true}
  vaccinated: {zh-CN: 已接种, en: vaccinated, personal: true}
  chip_no: {zh-CN: 芯片号, en: chip, personal: true}
  owner_name: {zh-CN: 姓名, en: name, personal: true}
  address_known: {zh-CN: 住址, en: address, personal: true}
  income: {zh-CN: 收入, en: income, personal: true}
  licence: {zh-CN: 证照, en: licence, personal: true}
  visits: {zh-CN: 就诊, en: visits, personal: true}
  remark: {zh-CN: 备注, en: remark, personal: true}
  keeper_identity_number: {zh-CN: 代养人身份证号码, en: the keeper's identity number, personal: true}
"""
INPUTS = """
inputs:
  pet_name: {type: text, maximum: 20, label: {zh-CN: 名, en: Name}, example: 旺财}
  pet_kind:
    type: choice
    label: {zh-CN: 种类, en: Kind}
    choices: [{value: DOG, label: {zh-CN: 犬, en: Dog}}, {value: CAT, label: {zh-CN: 猫, en: Cat}}]
  born_on: {type: date, label: {zh-CN: 生日, en: Born}}
  since_month: {type: month, label: {zh-CN: 起, en: Since}, optional: true}
  price: {type: money, label: {zh-CN: 价, en: Price}, minimum: 1, maximum: 1000000}
  legs: {type: whole, label: {zh-CN: 腿, en: Legs}, minimum: 0, maximum: 4, example: "4"}
  vaccinated: {type: flag, label: {zh-CN: 接种, en: Vaccinated}}
  chip_no: {type: digits, label: {zh-CN: 芯片, en: Chip}, pattern: "[0-9]{15}", example: "123456789012345", optional: true}
  keeper_identity_number: {type: text, label: {zh-CN: 代养人, en: Keeper}, optional: true, maximum: 18}
  owner_name: {type: text, label: {zh-CN: 姓名, en: Owner}, prefilled_from: account.real_name, mask: name}
  address_known: {type: text, label: {zh-CN: 住址, en: Address}, prefilled_from: back_end.address, mask: address}
  income: {type: money, label: {zh-CN: 收入, en: Income}, prefilled_from: back_end.income, editable: true}
"""
OUTPUTS = """
outputs:
  licence_no: {type: text, label: {zh-CN: 证号, en: Licence}, field: licence, mask: number}
  fee: {type: money, label: {zh-CN: 费用, en: Fee}, field: licence}
  valid_until: {type: date, label: {zh-CN: 有效期, en: Valid until}, field: licence, optional: true}
  visits:
    type: list
    label: {zh-CN: 就诊, en: Visits}
    of:
      visited_at: {type: moment, label: {zh-CN: 时间, en: At}, field: visits}
      remark: {type: text, label: {zh-CN: 备注, en: Remark}, optional: true}
"""
BACK_END = """
back_end:
  name: trial-office
  connector: rest
  unit: yuan
  timeout_seconds: 5
  authentication: {scheme: none}
  success: status == `200`
  error: body.code
  errors: {NONE: no_such_application, NO_RECORD: no_such_record, SYSTEM: system}
  operations:
"""
SUBMIT = """
    prefill:
      mode: read
      method: POST
      path: /known
      request: "{id: applicant.identity_number}"
      reply: [address, income]
      response: "{values: {address: body.address, income: body.income}}"
    submit:
      mode: write
      idempotent_by: application_no
      method: POST
      path: /applications
      request: "{no: application_no, name: inputs.pet_name, kind: inputs.pet_kind, price: money(inputs.price)}"
      reply: [number, state]
      response: "{reference: body.number, state: body.state == 'A' && 'accepted' || 'pending'}"
    find_submission:
      mode: read
      method: GET
      path: /applications/{application_no}
      reply: [number, state]
      response: "{reference: body.number, state: body.state == 'A' && 'accepted' || 'pending'}"
    find_result:
      mode: read
      method: GET
      path: /results/{application_no}
      reply: [number, state]
      response: "{reference: body.number, state: body.state == 'A' && 'accepted' || 'pending'}"
    list_results:
      mode: read
      method: GET
      path: /files/{business_on}
      reply: ["rows[].number"]
      response: "{results: body.rows[].{application_no: number, reference: number, state: 'accepted'}}"
"""
EXPOSURE = """
exposure:
  wechat: &trial
    sent_to_server: []
    received_from_platform: []
    shown_in_client: [{shown}]
    entered_in_client: [{entered}]
  alipay: *trial
"""
SHOWN = "service_info, form_info, assurance, error, counters, reference, application_no, application_state, application_message"
TYPED = "service_choice, pet_name, pet_kind, born_on, since_month, price, legs, vaccinated, chip_no, income, keeper_identity_number"
PURPOSES = "\npurposes: {{{}}}\n"
LATE = {
    "": "",
    "polled": "\nlate: {arrives: polled, every_minutes: 60, until_days: 3}\n",
    "file": '\nlate: {arrives: file, until_days: 3, daily_at: "06:30"}\n',
    "pushed": """
late:
  arrives: pushed
  secret: result_key
  header: X-Signature
  timestamp_header: X-Timestamp
  acknowledge: RECEIVED
  reply: [number, result]
  response: "{application_no: body.number, reference: body.number, state: body.result}"
""",
}


def _purposes(*codes: str) -> str:
    return PURPOSES.format(", ".join(f"{code}: {{zh-CN: 试, en: try}}" for code in codes))


def _exposure(shown: str, entered: str) -> str:
    return EXPOSURE.format(shown=shown, entered=entered)


@cache
def read_service(text: str) -> ServiceMapping:
    """The mapping of a text; its faults fail the test that asks."""
    mapping, faults = read_mapping("trial.yaml", text.encode(), load_catalogue().vocabulary)
    assert mapping is not None, [str(fault) for fault in faults]
    return mapping


def make_application(service: str = "pet-licence", late: str = "", version: int = 1) -> ServiceMapping:
    """An application with an input of each type, prefilled from account and back end, and a result of each form."""
    head = HEAD.format(id=service, version=version, kind="application", assurance="real-name")
    shown = f"{SHOWN}, owner_name, address_known, income, licence, visits, remark"
    purposes = _purposes("see_service", "submit_application", "follow_application")
    back_end = BACK_END + SUBMIT.lstrip("\n")
    return read_service(head + WORDS + INPUTS + OUTPUTS + purposes + back_end + LATE[late] + _exposure(shown, TYPED))


def make_lookup(service: str = "pet-record", assurance: str = "real-name") -> ServiceMapping:
    """A look-up with one input."""
    head = HEAD.format(id=service, version=1, kind="lookup", assurance=assurance)
    operation = """    look_up:
      mode: read
      method: POST
      path: /record
      request: "{kind: inputs.pet_kind}"
      reply: [number, fee]
      response: "{licence_no: body.number, fee: fen(body.fee), visits: `[]`}"
"""
    kind = INPUTS.partition("  pet_kind")[2].partition("  born_on")[0]
    inputs = f"inputs:\n  pet_kind{kind}"
    shown = "service_info, form_info, assurance, error, current_at, licence, visits, remark"
    return read_service(
        head + WORDS + inputs + OUTPUTS + _purposes("see_service", "look_up") + BACK_END + operation
        + _exposure(shown, "service_choice, pet_kind")
    )  # fmt: skip


def make_information(service: str = "pet-news", assurance: str = "anonymous") -> ServiceMapping:
    """Public information with an optional filter, current for 300 seconds."""
    head = HEAD.format(id=service, version=1, kind="information", assurance=assurance)
    operation = """    fetch:
      mode: read
      method: POST
      path: /news
      request: "{legs: inputs.legs || `0`, kind: inputs.pet_kind || 'ANY'}"
      reply: ["news[].title"]
      response: "{visits: body.news[].{visited_at: '2026-01-01T00:00:00Z', remark: title}}"
"""
    inputs = """
inputs:
  pet_kind:
    type: choice
    optional: true
    label: {zh-CN: 种类, en: Kind}
    choices: [{value: DOG, label: {zh-CN: 犬, en: Dog}}, {value: CAT, label: {zh-CN: 猫, en: Cat}}]
  legs: {type: whole, label: {zh-CN: 腿, en: Legs}, minimum: 0, maximum: 4, optional: true}
"""
    outputs = "outputs:\n  visits:" + OUTPUTS.split("  visits:")[1]
    shown = "service_info, form_info, assurance, error, current_at, visits, remark"
    return read_service(
        head + WORDS + inputs + outputs + "\ninformation: {cache_seconds: 300}\n"
        + _purposes("see_service", "read_information") + BACK_END + operation + _exposure(shown, "pet_kind, legs")
    )  # fmt: skip
