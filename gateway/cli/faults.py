"""Expected faults end a command with one sentence and status 1, without a traceback."""

from __future__ import annotations

import functools
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

    return told
