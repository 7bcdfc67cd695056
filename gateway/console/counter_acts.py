"""Every act on one case as a form that is sent: each has its address, its declared act, and gives back the page of the case.

What was typed stays in the page whenever the counter says no; the version that the page showed rides along in every form. After the act
the case is opened again with the reason for which it was opened before, which is noted like the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from flask import Blueprint, Response, request

from gateway.console import counter_forms as forms
from gateway.console.counter_case import find_mapping, show_after, show_again
from gateway.console.counter_forms import Form
from gateway.console.counter_refusals import HANDLED
from gateway.console.desk import CounterRooms, current_actor, current_console
from gateway.console.registry import room
from services.case_clocks import terms_of
from services.case_file import CaseFile
from services.case_supply import list_wanted
from services.counter_permits import CLERK, PERMITS, Permit
from services.counter_reception import MaterialCheck
from services.errors import InputRefused
from services.mapping import ServiceMapping
from services.staffing import Actor
from services.uploads import GAP_PROMISE, remove_at_window, upload_at_window
from services.window_desk import Brought

blueprint = Blueprint("counter_acts", __name__)
TITLE = ("办件", "Case")
Do = Callable[["Sent"], object]


class Sent:
    """A form about one case, with what an act needs."""

    def __init__(self, case_id: UUID) -> None:
        self.case_id = case_id
        self.form: Form = request.form
        self.rooms: CounterRooms = current_console().rooms
        self.actor: Actor = current_actor()

    @property
    def seen(self) -> int:
        return forms.read_seen(self.form)

    @property
    def mapping(self) -> ServiceMapping:
        """The version of the service with which the case began. Raises ``NotFound``."""
        return find_mapping(self.actor, self.case_id)

    def text(self, name: str) -> str:
        return self.form.get(name, "")


def _checks(sent: Sent) -> list[MaterialCheck]:
    return forms.read_checks(sent.form, terms_of(sent.mapping))


def _corrections(sent: Sent) -> object:
    items = forms.read_corrections(sent.form, sent.mapping, terms_of(sent.mapping))
    return sent.rooms.counter.ask_corrections(sent.actor, sent.case_id, sent.seen, items)


def _accept_with_gap(sent: Sent) -> object:
    promise = sent.text("gap_promise")
    if promise == forms.GAP_FILE:
        promise = _find_gap_file(sent)
    return sent.rooms.counter.accept_with_gap(
        sent.actor, sent.case_id, sent.seen, sent.form.getlist("missing"), forms.read_date(sent.form, "until_on"), promise,
        _checks(sent),
    )  # fmt: skip


def _find_gap_file(sent: Sent) -> str:
    """The signed promise that was scanned last for this case; empty if there is none, which the use case refuses."""
    place = sent.rooms.counter.find_place(sent.actor, sent.case_id, PERMITS["accept_with_gap"])
    with sent.rooms.counter.house.begin(place.agencies) as tx:
        scanned = [file for file in tx.files.list_of(sent.case_id) if file.material == GAP_PROMISE]
    return str(max(scanned, key=lambda file: file.uploaded_at).file_id) if scanned else ""


def _brought(sent: Sent) -> Brought:
    place = sent.rooms.counter.find_place(sent.actor, sent.case_id, PERMITS["bring_corrections"])
    with sent.rooms.counter.house.begin(place.agencies) as tx:
        row = tx.cases.load(sent.case_id)
    names: frozenset[str] = frozenset()
    if row is not None:
        names = list_wanted(CaseFile(row[0], tuple(row[1])), place.mapping, terms_of(place.mapping)).inputs
    return forms.read_brought(sent.form, place.mapping, names)


def _scan(sent: Sent) -> object:
    uploads = forms.read_uploads(sent.text("material"))
    if not uploads:
        raise InputRefused(detail={"file": "missing"})
    return [upload_at_window(sent.rooms.uploads, sent.rooms.counter, sent.actor, sent.case_id, one) for one in uploads]


def _special_days(sent: Sent) -> int | None:
    return forms.read_whole(sent.form, "days") if sent.text("days").strip() else None


def _read_reasons(sent: Sent) -> list[str]:
    return sent.text("reasons").splitlines()


ACTS: Mapping[str, Do] = {
    "claim": lambda s: s.rooms.counter.claim(s.actor, s.case_id, s.seen),
    "release": lambda s: s.rooms.counter.release(s.actor, s.case_id, s.seen),
    "reassign": lambda s: s.rooms.counter.reassign(
        s.actor, s.case_id, s.seen, forms.read_member(s.form, "to"), s.text("why")
    ),
    "check_materials": lambda s: s.rooms.counter.check_materials(s.actor, s.case_id, s.seen, _checks(s)),
    "ask_corrections": _corrections,
    "accept": lambda s: s.rooms.counter.accept(s.actor, s.case_id, s.seen, _checks(s)),
    "accept_with_gap": _accept_with_gap,
    "refuse_acceptance": lambda s: s.rooms.counter.refuse_acceptance(
        s.actor, s.case_id, s.seen, s.text("ground"), s.text("why"), s.text("right_organ")
    ),
    "begin_special": lambda s: s.rooms.counter.begin_special(
        s.actor, s.case_id, s.seen, s.text("code"), s.text("why"), _special_days(s)
    ),
    "end_special": lambda s: s.rooms.counter.end_special(s.actor, s.case_id, s.seen, s.text("result")),
    "ask_extension": lambda s: s.rooms.counter.ask_extension(
        s.actor, s.case_id, s.seen, forms.read_whole(s.form, "days"), s.text("why")
    ),
    "answer_extension": lambda s: s.rooms.counter.answer_extension(
        s.actor, s.case_id, s.seen, granted=s.text("granted") == "yes", reason=s.text("why")
    ),
    "finish_step": lambda s: s.rooms.counter.finish_step(
        s.actor, s.case_id, s.seen, forms.read_whole(s.form, "step"), s.text("opinion")
    ),
    "decide": lambda s: s.rooms.counter.decide(
        s.actor, s.case_id, s.seen, s.text("outcome"), _read_reasons(s), s.text("legal_ground")
    ),
    "terminate": lambda s: s.rooms.counter.terminate(s.actor, s.case_id, s.seen, s.text("why")),
    "revoke_certificate": lambda s: s.rooms.counter.revoke_certificate(
        s.actor, s.case_id, s.seen, s.text("why"), s.text("legal_ground")
    ),
    "hand_over": lambda s: s.rooms.counter.hand_over(s.actor, s.case_id, s.seen, forms.read_bearer(s.form)),
    "post": lambda s: s.rooms.counter.post(s.actor, s.case_id, s.seen, s.text("carrier"), s.text("number")),
    "prove_delivery": lambda s: s.rooms.counter.prove_delivery(
        s.actor, s.case_id, s.seen, forms.read_date(s.form, "on"), s.text("proof")
    ),
    "fail_delivery": lambda s: s.rooms.counter.fail_delivery(s.actor, s.case_id, s.seen, s.text("why")),
    "bring_corrections": lambda s: s.rooms.window.bring_corrections(s.actor, s.case_id, s.seen, _brought(s)),
    "bring_gap": lambda s: s.rooms.window.bring_gap(s.actor, s.case_id, s.seen, _brought(s)),
    "fix_on_the_spot": lambda s: s.rooms.window.fix_on_the_spot(s.actor, s.case_id, s.seen, _brought(s)),
    "withdraw": lambda s: s.rooms.window.withdraw(s.actor, s.case_id, s.seen, forms.read_shown(s.form), s.text("why")),
    "scan": _scan,
    "remove_scan": lambda s: remove_at_window(
        s.rooms.counter, s.actor, s.case_id, forms.read_member(s.form, "file_id")
    ),
}
"""Each act by the name of its method; ``open_case`` and ``print_receipt`` have pages of their own."""


def _make_view(name: str) -> Callable[..., Response]:
    def view(case_id: UUID) -> Response:
        sent = Sent(case_id)
        try:
            ACTS[name](sent)
        except HANDLED as refused:
            return show_again(case_id, name, refused)
        return show_after(case_id, name)

    view.__name__ = f"act_{name}"
    view.__doc__ = f"The form of the act ``{name}``."
    return view


for _name in ACTS:
    _permit = PERMITS.get(_name, Permit(f"case.{_name}", CLERK))
    room(
        blueprint, f"/counter/cases/<uuid:case_id>/{_name.replace('_', '-')}", title=TITLE, roles=_permit.roles,
        methods=["POST"], act=_permit.act,
    )(_make_view(_name))  # fmt: skip
