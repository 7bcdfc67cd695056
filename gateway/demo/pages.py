"""Pages as a person's browser reads them: forms, links, what is written there. Only a form that stands on a page can be filled in.

No script runs, as the pages promise to work without one. A page that lacks a form, a field or a choice fails the step.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from gateway.demo.journey import StepFailed

_BUTTONS = ("submit", "button", "reset", "image")
_TICKED = ("checkbox", "radio")
_VOID = ("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person picks."""

    name: str
    content: bytes
    media_type: str


class FormFault(StepFailed):
    """Something was to be entered that this form does not take."""


Value = str | Sequence[str] | Upload | Sequence[Upload]
"""What is entered into a field; several where several may stand."""


@dataclass
class Field:
    """A control of a form. ``given`` is what is sent if nobody touches it; ``choices`` what may be chosen, where that is limited."""

    name: str
    kind: str
    given: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    required: bool = False


@dataclass
class Form:
    """A form as it stands on a page. ``buttons`` are the submit buttons with a name: (name, value); ``others`` the further addresses
    to which a button of it sends.
    """

    action: str
    method: str
    multipart: bool
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def fill(self, entered: Mapping[str, Value]) -> list[tuple[str, str | Upload]]:
        """Pairs as a browser sends them. Raises ``FormFault`` for a field that is not there, a choice that is none, a duty left empty."""
        strangers = sorted(set(entered) - set(self.fields) - {name for name, _ in self.buttons})
        self._require(not strangers, f"there is no {', '.join(strangers)}")
        pairs: list[tuple[str, str | Upload]] = []
        for name, control in self.fields.items():
            values = list_values(entered[name]) if name in entered else list(control.given)
            wrong = [one for one in values if control.choices and one not in control.choices]
            self._require(not wrong, f"{name} does not offer {wrong}")
            self._require(bool(values and any(values)) or not control.required, f"{name} must be filled in")
            pairs += [(name, one) for one in values]
        for name, value in self.buttons:
            if entered.get(name) == value:
                pairs.append((name, value))
        return pairs

    def _require(self, condition: bool, message: str) -> None:
        if not condition:
            raise FormFault(f"the form at {self.action}: {message}")


def list_values(value: Value) -> list[str | Upload]:
    """One value or several, as a list."""
    return [value] if isinstance(value, str | Upload) else list(value)


class _Reader(HTMLParser):
    """Reads forms, links, alerts, data attributes and the text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.data: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.alerts: list[str] = []
        self._open: list[bool] = []
        self._form: Form | None = None
        self._by_id: dict[str, list[Form]] = {}
        self._select: Field | None = None
        self._area: Field | None = None
        self._option: str | None = None
        self._link: str | None = None
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(told.get("role") == "alert")
        self.data += [(name, value) for name, value in told.items() if name.startswith("data-")]
        opened: Mapping[str, Callable[[dict[str, str]], None]] = {
            "form": self._open_form,
            "input": self._read_input,
            "select": self._open_select,
            "option": self._read_option,
            "textarea": self._open_area,
            "button": self._read_button,
            "a": self._open_link,
        }
        if tag in opened:
            opened[tag](told)
        elif tag in ("script", "style", "template"):
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._open:
            self._open.pop()
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = self._option = None
        elif tag == "option":
            self._option = None
        elif tag == "textarea":
            self._area = None
        elif tag == "a":
            self._link = None
        elif tag in ("script", "style", "template"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.given = [(self._area.given[0] if self._area.given else "") + data]
        elif not self._hidden and data.strip():
            self.texts.append(data.strip())
            if any(self._open):
                self.alerts.append(data.strip())
            if self._link is not None:
                self.links.append((self._link, data.strip()))
            if self._select is not None and self._option is not None:
                self._select.labels[self._option] = self._select.labels.get(self._option, "") + data.strip()

    def _open_form(self, told: dict[str, str]) -> None:
        method, kind = told.get("method", "get").upper(), told.get("enctype", "")
        self._form = Form(told.get("action", ""), method, kind == "multipart/form-data")
        self.forms.append(self._form)
        if told.get("id"):
            self._by_id.setdefault(told["id"], []).append(self._form)

    def _place(self, told: dict[str, str]) -> Form | None:
        """The form of a control: by its ``form`` attribute, else the one that it stands in."""
        named = self._by_id.get(told.get("form", ""), [])
        return named[-1] if named else self._form

    def _read_input(self, told: dict[str, str]) -> None:
        form, name, kind = self._place(told), told.get("name", ""), told.get("type", "text").lower()
        if form is None or not name or "disabled" in told:
            return
        if kind in _BUTTONS:
            if kind == "submit":
                form.buttons.append((name, told.get("value", "")))
            return
        control = form.fields.setdefault(name, Field(name, kind))
        control.required |= "required" in told
        if kind in _TICKED:
            value = told.get("value", "on")
            control.choices.append(value)
            control.given += [value] if "checked" in told else []
        elif kind != "file":
            control.given.append(told.get("value", ""))
            control.choices += [told.get("value", "")] if kind == "hidden" else []

    def _open_select(self, told: dict[str, str]) -> None:
        form, name = self._place(told), told.get("name", "")
        if form is not None and name and "disabled" not in told:
            self._select = form.fields.setdefault(name, Field(name, "select", required="required" in told))

    def _read_option(self, told: dict[str, str]) -> None:
        if self._select is None or "disabled" in told:
            return
        self._option = value = told.get("value", "")
        if "selected" in told or not self._select.choices:
            self._select.given = [value]
        self._select.choices.append(value)

    def _open_area(self, told: dict[str, str]) -> None:
        form, name = self._place(told), told.get("name", "")
        if form is not None and name and "disabled" not in told:
            self._area = form.fields.setdefault(name, Field(name, "textarea", required="required" in told))

    def _read_button(self, told: dict[str, str]) -> None:
        form = self._place(told)
        if form is None or told.get("type", "submit") != "submit" or "disabled" in told:
            return
        if told.get("name"):
            form.buttons.append((told["name"], told.get("value", "")))
        if told.get("formaction"):
            form.others.append(told["formaction"])

    def _open_link(self, told: dict[str, str]) -> None:
        self._link = told.get("href") or None
        if self._link:
            self.links.append((self._link, ""))


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser shows. ``address`` is where it came from, after redirects."""

    address: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    forms: Sequence[Form]
    links: Sequence[tuple[str, str]]
    data: Sequence[tuple[str, str]]
    alerts: Sequence[str]
    text: str

    def find_form(self, action: str, *needed: str) -> Form:
        """The first form that is sent to an address that ends like this and that has all these fields. Raises ``StepFailed`` for none."""
        return self.find_forms(action, *needed)[0]

    def find_forms(self, action: str, *needed: str) -> list[Form]:
        """All of them, in the order of the page. Raises ``StepFailed`` for none."""
        found = []
        for form in self.forms:
            names = {*form.fields, *(name for name, _ in form.buttons)}
            target = next((one for one in (form.action, *form.others) if self._path_of(one).endswith(action)), None)
            if target is not None and set(needed) <= names:
                found.append(replace(form, action=target))
        if found:
            return found
        there = sorted({self._path_of(one) for form in self.forms for one in (form.action, *form.others)})
        raise StepFailed(f"{urlsplit(self.address).path} has no form {action} {needed}; it has {there}")

    def has_form(self, action: str, *needed: str) -> bool:
        """Whether there is one."""
        try:
            self.find_form(action, *needed)
        except StepFailed:
            return False
        return True

    def _path_of(self, action: str) -> str:
        return urlsplit(urljoin(self.address, action)).path

    def find_link(self, part: str) -> str:
        """The first address on the page with this in it. Raises ``StepFailed``."""
        for address, _ in self.links:
            if part in address:
                return urljoin(self.address, address)
        raise StepFailed(f"{urlsplit(self.address).path} has no link with {part}")


def read_page(address: str, status: int, headers: Mapping[str, str], body: bytes) -> Page:
    """What a reply shows; only HTML is read."""
    reader = _Reader()
    if headers.get("content-type", "").startswith("text/html"):
        reader.feed(body.decode("utf-8"))
        reader.close()
    return Page(
        address, status, headers, body, reader.forms, reader.links, reader.data, reader.alerts, " ".join(reader.texts)
    )


def write_urlencoded(pairs: Sequence[tuple[str, str | Upload]]) -> tuple[bytes, str]:
    """A form's body and its media type."""
    plain = [(name, value if isinstance(value, str) else value.name) for name, value in pairs]
    return urlencode(plain).encode(), "application/x-www-form-urlencoded"


def write_multipart(pairs: Sequence[tuple[str, str | Upload]]) -> tuple[bytes, str]:
    """The same as parts (RFC 7578)."""
    mark, lines = uuid.uuid4().hex, []
    for name, value in pairs:
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, str):
            lines.append(f"{head}\r\n\r\n{value}\r\n".encode())
        else:
            head += f'; filename="{value.name}"\r\nContent-Type: {value.media_type}\r\n\r\n'
            lines.append(head.encode() + value.content + b"\r\n")
    return b"".join(lines) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
