"""What an applicant does with a case through the citizen API, the same on every door: draft, papers, hand-in, following, correcting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from gateway.demo.forms import read_entries
from gateway.demo.journey import require
from gateway.demo.pages import Upload
from gateway.demo.phone import Phone
from gateway.demo.samples import make_sample
from gateway.demo.stage import Play

SAMPLE, PROMISE = "sample", "promise"
Case = dict[str, Any]
"""A case as ``GET /cases/{id}`` shows it."""


@dataclass
class Applicant:
    """Whoever the matter is of, or who acts for them, with a phone or a browser in hand."""

    play: Play
    organisation_id: str | None = None
    mandate_id: str | None = None
    case_id: str = ""
    case_no: str = ""
    uploaded: list[str] = field(default_factory=list)

    @property
    def phone(self) -> Phone:
        """Through which they act."""
        return self.play.phone

    def record_organisation(self) -> dict[str, Any]:
        """Prove to be its legal representative; gives the organisation."""
        body = {"credit_code": self.play.story.organisation["credit_code"]}
        found: dict[str, Any] = self.phone.call("POST", "/organisations", body, status=201)
        self.organisation_id, self.mandate_id = found["organisation_id"], found["mandate_id"]
        return found

    def open_form(self) -> dict[str, Any]:
        """The form with its materials, as a client renders it."""
        form: dict[str, Any] = self.phone.call("GET", f"/services/{self.play.service.id}")
        require(form["off"] is None, "the service is paused")
        require(form["assurance"]["enough"] is True, "the caller is not known well enough")
        return form

    def write_draft(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Everything but files."""
        story, terms = self.play.story, self.play.service.counter
        secondary = [name for name, one in terms.materials.items() if one.secondary] if terms else []
        draft: dict[str, Any] = {
            "inputs": read_entries(self.play, form),
            "applicant": {"kind": "organisation", "organisation_id": self.organisation_id} if story.organisation else {"kind": "person"},
            "delivery": story.delivery,
            "promises": [name for name, how in story.materials.items() if how == PROMISE],
            "later": [name for name in secondary if name not in story.materials],
        }  # fmt: skip
        return draft | ({"mandate_id": self.mandate_id} if self.mandate_id else {}) | (
            {"address": story.address} if story.address else {}
        )  # fmt: skip

    def begin_draft(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """Save it for the first time."""
        draft: dict[str, Any] = self.phone.call(
            "POST", f"/services/{self.play.service.id}/drafts", self.write_draft(form), status=201
        )
        return draft

    def upload_to(self, place: str, material: str) -> Upload:
        """A fresh sample for one material of a draft or case."""
        terms = self.play.service.counter
        accepts = list(terms.materials[material].accepts) if terms else []
        sample = make_sample(material, accepts)
        path = f"{place}/materials/{material}/files?title={quote(sample.name)}"
        reply = self.phone.upload(path, sample.content, sample.media_type)
        code = reply.json().get("code") if reply.status >= 400 else ""
        require(reply.status == 201, f"{material} was not taken: status {reply.status} {code}")
        self.uploaded.append(material)
        return sample

    def hand_in(self, draft_id: str, version: int) -> dict[str, Any]:
        """Hand the draft in, twice with one key: the same bytes."""
        key, path = self.phone.make_key(), f"/drafts/{draft_id}/submit"
        first = self.phone.send("POST", path, {"version": version}, key=key)
        code = first.json().get("code") if first.status >= 400 else ""
        require(first.status == 201, f"it was not handed in: status {first.status} {code}")
        again = self.phone.send("POST", path, {"version": version}, key=key)
        require(again.body == first.body, "the same Idempotency-Key gave other bytes")
        case: dict[str, Any] = first.json()
        self.case_id, self.case_no = case["case_id"], case["case_no"]
        return case

    def view(self) -> Case:
        """The case as it is."""
        seen: Case = self.phone.call("GET", f"/cases/{self.case_id}")
        require(seen["case_no"] == self.case_no, "the case has another number")
        return seen

    def read(self, what: str) -> dict[str, Any]:
        """A part of the case: deadline, receipt, documents, certificate."""
        found: dict[str, Any] = self.phone.call("GET", f"/cases/{self.case_id}/{what}")
        return found

    def bring(self, act: str, materials: list[str]) -> Case:
        """Upload these materials to the case and hand them in (``corrections``, ``gap``), upon the version that is shown then."""
        for material in materials:
            self.upload_to(f"/cases/{self.case_id}", material)
        done: Case = self.phone.call("POST", f"/cases/{self.case_id}/{act}", {"version": self.view()["version"]})
        return done

    def collect_online(self) -> dict[str, Any]:
        """Take the electronic certificate: it is delivered by that."""
        found: dict[str, Any] = self.phone.call("POST", f"/cases/{self.case_id}/collect")
        return found

    def make_code(self) -> str:
        """The slip that is shown at the window to take the certificate."""
        return str(self.phone.call("POST", f"/cases/{self.case_id}/collection-codes", status=201)["slip"])


def find_deadline(case: Case, clock: str) -> date:
    """When a clock of the case runs out. Raises ``StepFailed`` if it does not run."""
    found = [one["due_on"] for one in case["deadlines"] if one["clock"] == clock]
    require(len(found) == 1, f"{len(found)} clocks {clock} run")
    return date.fromisoformat(found[0])


def find_words(case: Case, state: str) -> list[dict[str, Any]]:
    """The entries of the timeline after which the case was in this state."""
    return [entry for entry in case["timeline"] if entry["state"] == state]
