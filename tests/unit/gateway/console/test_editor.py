"""The editor of mappings: every fault with place and remedy, nothing that was typed is lost, trials are noted before they run."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from adapters.mapping_files import MAPPINGS_FOLDER
from config.mapping_schema import KINDS
from gateway.console.catalogue_draft import MAX_FORM_BYTES
from gateway.console.rooms import MAX_BODY_BYTES
from services.errors import BackEndUnreachable
from services.staffing import Role
from tests.unit.gateway.console.office import LEFT, Browser, Office, write_mapping

SERVICE, REASON = "left-gas", "核对新接口"
DRAFT = write_mapping(SERVICE, "left-office", 2).decode()
HEADERS = {"HX-Request": "true"}


class Text(HTMLParser):
    """What stands in the editor's text area of a page, and where its faults lead."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.inside, self.parts, self.lines = False, list[str](), list[int]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.inside = self.inside or (tag == "textarea" and named.get("id") == "text")
        if "data-line" in named:
            self.lines.append(int(named["data-line"] or 0))

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "textarea"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.parts.append(data)

    @property
    def text(self) -> str:
        """A line break right after the tag is not part of the text (HTML, section 13.1.2.5)."""
        return "".join(self.parts).removeprefix("\n")


class Scene:
    """Somebody of IT in front of the editor."""

    def __init__(self) -> None:
        self.office = Office()
        self.office.keep_mapping(LEFT, SERVICE)
        household = {"holder_name": "王小明", "address": "示范市幸福路1号"}
        bill = {"bill_no": "B1", "period": "2026-10", "amount_fen": 8640, "due_on": "2026-12-10", "items": []}
        self.office.trials.answers = {"find_household": dict(household), "list_bills": {"bills": [bill]}}
        self.browser: Browser = self.office.enter(self.office.hire(LEFT, Role.IT))

    def send(self, step: str, text: str = DRAFT, **more: str) -> TestResponse:
        return self.browser.post(f"/catalogue/draft/{step}", {"text": text, **more})

    @property
    def kept(self) -> list[int]:
        return sorted(version for service, version in self.office.store.kept.versions if service == SERVICE)


@pytest.fixture
def scene() -> Scene:
    return Scene()


SPOILT = {
    "an unknown key": (("owner:", "ovner:"), "不认识的键"),
    "a missing key": (("legal_basis:", "# legal_basis:"), "legal_basis"),
    "a field outside the vocabulary": (("- app_credential\n", "- app_credentail\n"), "app_credential"),
    "a field outside the budget": (
        ("entered_in_client: [household_no,", "entered_in_client: [phone,"),
        "entered_in_client",
    ),
    "a secret in clear": (("secret: api_key}", "secret: api_key, password: hunter2hunter2}"), "password"),
    "an expression that does not compile": (("success: status == `200`", "success: status == == 1"), "back_end.success"),
    "a unit missing for money": (("  unit: yuan\n", ""), "unit"),
    "a promise above the law": (
        ("# Counted", "limits: {statutory_days: 5, promised_days: 9}\n# Counted"),
        "limits.promised_days",
    ),
    "trips without legal ground": (("trips: 0, preconditions: []", "trips: 2, preconditions: []"), "effort"),
    "an id of one part": ((f"id: {SERVICE}", "id: gas"), "id"),
    "a word that is none": (("kind: bill", "kind: bil"), "bill"),
    "a bomb": (("# Counted", "x: [&a [1,1,1,1,1,1,1,1,1,1], &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a], &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b], &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c], [*d,*d,*d,*d]]\n# Counted"), "展开"),
    "a loop": (("# Counted", "x: &x [*x]\n# Counted"), "循环"),
    "a key twice": (("owner:", "owner: 另一个\nowner:"), "出现两次"),
    "no YAML": (("id: ", "id: [{"), "YAML"),
    "another agency": (("agency: left-office", "agency: right-office"), "不在您职权范围的机构"),
    "no agency": (("agency: left-office", "agency: nowhere-office"), "不在您职权范围的机构"),
    "a number that was there": (("version: 2", "version: 1"), "不小于 2 的版本号"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILT)
def test_every_fault_has_its_place_and_remedy(scene: Scene, case: str) -> None:
    """With its line, and a way to it; it cannot be proposed, all stays as it was typed, and what is in force is untouched."""
    (old, new), told = SPOILT[case]
    assert old in DRAFT
    text = DRAFT.replace(old, new, 1)
    part = scene.browser.client.post(
        "/catalogue/draft/check", data={"token": scene.browser.token(), "text": text}, headers=HEADERS
    ).text
    assert told in part
    lines = Text(part).lines
    assert lines
    assert all(1 <= line <= len(text.splitlines()) for line in lines)
    reply = scene.send("propose", text)
    assert (reply.status_code, Text(reply.text).text) == (422, text)
    assert scene.kept == [1]
    assert scene.office.steps_of(SERVICE) == ["imported"]
    assert "hunter2hunter2" not in part or case == "a secret in clear"


def test_the_answer_to_typing_is_the_part_beside_the_text(scene: Scene) -> None:
    """No page around it, no text area in it: the cursor stays where it is."""
    sent = {"token": scene.browser.token(), "text": DRAFT}
    part = scene.browser.client.post("/catalogue/draft/check", data=sent, headers=HEADERS).text
    assert "没有错误" in part
    assert "<html" not in part
    assert 'id="text"' not in part
    assert "input.household_no" in part


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=200))
def test_whatever_is_typed_comes_back(typed: str) -> None:
    """Any text at all: letter by letter, markup included, and never a fault of ours."""
    reply = SHARED.send("check", typed)
    assert reply.status_code == 200
    assert Text(reply.text).text == typed


SHARED = Scene()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_draft_cut_anywhere_is_told_and_changes_nothing(data: st.DataObject) -> None:
    """Half a file, or a file with a piece taken out, gets faults or none; nothing is kept by looking at it."""
    start = data.draw(st.integers(0, len(DRAFT)))
    end = data.draw(st.integers(start, min(len(DRAFT), start + 400)))
    reply = SHARED.send("check", DRAFT[:start] + DRAFT[end:])
    assert reply.status_code == 200
    assert ("没有错误" in reply.text) != bool(Text(reply.text).lines)
    assert SHARED.kept == [1]


def test_markup_in_a_draft_is_text(scene: Scene) -> None:
    """It cannot leave the text area, nor the fault's line."""
    text = "a: </textarea><script>alert(1)</script>\n</pre>: [\n"
    page = scene.send("check", text).text
    assert "<script>alert" not in page
    assert Text(page).text == text


def test_a_proposal_is_kept_byte_for_byte(scene: Scene) -> None:
    """With line breaks as the mapping has them, whatever the browser made of them; the act says who."""
    reply = scene.send("propose", DRAFT.replace("\n", "\r\n"), reason="新接口")
    assert (reply.status_code, reply.headers["Location"]) == (303, f"/catalogue/{SERVICE}")
    assert scene.office.store.kept.versions[SERVICE, 2].content == DRAFT.encode()
    assert scene.office.acts[-1] == "mapping.propose"


def test_the_editor_begins_with_the_next_number(scene: Scene) -> None:
    """The text of the version, its number raised; nothing else is changed."""
    page = scene.browser.get(f"/catalogue/{SERVICE}/versions/1/edit").text
    assert Text(page).text == DRAFT


@pytest.mark.parametrize("kind", KINDS)
def test_a_scaffold_has_no_fault(scene: Scene, kind: str) -> None:
    """A new service of each kind begins with a file that passes, in one's own agency."""
    page = scene.browser.get(f"/catalogue/new?id=left-jobs&kind={kind}").text
    assert "没有错误" in page
    assert "agency: left-office" in Text(page).text
    for asked in ("?id=jobs&kind=bill", "?id=left-jobs&kind=riddle", "?id=%3Cb%3E-x&kind=bill"):
        assert scene.browser.get(f"/catalogue/new{asked}").status_code == 422


def test_a_trial_is_noted_before_it_runs(scene: Scene) -> None:
    """The act names the service, the digest and the reason, and no value; requests, replies and exposure are on the page."""
    reply = scene.send("try", trial_reason=REASON, **{"input.household_no": "10086001"})
    assert reply.status_code == 200
    for told in ("王小明", "find_household", "市民看到的", "缴费户号", "未发送（写入）"):
        assert told in reply.text
    act = scene.office.store.books.acts[-1]
    assert (act.act, act.subject_id, act.reason, act.agency_id) == ("mapping.try", SERVICE, REASON, LEFT)
    assert set(act.detail) == {"version", "digest", "calls"}
    assert "10086001" not in str(act.detail)
    assert Text(reply.text).text == DRAFT
    assert scene.office.trials.closed == 1


def test_without_a_reason_nobody_s_data_is_asked_for(scene: Scene) -> None:
    """Nothing runs, nothing is noted, and the page asks for the reason."""
    reply = scene.send("try", **{"input.household_no": "10086001"})
    assert reply.status_code == 422
    assert "请填写试运行理由" in reply.text
    assert (scene.office.trials.asked, scene.office.acts[-1]) == ([], "staff.sign_in")


def test_what_cannot_be_noted_is_not_asked(scene: Scene) -> None:
    """If the book of acts is away, no back end is called."""
    scene.office.store.acts_down = True
    reply = scene.send("try", trial_reason=REASON, **{"input.household_no": "10086001"})
    assert reply.status_code == 503
    assert scene.office.trials.asked == []


def test_another_agency_s_back_end_is_not_tried(scene: Scene) -> None:
    """A draft that names another agency would use its addresses and secrets."""
    text = DRAFT.replace("agency: left-office", "agency: right-office")
    reply = scene.send("try", text, trial_reason=REASON, **{"input.household_no": "10086001"})
    assert reply.status_code == 422
    assert scene.office.trials.asked == []


def test_information_in_force_reads_nobody_and_asks_for_no_reason(scene: Scene) -> None:
    """It is an act all the same. That a draft calls itself information is a claim: until it is in force, a reason is asked for."""
    text = Text(scene.browser.get("/catalogue/new?id=left-jobs&kind=information").text).text
    scene.office.trials.answers = {"fetch": {"entries": [{"title": "招聘", "published_on": "2026-11-01"}]}}
    assert scene.send("try", text).status_code == 422
    assert scene.send("try", text, trial_reason=REASON).status_code == 200
    scene.office.keep_text(LEFT, "left-jobs", 1, text)
    newer = text.replace("version: 1\n", "version: 2\n", 1)
    reply = scene.send("try", newer)
    assert reply.status_code == 200
    assert "招聘" in reply.text
    assert scene.office.acts[-1] == "mapping.try"
    other = re.sub(r"path: /\S*", "path: /people", newer, count=1)
    assert other != newer
    assert scene.send("try", other).status_code == 422


@pytest.mark.parametrize("name", ["\ud800", "<script>alert(1)</script>", '" hx-get="/x" x="', "\x00"])
def test_a_hostile_reply_is_text(scene: Scene, name: str) -> None:
    """Whatever a back end sends, the page is shown, and nothing in it is markup."""
    scene.office.trials.answers["find_household"] = {"holder_name": name, "address": "a"}
    reply = scene.send("try", trial_reason=REASON, **{"input.household_no": "10086001"})
    assert reply.status_code == 200
    assert "<script>alert" not in reply.text
    assert 'hx-get="/x"' not in reply.text


def test_writes_are_made_only_if_they_are_wished_for(scene: Scene) -> None:
    """Without the tick a write is shown and not sent; with it, it goes where the mapping says (the back ends see to that)."""
    scene.office.trials.answers["write_off"] = {"reference": "R1"}
    entered = {"trial_reason": REASON, "input.household_no": "10086001", "amount_fen": "100"}
    scene.send("try", **entered)
    assert [operation for _, operation, _ in scene.office.trials.asked] == ["find_household", "list_bills"]
    scene.send("try", write="yes", **entered)
    assert [operation for _, operation, _ in scene.office.trials.asked][-1] == "write_off"
    assert scene.send("try", **{**entered, "amount_fen": "x"}).status_code == 422


def test_a_back_end_that_fails_is_told_by_its_code(scene: Scene) -> None:
    """And one that is not bound by its name; inputs that do not fit by theirs."""
    entered = {"trial_reason": REASON, "input.household_no": "10086001"}
    scene.office.trials.answers["find_household"] = BackEndUnreachable("secret address")
    failed = scene.send("try", **entered)
    assert "back_end_unreachable" in failed.text
    assert "secret address" not in failed.text
    assert "household_no" in scene.send("try", **{**entered, "input.household_no": "不"}).text
    scene.office.trials.unbound = True
    assert "无法试运行" in scene.send("try", **entered).text


def test_too_many_trials_wait(scene: Scene) -> None:
    """A back end that says nothing holds two threads of the console, not all of them."""
    running = scene.office.app.extensions["guitai-console"].workshop.running
    assert running.acquire(blocking=False)
    assert running.acquire(blocking=False)
    reply = scene.send("try", trial_reason=REASON, **{"input.household_no": "10086001"})
    assert (reply.status_code, scene.office.trials.asked) == (422, [])
    assert "试运行过多" in reply.text
    running.release()
    running.release()


def upload(scene: Scene, text: str, **files: tuple[bytes, str]) -> TestResponse:
    """The editor's form with files."""
    data = {name: (io.BytesIO(body), place) for name, (body, place) in files.items()}
    return scene.browser.client.post(
        "/catalogue/draft/check", data={"token": scene.browser.token(), "text": text, **data}
    )


def test_a_file_takes_the_place_of_the_text(scene: Scene) -> None:
    """If it is text; else what was typed stays, and the page says why."""
    assert Text(upload(scene, "old: text", file=(DRAFT.encode(), "new.yaml")).text).text == DRAFT
    page = upload(scene, "old: text", file=("编号".encode("gbk"), "new.yaml")).text
    assert Text(page).text == "old: text"
    assert "不是 UTF-8" in page


def test_a_document_is_put_where_the_mapping_looks_for_it(scene: Scene) -> None:
    """Under the path that the draft names; it rides along with the form and becomes part of the version."""
    text = (MAPPINGS_FOLDER / "tax-payment.yaml").read_text("utf-8")
    text = text.replace("id: tax-payment", "id: left-tax", 1).replace("agency: ", "agency: left-office # ", 1)
    text = re.sub(r"^version: \d+$", "version: 1", text, count=1, flags=re.MULTILINE)
    document = (MAPPINGS_FOLDER / "wsdl/tax-payment.wsdl").read_text("utf-8")
    changed = document.replace("<?xml", "<?xml", 1) + "<!-- another copy -->\n"
    page = upload(scene, text, documents=(changed.encode(), "tax-payment.wsdl")).text
    assert 'name="document.wsdl/tax-payment.wsdl"' in page
    assert "没有错误" in page
    reply = scene.send("propose", text, **{"document.wsdl/tax-payment.wsdl": changed.replace("\n", "\r\n")})
    assert reply.status_code == 303, reply.text
    kept = scene.office.store.kept.versions["left-tax", 1]
    assert kept.documents == {"wsdl/tax-payment.wsdl": changed.encode()}
    shown = scene.browser.get("/catalogue/left-tax/versions/1/documents/wsdl/tax-payment.wsdl")
    assert (shown.data, shown.headers["Content-Type"]) == (changed.encode(), "text/plain; charset=utf-8")
    assert scene.browser.get("/catalogue/left-tax/versions/1/documents/wsdl/none.wsdl").status_code == 404
    assert "名称须为" in upload(scene, text, documents=(b"x", "../../etc/passwd")).text


def test_forms_have_an_end(scene: Scene) -> None:
    """A draft may be longer than any other form, and no longer than that."""
    token = scene.browser.token()
    long = {"token": token, "text": "a" * (MAX_BODY_BYTES + 1)}
    assert scene.browser.client.post("/catalogue/draft/check", data=long).status_code == 200
    assert scene.browser.client.post(f"/catalogue/{SERVICE}/publish", data=long).status_code == 413
    longer = {"token": token, "text": "a" * (MAX_FORM_BYTES + 1)}
    assert scene.browser.client.post("/catalogue/draft/check", data=longer).status_code == 413


def test_the_second_person_tries_what_was_proposed(scene: Scene) -> None:
    """On the version's own page, with their own reason."""
    scene.send("propose")
    second = scene.office.enter(scene.office.hire(LEFT, Role.IT))
    page = f"/catalogue/{SERVICE}/versions/2"
    assert "试运行" in second.get(page).text
    assert second.post(f"{page}/try", {"input.household_no": "10086001"}).status_code == 422
    reply = second.post(f"{page}/try", {"input.household_no": "10086001", "trial_reason": REASON})
    assert (reply.status_code, "王小明" in reply.text) == (200, True)
