"""The stage of the demo: a running stack as the phones see it, who plays, and which office stands behind which service.

No service, company or office is named here: services and their stories are those in force, people are the population register's,
addresses of offices are what the sandbox says of itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from adapters.clock import SharedClock, business_date
from adapters.mapping_files import load_vocabulary
from adapters.stores.catalogue_shelf import LiveCatalogueShelf
from gateway.bindings import REGISTER
from gateway.demo.clerk import Clerk
from gateway.demo.journey import StepFailed
from gateway.demo.phone import AlipayPhone, Person, Phone, WeChatPhone
from gateway.demo.web import WebVisitor
from gateway.launch.loopback import send
from gateway.launch.stack import Stack
from services.doors import OWN_DOORS, PLATFORMS
from services.mapping import ServiceMapping
from services.model import Language, PlatformName
from services.stories import Story

PHONES: Mapping[PlatformName, Callable[[str, str, str, Person], Phone]] = {
    PlatformName.WECHAT: WeChatPhone,
    PlatformName.ALIPAY: AlipayPhone,
}
TEXTS = "text-messages"
"""How the sandbox calls its provider of text messages."""
A_MINUTE = 61.0
"""Seconds after which every limit of so many a minute and person has begun anew."""


@dataclass(frozen=True, slots=True)
class Play:
    """One story on one platform: the service, the phone in the person's hand, the address at which its office is controlled."""

    service: ServiceMapping
    story: Story
    phone: Phone
    office: str

    @property
    def title(self) -> str:
        """The heading under which it is told."""
        title = self.service.title[Language.ZH_CN]
        return f"{self.phone.person.real_name}: {title} ({self.service.id}) through {self.phone.platform}"


@dataclass(frozen=True, slots=True)
class Stage:
    """What the stories need of a running stack. ``offices`` gives the control address of a back end by its name."""

    stack: Stack
    clock: SharedClock
    services: Mapping[str, ServiceMapping]
    people: Mapping[str, Person]
    offices: Mapping[str, str]
    apps: Mapping[PlatformName, str]
    texts: str = ""
    """The address at which the provider of text messages is looked at."""
    phones: dict[tuple[str, PlatformName], Phone] = field(default_factory=dict)
    clerks: dict[str, Clerk] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day of the play, in China."""
        return business_date(self.clock.now())

    def pass_time(self, seconds: float) -> None:
        """Move everybody's clock ahead."""
        self.clock.advance(seconds)

    def cast(self, service: ServiceMapping, story: Story, platform: PlatformName) -> Play:
        """Everything for one story. Raises ``StepFailed`` if nobody of that name lives here or the office is not there."""
        person, office = self.people.get(story.person), self.offices.get(service.back_end.name)
        if person is None:
            raise StepFailed(f"{service.id}: nobody in the register plays {story.person}")
        if office is None:
            raise StepFailed(f"{service.id}: no office of the sandbox is {service.back_end.name}")
        return Play(service, story, self.pick_up(person, platform), office)

    def pick_up(self, person: Person, platform: PlatformName) -> Phone:
        """This person's phone with this platform's app, or their browser at the web door; the same one each time.

        Whoever came to the window has no phone there: they follow their matter on the web.
        """
        key = (person.user, PlatformName.WEB if platform in OWN_DOORS else platform)
        if key not in self.phones and platform in OWN_DOORS:
            self.phones[key] = WebVisitor(self.texts, self.stack.urls["web"], "", person)
        elif key not in self.phones:
            address = self.stack.addresses[platform.value]
            self.phones[key] = PHONES[platform](address, self.stack.urls["public"], self.apps[platform], person)
        return self.phones[key]

    def visit(self, person: Person) -> WebVisitor:
        """This person at the web door."""
        visitor = self.pick_up(person, PlatformName.WEB)
        if not isinstance(visitor, WebVisitor):
            raise StepFailed("the web door is no platform's")
        return visitor

    def gather_pages(self) -> bytes:
        """Every page of the web door and of the console that anybody was shown."""
        visitors = [one.browser for one in self.phones.values() if isinstance(one, WebVisitor)]
        browsers = [*visitors, *(one.browser for one in self.clerks.values())]
        return b"\n".join(reply for browser in browsers for reply in browser.received)

    def call_clerk(self, login: str) -> Clerk:
        """A member of the staff before the console; the same one each time."""
        if login not in self.clerks:
            self.clerks[login] = Clerk(self.stack, login)
        return self.clerks[login]


def open_stage(stack: Stack) -> Stage:
    """Look around in a running stack."""
    sandbox = stack.places.home / "sandbox"
    bindings = json.loads((sandbox / "bindings.json").read_text("utf-8"))
    offices = {name: entry["address"] for entry in bindings["offices"] for name in entry["back_ends"]}
    return Stage(
        stack, SharedClock(stack.clock_file), read_services(stack), read_people(offices[REGISTER]), offices,
        find_apps(json.loads((sandbox / "credentials.json").read_text("utf-8")), bindings), stack.addresses[TEXTS],
    )  # fmt: skip


def read_services(stack: Stack) -> Mapping[str, ServiceMapping]:
    """The services in force, in the order of their ids."""
    shelf = LiveCatalogueShelf(stack.role_urls["public"], load_vocabulary())
    try:
        return {name: shelf.services[name] for name in sorted(shelf.services)}
    finally:
        shelf.close()


def read_people(register: str) -> Mapping[str, Person]:
    """The invented persons of the population register who play in stories, by the name of their part."""
    told = send("GET", f"{register}/_sandbox/persons").json()
    return {
        one["story"]: Person(one["story"], one["real_name"], one["identity_number"], one["phone"])
        for one in told
        if one["story"]
    }


def find_apps(credentials: Mapping[str, Any], bindings: Mapping[str, Any]) -> Mapping[PlatformName, str]:
    """The mini-program on each platform: the entry that collects for no payee."""
    collecting = {account for payee in bindings["payees"] for account in payee["accounts"].values()}
    return {
        platform: next(app["app_id"] for app in credentials[platform.value]["apps"] if app["account"] not in collecting)
        for platform in PLATFORMS
    }
