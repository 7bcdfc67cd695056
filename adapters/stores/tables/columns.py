"""The one ``MetaData`` and the types that all tables share."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def id_column(name: str, *, key: bool = False, nullable: bool = False) -> Column[UUID]:
    """A UUID."""
    return Column(name, Uuid(), primary_key=key, nullable=nullable)


def text_column(name: str, *, key: bool = False, nullable: bool = False) -> Column[str]:
    """A text."""
    return Column(name, Text(), primary_key=key, nullable=nullable)


def bytes_column(name: str, *, key: bool = False, nullable: bool = False) -> Column[bytes]:
    """A ciphertext, a hash or a leaf."""
    return Column(name, LargeBinary(), primary_key=key, nullable=nullable)


def moment_column(name: str, *, nullable: bool = False) -> Column[datetime]:
    """A moment, ``timestamptz``."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def json_column(name: str) -> Column[Any]:
    """A JSON value, ``jsonb``."""
    return Column(name, JSONB(), nullable=False)
