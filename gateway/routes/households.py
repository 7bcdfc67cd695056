"""Households, and the bills on them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, g

from gateway.arrival import current_arrival
from gateway.exposing import Blueprint, current_caller, current_desk, exposed, in_room
from gateway.schemas.households import BillsReply, HouseholdReply, HouseholdRequest, HouseholdsReply, PreviewReply
from gateway.tellers import tell_household, tell_households, tell_look_up
from services.households import HouseholdInView

blueprint = Blueprint("households", __name__, description="户号与账单")


@blueprint.post("/households/lookup")
@exposed("look_up_household", tell_look_up, asks=HouseholdRequest, shows=PreviewReply)
@blueprint.arguments(HouseholdRequest)
@blueprint.response(200, PreviewReply)
def look_up_household(_: dict[str, Any]) -> HouseholdInView:
    """核对户号：显示遮蔽的户名和地址 · Whose household it is, masked, before binding."""
    return current_desk().households.look_up(current_caller(), g.admission)


@blueprint.post("/households")
@exposed("manage_households", tell_look_up, asks=HouseholdRequest, shows=HouseholdReply)
@blueprint.arguments(HouseholdRequest)
@blueprint.response(201, HouseholdReply)
def bind_household(_: dict[str, Any]) -> HouseholdInView:
    """绑定户号 · Bind a household."""
    return current_desk().households.bind(current_caller(), g.admission)


@blueprint.get("/households")
@exposed("manage_households", in_room("account", "manage_households"), shows=HouseholdsReply)
@blueprint.response(200, HouseholdsReply)
def list_households() -> dict[str, Any]:
    """已绑定的户号 · The caller's households."""
    desk, caller = current_desk(), current_caller()
    bound = desk.households.list_bound(caller)
    if bound:
        current_arrival().tell(tell_households(desk, caller, bound, "manage_households"))
    return {"households": [desk.households.show(caller, household) for household in bound]}


@blueprint.delete("/households/<uuid:household_id>")
@exposed("manage_households", tell_household("manage_households"))
@blueprint.response(204)
def unbind_household(household_id: UUID) -> Response:  # noqa: ARG001 - the teller read it
    """解除绑定 · Let a household go."""
    current_desk().households.unbind(current_caller(), g.household)
    return Response(status=204)


@blueprint.get("/households/<uuid:household_id>/bills")
@exposed("see_bills", tell_household("see_bills"), shows=BillsReply)
@blueprint.response(200, BillsReply)
def list_bills(household_id: UUID) -> dict[str, Any]:
    """未缴账单及单位给出的明细 · What is owed, with the company's own breakdown."""
    found = current_desk().bills.list_bills(current_caller(), g.household)
    return {
        "household_id": household_id,
        "service": found.service,
        "payee": found.payee,
        "bills": [
            {
                "bill_ref": one.bill_ref,
                "period": one.bill.period,
                "amount_fen": one.bill.amount_fen,
                "due_on": one.bill.due_on,
                "items": one.bill.items,
            }
            for one in found.bills
        ],
        "chosen": found.chosen,
    }
