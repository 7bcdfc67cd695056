"""Expected faults end a command with one sentence and status 1, without a traceback."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import click

from config.settings import SettingsFault
from gateway.launch.places import LaunchFault
from services.errors import GuitaiError

P = ParamSpec("P")
R = TypeVar("R")


def tell_faults(command: Callable[P, R]) -> Callable[P, R]:
    """Turn our own errors into click's: their messages are meant to be read, and hold no value."""

    @functools.wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (SettingsFault, LaunchFault, GuitaiError) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.filename is None or error.strerror is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error
        except Exception as error:
            sentence = explain_database(error)
            if sentence is None:
                raise
            raise click.ClickException(sentence) from error

    return told


def explain_database(error: Exception) -> str | None:
    """One sentence for a database that does not let us in; None for anything else. No driver is loaded for it.

    The driver's own first line names address, user or database, never a password.
    """
    drivers = [sys.modules.get(name) for name in ("sqlalchemy.exc", "psycopg")]
    if not any(isinstance(error, driver.OperationalError) for driver in drivers if driver is not None):
        return None
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return f"the database does not let us in: {reason}"
