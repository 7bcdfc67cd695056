"""Settings of one process, read once from the environment. What differs between agencies stands in the accounts document.

Every variable is ``GUITAI_...``; the one exception is ``PROMETHEUS_MULTIPROC_DIR``, whose name the metrics library fixes.
A secret may come from a file: ``GUITAI_X_FILE`` names it. All faults come together in one ``SettingsFault`` (``config`` is
the lowest room and cannot know ``services.errors``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

from config.alert_settings import ALERT_VARIABLES
from config.file_place import Bucket, LocalFolder, read_file_place
from config.ledger_settings import LEDGER_VARIABLES
from config.mail_place import MailPlace
from config.setting_readers import (
    read_address,
    read_choice,
    read_hours,
    read_integer,
    read_number_format,
    read_path,
    read_private_hosts,
    read_public_address,
    read_release,
    read_seconds,
    read_words,
    read_yes,
)
from config.setting_variable import Variable
from config.watch_settings import WATCH_VARIABLES, find_mail_faults
from config.witness_settings import WITNESS_VARIABLES, find_witness_faults

Environment = Literal["demo", "test", "production"]
LogLevel = Literal["debug", "info", "warning", "error"]


class SettingsFault(Exception):
    """The environment does not hold usable settings; the message names every fault, and no value."""


VARIABLES: Mapping[str, Variable] = {
    "environment": Variable(
        "GUITAI_ENVIRONMENT",
        read_choice(get_args(Environment)),
        "Where this runs. The shared clock and plain HTTP public addresses are refused in production.",
        "production",
    ),
    "database_url": Variable(
        "GUITAI_DATABASE_URL",
        read_address("postgresql"),
        "PostgreSQL address with the role of this process (public, console, worker).",
        secret=True,
    ),
    "redis_url": Variable(
        "GUITAI_REDIS_URL",
        read_address("redis", "rediss", "unix"),
        "Redis address; holds only what may be lost.",
        secret=True,
    ),
    "public_url": Variable(
        "GUITAI_PUBLIC_URL", read_public_address, "Outside address of the public app; notice addresses begin with it."
    ),
    "secrets_dir": Variable("GUITAI_SECRETS_DIR", read_path, "Folder with one file per secret, named by the accounts."),
    "keyring_file": Variable("GUITAI_KEYRING_FILE", read_path, "File with the keys that encrypt personal fields."),
    "files": Variable(
        "GUITAI_FILES",
        read_file_place,
        "Where uploaded files and documents lie, encrypted: file:///folder, or s3://bucket/prefix?endpoint=… (docs/files.md); without "
        "it the folder `files` beside the keyring.",
        "",
    ),
    "slip_keys": Variable(
        "GUITAI_SLIP_KEYS",
        read_path,
        "Folder of the keys that sign slips and of their published list (docs/slips.md).",
        "",
    ),
    "seals": Variable(
        "GUITAI_SEALS",
        read_path,
        "Folder of the organs' seals; only the worker signs documents (docs/certificates.md).",
        "",
    ),
    "rare_typeface": Variable(
        "GUITAI_RARE_TYPEFACE", read_path, "Font file for characters that Noto Sans CJK has not; the worker's.", ""
    ),
    "clock_file": Variable(
        "GUITAI_CLOCK_FILE", read_path, "File with the offset of the shared clock; refused in production.", ""
    ),
    "max_body_bytes": Variable(
        "GUITAI_MAX_BODY_BYTES", read_integer(1024, 8 * 1024 * 1024), "Largest accepted request body, bytes.", "262144"
    ),
    "http_timeout_seconds": Variable(
        "GUITAI_HTTP_TIMEOUT_SECONDS", read_seconds, "How long a call to a platform or back end may take.", "5.0"
    ),
    "private_back_ends": Variable(
        "GUITAI_PRIVATE_BACK_ENDS",
        read_private_hosts,
        "Private machines that back ends may be on: host names or networks like 10.1.0.0/16, with commas between them. Demo and test "
        "may always reach loopback.",
        "",
    ),
    "pool_size": Variable(
        "GUITAI_POOL_SIZE", read_integer(1, 200), "Connections to PostgreSQL for business work, per process.", "8"
    ),
    "ledger_pool_size": Variable(
        "GUITAI_LEDGER_POOL_SIZE", read_integer(1, 50), "Connections for the exposure ledger alone, per process.", "2"
    ),
    "order_minutes": Variable(
        "GUITAI_ORDER_MINUTES", read_integer(1, 110), "How long an unpaid order stays open, minutes.", "15"
    ),
    "confirm_after_seconds": Variable(
        "GUITAI_CONFIRM_AFTER_SECONDS",
        read_integer(1, 3600),
        "How late a notice may be before the platform is asked, seconds.",
        "30",
    ),
    "write_off_hours": Variable(
        "GUITAI_WRITE_OFF_HOURS",
        read_integer(1, 168),
        "How long a company may fail to answer before a write-off that it says is absent is refunded, hours.",
        "24",
    ),
    "draft_days": Variable(
        "GUITAI_DRAFT_DAYS", read_integer(1, 3650), "How long a draft that nobody touches is kept, days.", "90"
    ),
    "session_minutes": Variable(
        "GUITAI_SESSION_MINUTES", read_integer(1, 43200), "How long a citizen's session lasts, minutes.", "720"
    ),
    "web_url": Variable(
        "GUITAI_WEB_URL",
        read_public_address,
        "Outside address of the government's own pages, where slips lead and full texts are read; without it that of the public app.",
        "",
    ),
    "case_no_format": Variable(
        "GUITAI_CASE_NO_FORMAT",
        read_number_format,
        "How case numbers look (docs/cases.md): {agency} and {number}, and of {service}, {date}, {year}, {check} what is wanted.",
        "{agency}{date}{number}{check}",
    ),
    "sms_after_hours": Variable(
        "GUITAI_SMS_AFTER_HOURS",
        read_integer(0, 168),
        "How long a notice with legal effect may stay unread on a platform before a text message follows, hours (docs/telling.md).",
        "24",
    ),
    "quiet_hours": Variable(
        "GUITAI_QUIET_HOURS",
        read_hours,
        "Between which hours of the day in China no text message is sent, as 22-8; 0-0 for none.",
        "22-8",
    ),
    "console_url": Variable(
        "GUITAI_CONSOLE_URL",
        read_public_address,
        "Outside address of the console; the OpenID provider sends staff back to it.",
        "",
    ),
    "oidc_issuer": Variable(
        "GUITAI_OIDC_ISSUER", read_public_address, "Issuer of the OpenID provider at which staff sign in.", ""
    ),
    "oidc_client_id": Variable("GUITAI_OIDC_CLIENT_ID", read_words, "What the console is called there.", ""),
    "oidc_client_secret": Variable(
        "GUITAI_OIDC_CLIENT_SECRET", read_words, "The console's password there.", "", secret=True
    ),
    "local_accounts": Variable(
        "GUITAI_LOCAL_ACCOUNTS",
        read_yes,
        "Whether staff may sign in with login, password and one-time code; in production no unless it says yes.",
        "",
    ),
    **ALERT_VARIABLES,
    **WATCH_VARIABLES,
    **LEDGER_VARIABLES,
    **WITNESS_VARIABLES,
    "log_level": Variable(
        "GUITAI_LOG_LEVEL", read_choice(get_args(LogLevel)), "Least severe log line that is written.", "info"
    ),
    "release": Variable(
        "GUITAI_RELEASE", read_release, "Name of the release; stands in the manifest of published bodies.", "0.1.0"
    ),
    "metrics_dir": Variable(
        "PROMETHEUS_MULTIPROC_DIR", read_path, "Folder in which processes share their metrics.", ""
    ),
}
"""Every setting by its attribute name. A default of ``""`` means that it may be left out; None means that it is needed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process needs to know of its surroundings. Secrets stay out of ``repr``."""

    environment: Environment
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    public_url: str
    secrets_dir: Path
    keyring_file: Path
    files: LocalFolder | Bucket | None
    slip_keys: Path | None
    seals: Path | None
    rare_typeface: Path | None
    clock_file: Path | None
    max_body_bytes: int
    http_timeout_seconds: float
    private_back_ends: tuple[str, ...] | None
    pool_size: int
    ledger_pool_size: int
    order_minutes: int
    confirm_after_seconds: int
    write_off_hours: int
    draft_days: int
    session_minutes: int
    web_url: str | None
    case_no_format: str
    sms_after_hours: int
    quiet_hours: tuple[int, int]
    console_url: str | None
    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_client_secret: str | None = field(repr=False)
    local_accounts: bool | None
    orange_percent: int
    sweep_seconds: float
    escalate_hours: Mapping[str, int]
    escalate_by: str
    smtp_url: MailPlace | None = field(repr=False)
    smtp_password: str | None = field(repr=False)
    smtp_authorities: Path | None
    mail_from: str | None
    watch_mail: tuple[str, ...] | None
    watch_diary: Path
    watch_seconds: float
    sweep_late_minutes: int
    calendar_days: int
    ledger_key: str | None = field(repr=False)
    promise_key: str | None = field(repr=False)
    ledger_public_key: str | None
    promise_public_key: str | None
    checkpoint_seconds: float
    witness_url: str | None
    witness_key: str | None
    witness_signing_key: str | None = field(repr=False)
    witness_log_keys: tuple[str, ...] | None
    witness_declarers: Path | None
    witness_state: Path
    witness_host: str
    witness_port: int
    log_level: LogLevel
    release: str
    metrics_dir: Path | None


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read all settings; raises one ``SettingsFault`` that names every fault, and no value."""
    faults: list[str] = []
    values = {attribute: _read_variable(variable, environ, faults) for attribute, variable in VARIABLES.items()}
    faults += _find_unknown(environ)
    if not faults:
        faults += _find_contradictions(values)
    if faults:
        raise SettingsFault("settings: " + "; ".join(faults))
    return Settings(**cast("dict[str, Any]", values))


def read_settings(environ: Mapping[str, str], *attributes: str) -> dict[str, Any]:
    """These settings alone, by attribute, for a process that is given no others; raises one ``SettingsFault``."""
    faults: list[str] = []
    values = {name: _read_variable(VARIABLES[name], environ, faults) for name in attributes}
    faults += _find_unknown(environ) or [*find_mail_faults(values), *find_witness_faults(values)]
    if faults:
        raise SettingsFault("settings: " + "; ".join(faults))
    return values


def read_database_url(environ: Mapping[str, str]) -> str:
    """The database address alone, for commands that need nothing else; raises ``SettingsFault``."""
    faults: list[str] = []
    url = _read_variable(VARIABLES["database_url"], environ, faults)
    if faults:
        raise SettingsFault("settings: " + "; ".join(faults))
    return str(url)


def _read_variable(variable: Variable, environ: Mapping[str, str], faults: list[str]) -> object:
    text = environ.get(variable.name)
    from_file = environ.get(f"{variable.name}_FILE") if variable.secret else None
    if text is not None and from_file is not None:
        faults.append(f"{variable.name} and {variable.name}_FILE are both set")
        return None
    if from_file is not None:
        text = _read_secret_file(variable.name, from_file, faults)
        if text is None:
            return None
    if text is None or (text == "" and variable.default is not None):
        text = variable.default
    if text is None:
        faults.append(f"{variable.name} is not set")
        return None
    if text == "" and variable.default == "":
        return None
    try:
        return variable.read(text)
    except ValueError as error:
        faults.append(f"{variable.name} {error}")
        return None


def _read_secret_file(name: str, path: str, faults: list[str]) -> str | None:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        faults.append(f"{name}_FILE names a file that cannot be read")
        return None


def _find_unknown(environ: Mapping[str, str]) -> list[str]:
    known = {variable.name for variable in VARIABLES.values()}
    known |= {f"{variable.name}_FILE" for variable in VARIABLES.values() if variable.secret}
    return [f"{name} is not a setting" for name in sorted(environ) if name.startswith("GUITAI_") and name not in known]


def _find_contradictions(values: Mapping[str, object]) -> list[str]:
    faults = _find_half_provider(values) + find_mail_faults(values) + find_witness_faults(values)
    if values["environment"] == "production":
        if values["clock_file"] is not None:
            faults.append("GUITAI_CLOCK_FILE is refused in production: time comes from the system")
        if not str(values["public_url"]).startswith("https://"):
            faults.append("GUITAI_PUBLIC_URL must begin with https:// in production")
        files = values["files"]
        if isinstance(files, Bucket) and not files.endpoint.startswith("https://"):
            faults.append("GUITAI_FILES must have an endpoint that begins with https:// in production")
        if str(values["web_url"]).startswith("http://"):
            faults.append("GUITAI_WEB_URL must begin with https:// in production")
    return faults


def _find_half_provider(values: Mapping[str, object]) -> list[str]:
    """A provider of sign-ins is named wholly or not at all, and in production never over plain HTTP."""
    names = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "console_url")
    if values["oidc_issuer"] is None and values["oidc_client_id"] is None and values["oidc_client_secret"] is None:
        return []
    faults = [f"{VARIABLES[name].name} is not set, but others of OpenID are" for name in names if values[name] is None]
    plain = [name for name in ("oidc_issuer", "console_url") if str(values[name]).startswith("http://")]
    if values["environment"] == "production":
        faults += [f"{VARIABLES[name].name} must begin with https:// in production" for name in plain]
    return faults
