"""``python -m gateway staff``: the staff of the console, for the operator with the owner's database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from uuid import UUID

import click

from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults
from gateway.cli.store import home_option
from services.errors import ConfigurationFault, Conflict, InputRefused
from services.staffing import AgencyTree, Role, StaffMember

if TYPE_CHECKING:
    from adapters.redis import RedisStaffSessions
    from services.console_ports import ConsoleStore
    from services.ports import Clock
    from services.staff_desk import StaffDesk

keyring_option = click.option(
    "--keyring", type=click.Path(path_type=Path, dir_okay=False), help="The keys of the installation; else those of --home."
)  # fmt: skip
role_option = click.option(
    "--role", type=click.Choice([role.value for role in Role]), required=True, help="Which role."
)


@dataclass(frozen=True, slots=True)
class Office:
    """What a command works with."""

    desk: StaffDesk
    store: ConsoleStore
    tree: AgencyTree
    clock: Clock

    def member(self, login: str) -> StaffMember:
        """The member with this login. Raises ``click.ClickException``."""
        found = next((one for one in self.desk.list_staff(None).members if one.login == login), None)
        if found is None:
            raise click.ClickException(f"nobody has the login {login}")
        return found

    def agency(self, slug: str) -> UUID:
        """The agency with this slug. Raises ``click.ClickException`` that names those there are."""
        for agency, known in self.tree.slugs.items():
            if known == slug:
                return agency
        raise click.ClickException(f"no agency {slug}; there are: {', '.join(sorted(self.tree.slugs.values()))}")


@contextmanager
def open_office(home: Path, keyring: Path | None) -> Iterator[Office]:
    """The owner's database, the keys and the sessions' Redis (if it is known here: else sessions end by what the store says)."""
    from adapters.clock import SharedClock, SystemClock
    from adapters.ids import make_id
    from adapters.passwords import Argon2Hasher, make_one_time_password
    from adapters.stores.console_store import SqlConsoleStore
    from adapters.stores.keyring import Keyring
    from services.staff_desk import StaffDesk

    clock_file = home / "run" / "clock.json"
    clock = SharedClock(clock_file) if is_demo(home) and clock_file.exists() else SystemClock()
    store = SqlConsoleStore(find_database(home), Keyring.load(keyring or home / "keyring.json"), clock, 1)
    sessions = open_sessions(home, clock)
    desk = StaffDesk(store, sessions, Argon2Hasher(), clock, lambda: make_id(clock.now()), make_one_time_password)
    try:
        yield Office(desk, store, store.agency_tree(), clock)
    except Conflict as refused:
        raise click.ClickException(f"refused: {(refused.detail or {}).get('rule', refused)}") from refused
    except InputRefused as refused:
        reasons = ", ".join(f"{place} {why}" for place, why in (refused.detail or {}).items())
        raise click.ClickException(f"refused: {reasons}") from refused
    finally:
        store.close()


def open_sessions(home: Path, clock: Clock) -> RedisStaffSessions:
    """The sessions that a change ends. Raises ``ConfigurationFault`` if nothing says where they are."""
    import json

    from adapters.redis import RedisStaffSessions, make_redis_client
    from config.settings import VARIABLES

    variable = VARIABLES["redis_url"].name
    url = os.environ.get(variable)
    if url is None and f"{variable}_FILE" in os.environ:
        url = Path(os.environ[f"{variable}_FILE"]).read_text("utf-8").strip()
    if url is None:
        try:
            url = str(json.loads((home / "run" / "state.json").read_text("utf-8"))["redis_url"])
        except (OSError, ValueError, KeyError):
            raise ConfigurationFault(f"{variable} is not set, and nothing runs in {home}") from None
    return RedisStaffSessions(make_redis_client(url), clock)


def is_demo(home: Path) -> bool:
    """Whether this is a demo or a test: said by the environment, else a run of the launcher in ``home``."""
    said = os.environ.get("GUITAI_ENVIRONMENT")
    return said in ("demo", "test") if said else (home / "run" / "state.json").exists()


@click.group()
def staff() -> None:
    """Staff of the console. GUITAI_DATABASE_URL names the database's owner, GUITAI_REDIS_URL where sessions are."""


@staff.command()
@home_option
@keyring_option
@click.option("--agency", required=True, help="Slug of the agency to which the person belongs.")
@click.option("--name", required=True, help="The person's name.")
@click.argument("login")
@tell_faults
def add(home: Path, keyring: Path | None, agency: str, name: str, login: str) -> None:
    """Add a member; prints a one-time password (72 hours)."""
    with open_office(home, keyring) as office:
        _, password = office.desk.add(None, office.agency(agency), login, name)
    click.echo(password)


@staff.command()
@home_option
@keyring_option
@click.option("--agency", required=True, help="Slug of the agency in which the role is held.")
@role_option
@click.argument("login")
@tell_faults
def grant(home: Path, keyring: Path | None, agency: str, role: str, login: str) -> None:
    """Give a role in an agency; it reaches that agency and all below it."""
    with open_office(home, keyring) as office:
        office.desk.grant(None, office.member(login).staff_id, office.agency(agency), Role(role))
    click.echo("granted")


@staff.command()
@home_option
@keyring_option
@click.option("--agency", required=True, help="Slug of the agency in which the role is held.")
@role_option
@click.argument("login")
@tell_faults
def revoke(home: Path, keyring: Path | None, agency: str, role: str, login: str) -> None:
    """Take a role away, and with it what deputies hold of it."""
    with open_office(home, keyring) as office:
        wanted = (office.member(login).staff_id, office.agency(agency), Role(role))
        held = [one for one in office.desk.list_staff(None).roles if (one.staff_id, one.agency_id, one.role) == wanted]
        if not held:
            raise click.ClickException(f"{login} does not hold {role} in {agency}")
        for one in held:
            office.desk.revoke(None, one.grant_id)
    click.echo("revoked")


@staff.command()
@home_option
@keyring_option
@click.option("--reason", default="", help="Why; kept with the act.")
@click.argument("login")
@tell_faults
def suspend(home: Path, keyring: Path | None, reason: str, login: str) -> None:
    """Let somebody in no more."""
    with open_office(home, keyring) as office:
        office.desk.suspend(None, office.member(login).staff_id, reason)
    click.echo("suspended")


@staff.command(name="reset-password")
@home_option
@keyring_option
@click.option("--codes-too", is_flag=True, help="The authenticator is enrolled anew as well.")
@click.argument("login")
@tell_faults
def reset_password(home: Path, keyring: Path | None, codes_too: bool, login: str) -> None:
    """A fresh one-time password (72 hours), printed once."""
    with open_office(home, keyring) as office:
        password = office.desk.reset_password(None, office.member(login).staff_id, codes_too=codes_too)
    click.echo(password)


@staff.command()
@home_option
@keyring_option
@click.option(
    "--file", "source", type=click.File("r", encoding="utf-8"), help="A file with the number; else it is asked for."
)
@click.argument("login")
@tell_faults
def identity(home: Path, keyring: Path | None, source: TextIO | None, login: str) -> None:
    """Set whose identity number it is: only a keyed hash is kept, so that nobody handles a matter of their own."""
    with open_office(home, keyring) as office:
        staff_id = office.member(login).staff_id
        number = source.read() if source is not None else click.prompt("Identity number", hide_input=True)
        office.desk.set_identity(None, staff_id, number)
    click.echo("set")


@staff.command(name="list")
@home_option
@keyring_option
@tell_faults
def list_(home: Path, keyring: Path | None) -> None:
    """Everybody, one a line: login, agency, standing, roles."""
    with open_office(home, keyring) as office:
        found, slugs = office.desk.list_staff(None), office.tree.slugs
    for member in found.members:
        roles = " ".join(
            f"{held.role.value}@{slugs[held.agency_id]}" + ("(deputy)" if held.deputising_for else "")
            for held in found.roles_of(member.staff_id)
        )
        standing = "suspended" if member.suspended_at else "active"
        click.echo(f"{member.login}\t{slugs[member.agency_id]}\t{standing}\t{roles}")


@staff.command()
@home_option
@keyring_option
@click.argument("login")
@tell_faults
def code(home: Path, keyring: Path | None, login: str) -> None:
    """Print the one-time code of this moment: demo and test only, where nobody holds the phone."""
    from adapters.passwords import TimedCodes

    if not is_demo(home):
        raise click.ClickException("one-time codes are printed in demo and test only")
    with open_office(home, keyring) as office:
        member = office.member(login)
        with office.store.begin(tuple(office.tree.parents)) as tx:
            secret = tx.staff.read_credentials(member.staff_id)[1]
        if not secret:
            raise click.ClickException(f"{login} has no authenticator yet")
        click.echo(TimedCodes().code_at(secret, office.clock.now()))
