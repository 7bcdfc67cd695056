"""The supervision office's witness as a WSGI app of its own: it cosigns checkpoints, and tells its key and what it has cosigned.

No database, no Redis, no keyring: a key, a file, and the public keys of logs and people (docs/witness.md). Served by ``python -m gateway witness``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from services.witness import Witness
from services.witness_protocol import MAX_REQUEST, SIZE_TYPE, Answer, Verdict

NEEDED = (
    "environment", "clock_file", "witness_signing_key", "witness_log_keys", "witness_declarers", "witness_state",
    "witness_host", "witness_port", "log_level",
)  # fmt: skip
"""The settings that this process reads, and no other."""
_STATUS: Mapping[Verdict, str] = {
    Verdict.COSIGNED: "200 OK",
    Verdict.MALFORMED: "400 Bad Request",
    Verdict.NOT_SIGNED: "403 Forbidden",
    Verdict.UNKNOWN_LOG: "404 Not Found",
    Verdict.CONFLICT: "409 Conflict",
    Verdict.NOT_CONSISTENT: "422 Unprocessable Content",
}
_PLAIN = "text/plain; charset=utf-8"
StartResponse = Callable[[str, list[tuple[str, str]]], Any]
Application = Callable[[Mapping[str, Any], StartResponse], Iterable[bytes]]


def make_app(witness: Witness, fail: Callable[[Exception], None]) -> Application:
    """The app around a witness. ``fail`` is told of what must not happen; whoever asked gets an empty 500 then."""
    posts = {"/add-checkpoint": witness.add_checkpoint, "/add-restore": witness.add_restore}

    def respond(environ: Mapping[str, Any]) -> tuple[str, str, bytes]:
        method = environ.get("REQUEST_METHOD", "")
        path = str(environ.get("PATH_INFO", "")).encode("latin-1", "replace").decode("utf-8", "replace")
        if path in posts:
            return _post(environ, posts[path]) if method == "POST" else ("405 Method Not Allowed", _PLAIN, b"")
        if method != "GET":
            return "405 Method Not Allowed", _PLAIN, b""
        if path == "/key":
            return _STATUS[Verdict.COSIGNED], _PLAIN, f"{witness.key}\n".encode()
        origin = path.removeprefix("/checkpoint/")
        note = witness.read_checkpoint(origin) if origin != path else None
        return _STATUS[Verdict.UNKNOWN_LOG if note is None else Verdict.COSIGNED], _PLAIN, note or b""

    def application(environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            status, kind, body = respond(environ)
        except Exception as error:  # noqa: BLE001 - the server would print it with what it holds
            fail(error)
            status, kind, body = "500 Internal Server Error", _PLAIN, b""
        named = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(status, [*named, ("X-Content-Type-Options", "nosniff")])
        return [body]

    return application


def _post(environ: Mapping[str, Any], ask: Callable[[bytes], Answer]) -> tuple[str, str, bytes]:
    """One request with a body of a stated length."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not (length.isascii() and length.isdigit()):
        return "411 Length Required", _PLAIN, b""
    if len(length) > 9 or int(length) > MAX_REQUEST:
        return "413 Content Too Large", _PLAIN, b""
    body = environ["wsgi.input"].read(int(length))
    if len(body) != int(length):
        return _STATUS[Verdict.MALFORMED], _PLAIN, b""
    answer = ask(body)
    if answer.verdict is Verdict.CONFLICT:
        return _STATUS[answer.verdict], SIZE_TYPE, f"{answer.size}\n".encode()
    return _STATUS[answer.verdict], _PLAIN, answer.lines


def open_witness(settings: Any) -> tuple[Witness, Callable[[], None]]:
    """The witness of these settings, and what lets its memory go. Raises ``ConfigurationFault`` for what is missing or not of a form."""
    from pathlib import Path  # noqa: PLC0415 - an import of this module opens nothing

    from adapters.clock import make_clock  # noqa: PLC0415 - the same
    from adapters.ed25519 import read_signer, verify_ed25519  # noqa: PLC0415 - the same
    from adapters.witness_memory import FileMemory  # noqa: PLC0415 - the same
    from services.errors import ConfigurationFault  # noqa: PLC0415 - the same
    from services.restores import read_declarers  # noqa: PLC0415 - the same
    from services.signed_note import COSIGNATURE, NoteRefused, read_key  # noqa: PLC0415 - the same

    if settings.witness_signing_key is None or not settings.witness_log_keys:
        raise ConfigurationFault(
            "a witness has a key and knows a log: GUITAI_WITNESS_SIGNING_KEY_FILE, GUITAI_WITNESS_LOG_KEYS"
        )
    signer = read_signer(settings.witness_signing_key, COSIGNATURE)
    clock = make_clock(settings.clock_file, settings.environment)
    listed: Path | None = settings.witness_declarers
    memory = FileMemory(settings.witness_state)
    try:
        keys = [read_key(one) for one in settings.witness_log_keys]
        declarers = read_declarers(listed.read_text("utf-8") if listed else "")
        witness = Witness(signer, keys, declarers, memory, clock, verify_ed25519, _report)
    except NoteRefused as refused:
        memory.close()
        raise ConfigurationFault(f"the witness: {refused}") from None
    except BaseException:
        memory.close()
        raise
    return witness, memory.close


def _report(what: str, origin: str) -> None:
    """Loudly: each of these is for people to look at."""
    from gateway.logging import get_logger  # noqa: PLC0415 - an import of this module opens nothing

    get_logger("witness").error("the witness saw", reason=what, subject=origin)


def _serve() -> Application:
    """The app of this process, from its environment."""
    from config.settings import read_settings  # noqa: PLC0415 - an import of this module opens nothing
    from gateway.logging import configure_logging, describe_exception, get_logger  # noqa: PLC0415 - the same

    settings = SimpleNamespace(**read_settings(os.environ, *NEEDED))
    configure_logging(settings.log_level)
    log = get_logger("witness")
    witness, _ = open_witness(settings)
    log.info("the witness answers")
    return make_app(witness, lambda error: log.error("the witness stumbled", **describe_exception(error)))


def __getattr__(name: str) -> Any:
    """``application``, built once in the process that serves it. Raises ``AttributeError`` for any other name."""
    if name != "application":
        raise AttributeError(name)
    application = _serve()
    globals()[name] = application
    return application
