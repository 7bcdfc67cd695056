"""``bindings.json``: what the offices are to the counter, beside the credentials of the platforms. Mode 0600: it holds secrets.

Shape::

    {"agencies": [{"slug", "name": {"zh-CN", "en"}, "parent"}],
     "back_ends": [{"name", "agency", "url", "secrets": {purpose: value}, "options": {name: text}}],
     "payees": [{"payee", "agency", "accounts": {"wechat", "alipay"}}],
     "inbound": [{"address", "agency", "service"}],
     "offices": [{"name", "agency", "address", "back_ends": [name]}]}

``inbound`` names the offices that push results of a service, ``offices`` says at which address each is controlled (``/_sandbox/``). The launcher makes the accounts document of it (``docs/accounts.md``);
nothing of an office is known anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapters.sandbox.agencies import LEVELS, PROVINCE
from adapters.sandbox.office import Agency, Office, OfficeFault, Place


def make_bindings(offices: Mapping[str, Office], places: Mapping[str, Place]) -> dict[str, Any]:
    """The document of these offices; back ends of those that stand at a place. Raises ``OfficeFault`` for two agencies in one name."""
    return {
        "agencies": _list_agencies(offices.values()),
        "back_ends": [entry for name, place in places.items() for entry in _list_back_ends(offices[name], place)],
        "payees": [
            {
                "payee": office.payee.name,
                "agency": (office.payee.agency or office.agency).slug,
                "accounts": {platform: f"{office.name}-{platform}" for platform in ("wechat", "alipay")},
            }
            for office in offices.values()
            if office.payee is not None
        ],
        "inbound": [
            {"address": place.address, "agency": offices[name].agency.slug, "service": service}
            for name, place in places.items()
            for service in offices[name].pushes
        ],
        "offices": [
            {
                "name": name,
                "agency": offices[name].agency.slug,
                "address": place.address,
                "back_ends": list(offices[name].back_ends),
            }
            for name, place in places.items()
        ],
    }


def _list_agencies(offices: Iterable[Office]) -> list[dict[str, Any]]:
    """The levels of government and all that the offices name, each once."""
    found = {one.slug: one for one in LEVELS}
    for agency in (one for office in offices for one in _agencies_of(office)):
        if found.setdefault(agency.slug, agency) != agency:
            raise OfficeFault(f"{agency.slug}: two agencies have this slug")
    return [
        {"slug": one.slug, "name": {"zh-CN": one.name, "en": one.name_en}, "parent": one.parent}
        for one in found.values()
    ]


def _agencies_of(office: Office) -> Iterator[Agency]:
    yield office.agency
    yield from office.also_for
    if office.payee is not None and office.payee.agency is not None:
        yield office.payee.agency


def _list_back_ends(office: Office, place: Place) -> Iterator[dict[str, Any]]:
    binding = office.bind(place)
    agencies = dict.fromkeys((office.agency.slug, *(one.slug for one in office.also_for)))
    names = [bound for name in office.back_ends for bound in (name, f"{name}-test")]
    owners = [(agency, name) for agency in agencies for name in names]
    for agency, name in (*owners, *((PROVINCE.slug, name) for name in office.of_root)):
        yield {
            "name": name,
            "agency": agency,
            "url": binding.url or place.address,
            "secrets": dict(binding.secrets),
            "options": dict(binding.options),
        }
