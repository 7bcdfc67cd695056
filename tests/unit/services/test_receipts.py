"""Whom a receipt names."""

from __future__ import annotations

from dataclasses import replace

from services.receipts import show_receipt
from tests.fake_city import City, W


def test_a_receipt_names_the_human_who_paid_also_after_joining() -> None:
    """Paid before the real name was proven, from an account that was joined since: the receipt shows the proven name, masked."""
    city = City()
    city.add_bill()
    wang = city.add_citizen()
    payment_id = city.pay_and_confirm(wang)
    city.deliver()
    city.run_jobs()
    now, everywhere = city.clock.now(), city.directory.all_agencies()
    with city.store.begin(everywhere) as tx:
        known = tx.persons.open_person(city.directory.root_agency(), now)
        tx.persons.record_identity(known.person_id, "王小明", "110101199003070011", now)
        tx.persons.join(wang.person_id, known.person_id, now)
    caller = replace(wang.callers[W], person_id=known.person_id, chain_id=known.chain_id)
    assert show_receipt(city.till, caller, payment_id).payer_masked == "**明"
