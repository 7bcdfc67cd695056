"""The catalogue as staff see it: the same on PostgreSQL and on the fake."""

from __future__ import annotations

from services.mapping_desk import MappingDesk
from services.mapping_record import MappingAct
from tests.contract.offices import VOCABULARY, Offices, name_service, write_file


def test_every_event_in_one_question(offices: Offices) -> None:
    """By service, oldest first, and of the transaction's agencies alone."""
    gas, water = name_service(), name_service()
    offices.publish_first(gas)
    offices.desk.propose(offices.actor("li"), write_file(gas, 2), {})
    offices.desk.import_file(write_file(water, 1, agency="water"), {})
    with offices.store.begin([offices.agency("gas")]) as tx:
        found = tx.mappings.list_all_events()
    assert [event.act for event in found if event.service == gas] == [MappingAct.IMPORTED, MappingAct.PROPOSED]
    assert water not in {event.service for event in found}
    assert [(event.service, event.number) for event in found] == sorted(
        (event.service, event.number) for event in found
    )


def test_staff_see_their_agency_s_services_and_what_waits(offices: Offices) -> None:
    """Under the console's own role; a trial's act is written beside them."""
    name = name_service()
    offices.publish_first(name)
    desk = MappingDesk(offices.store, VOCABULARY, offices.clock, offices.desk.new_id)
    li, chen = offices.actor("li"), offices.actor("chen")
    offices.desk.propose(li, write_file(name, 2, wider=True), {})
    assert name in {line.service for line in desk.list_services(li)}
    assert name not in {line.service for line in desk.list_services(chen)}
    waiting = next(one for one in desk.list_waiting(offices.actor("zhao")) if one.line.service == name)
    assert len(waiting.missing) == 2
    file = desk.open_service(li, name)
    assert [version.version for version in file.versions] == [2, 1]
    shown = desk.show(file.versions[0])
    assert shown.mapping is not None
    desk.note_trial(li, shown.mapping, file.versions[0].content, "核对接口")
    with offices.store.begin([offices.agency("gas")]) as tx:
        assert tx.acts.list_acts(1, None, subject_id=name)[0].act == "mapping.try"
