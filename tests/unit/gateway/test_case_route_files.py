"""Files at the edge: bytes and nothing around them, bounded while they are read, recorded as seen whatever becomes of them."""

from __future__ import annotations

import io
from typing import Any

import pytest

from gateway.guard import PIECE
from gateway.routes.drafts import LARGEST_BYTES
from services.uploads import UPLOADS_PER_TEN_MINUTES
from tests.case_city import PHOTO, CaseCity
from tests.case_samples import MATERIALS, make_terms

OCTETS = "application/octet-stream"


@pytest.fixture
def city() -> CaseCity:
    return CaseCity()


def begin(city: CaseCity) -> tuple[str, str]:
    """A session and the path of its draft."""
    token = city.enter()
    return token, f"drafts/{city.begin(token)['draft_id']}"


def test_a_file_is_its_bytes(city: CaseCity) -> None:
    """It is kept by its content, shown in the checklist, and the platform is known to have seen it and its name."""
    token, path = begin(city)
    answer = city.upload(token, path)
    assert (answer.status, answer.json["media_type"], answer.json["title"]) == (201, "image/png", "平面图.png")
    assert city.entered.disclosure.fields == {"material_file"}
    assert city.entered.content.endswith(PHOTO)
    assert city.shown.disclosure.fields == {"material_title", "reference"}
    draft = city.send("GET", f"/v1/{path}", token=token).json
    plan = next(one for one in draft["materials"] if one["name"] == "floor_plan")
    assert [one["file_id"] for one in plan["files"]] == [answer.json["file_id"]]
    assert city.send("DELETE", f"/v1/{path}/files/{answer.json['file_id']}", token=token).status == 204
    assert city.send("DELETE", f"/v1/{path}/files/{answer.json['file_id']}", token=token).status == 404


@pytest.mark.parametrize(
    ("content", "rule"),
    [(b"EXE a program", "type"), (b"bomb of a PDF", "bomb"), (b"active PDF", "active"), (b"damaged", "damaged")],
)
def test_a_refused_file_was_seen_all_the_same(city: CaseCity, content: bytes, rule: str) -> None:
    """Whatever the judge says of it, the platform's app had it: it stands in the ledger, and nowhere else."""
    token, path = begin(city)
    answer = city.upload(token, path, content=content)
    assert (answer.status, answer.json["code"]) == (422, "file_refused")
    assert answer.json["detail"]["fields"] == [{"path": "file", "rule": rule}]
    assert city.entered.disclosure.fields == {"material_file"}
    assert city.entered.content.endswith(content)
    assert city.house.tables.counter.files == {}


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded", "text/html", ""],
)
def test_a_form_with_a_file_in_it_is_no_file(city: CaseCity, kind: str) -> None:
    """Only bytes are taken; what came in another coat is recorded as a file and as something unlisted."""
    token, path = begin(city)
    answer = city.upload(token, path, kind=kind)
    assert (answer.status, answer.json["detail"]["fields"]) == (422, [{"path": "body", "rule": "media_type"}])
    assert city.entered.disclosure.fields == {"material_file", "unlisted"}
    assert city.house.tables.counter.files == {}


@pytest.mark.parametrize("kind", [OCTETS, "image/png", "IMAGE/JPEG", "application/pdf; name=a"])
def test_what_the_client_says_of_its_type_is_not_believed(city: CaseCity, kind: str) -> None:
    """The type is found in the content."""
    token, path = begin(city)
    assert city.upload(token, path, kind=kind).json["media_type"] == "image/png"


def test_an_empty_file_is_refused(city: CaseCity) -> None:
    """Nothing is no file, with and without a type."""
    token, path = begin(city)
    assert city.upload(token, path, content=b"").json["detail"]["fields"] == [{"path": "file", "rule": "size"}]
    bare = city.send("POST", f"/v1/{path}/materials/floor_plan/files", token=token)
    assert bare.json["detail"]["fields"] == [{"path": "body", "rule": "required"}]


def test_a_file_may_be_larger_than_any_other_body(city: CaseCity) -> None:
    """Up to the route's own bound for somebody signed in, and the material's own limit within it."""
    token, path = begin(city)
    large = PHOTO + bytes(3 * 1024 * 1024)
    assert city.upload(token, path, content=large).status == 201
    over = city.upload(token, path, content=PHOTO + bytes(11 * 1024 * 1024))
    assert over.json["detail"]["fields"] == [{"path": "file", "rule": "size"}]
    beyond = city.upload(token, path, content=bytes(LARGEST_BYTES + 1))
    assert (beyond.status, beyond.json["code"]) == (413, "request_too_large")
    assert "material_file" in city.entered.disclosure.fields


@pytest.mark.parametrize("path", ["/v1/services/trial-licence/drafts", "/v1/cases", "/v1/nowhere", "/v1/account"])
def test_no_other_route_reads_that_much(city: CaseCity, path: str) -> None:
    """The house's bound stands everywhere else."""
    answer = city.send("POST", path, raw=bytes(70_000), token=city.enter(), kind=OCTETS)
    assert answer.status in (404, 405, 413)
    assert len(city.entered.content) < 66_000


class Counting(io.BytesIO):
    """A connection that knows how much was read of it, and in what pieces."""

    def __init__(self, size: int) -> None:
        super().__init__(bytes(size))
        self.taken, self.largest = 0, 0

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        self.taken, self.largest = self.taken + len(part), max(self.largest, len(part))
        return part


@pytest.mark.parametrize(("signed", "bound"), [(False, 65_536), (True, LARGEST_BYTES)])
def test_reading_stops_at_the_bound(city: CaseCity, signed: bool, bound: int) -> None:
    """A stranger's endless body is read as far as the house's bound, a citizen's file as far as its route's, in small pieces."""
    token, path = begin(city)
    stream = Counting(LARGEST_BYTES + 5_000_000)
    inner: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": f"/v1/{path}/materials/floor_plan/files", "QUERY_STRING": "",
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0), "wsgi.input": stream, "wsgi.errors": io.StringIO(), "SCRIPT_NAME": "",
        "CONTENT_LENGTH": str(LARGEST_BYTES + 5_000_000), "CONTENT_TYPE": OCTETS,
    }  # fmt: skip
    if signed:
        inner["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    told: list[str] = []
    list(city.public(inner, lambda status, *_: told.append(status)))
    assert told == [f"{413 if signed else 401} Error"] or told[0].startswith(("413", "401"))
    assert stream.taken == bound + 1
    assert stream.largest <= PIECE


def test_two_hundred_files_are_too_many(city: CaseCity) -> None:
    """Five of one material, and so many in ten minutes, whoever tries."""
    token, path = begin(city)
    answers = [city.upload(token, path, content=PHOTO + str(number).encode()) for number in range(200)]
    assert [one.status for one in answers[:5]] == [201] * 5
    assert {one.json["code"] for one in answers[5:UPLOADS_PER_TEN_MINUTES]} == {"file_refused"}
    assert {one.json["code"] for one in answers[UPLOADS_PER_TEN_MINUTES:]} == {"too_many_requests"}
    assert len(city.house.tables.counter.files) == 5


@pytest.mark.parametrize("material", ["business_licence", "promise", "nothing", "__class__", "平面图"])
def test_only_what_is_uploaded_is_uploaded(city: CaseCity, material: str) -> None:
    """A document that the registers have, a promise, an unknown name: refused by the path, and seen."""
    token, path = begin(city)
    answer = city.upload(token, path, material)
    assert (answer.status, answer.json["code"]) == (422, "input_refused")
    assert city.entered.disclosure.fields == {"material_file"}


def test_a_file_for_a_service_without_files_was_seen_too() -> None:
    """It is refused as not asked for, and recorded: that the mapping has no room for it unsees nothing."""
    only = {name: MATERIALS[name] for name in ("business_licence", "promise")}
    city = CaseCity(materials=only, gap_days=None)
    assert make_terms(materials=only).materials == only
    token, path = begin(city)
    answer = city.upload(token, path, "promise")
    assert (answer.status, answer.json["code"]) == (422, "input_refused")
    assert city.entered.disclosure.fields == {"material_file"}


def test_a_title_never_acts(city: CaseCity) -> None:
    """Folders and signs that turn text around are taken out; one that reads as JSON stays a name."""
    token, path = begin(city)
    assert city.upload(token, path, title="../../etc/\u202egnp.exe").json["title"] == "gnp.exe"
    other = city.upload(token, path, content=PHOTO + b"2", title="[1]")
    assert (other.status, other.json["title"]) == (201, "[1]")


def test_nothing_is_taken_while_the_ledger_is_down(city: CaseCity) -> None:
    """A file that could not be recorded is not kept."""
    token, path = begin(city)
    city.log.down = True
    answer = city.upload(token, path)
    assert (answer.status, answer.json["code"]) == (503, "exposure_unavailable")
    assert city.house.tables.counter.files == {}
