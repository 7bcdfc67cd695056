"""Which shelf an address means. The only place that knows both kinds; botocore is loaded where a bucket is used."""

from __future__ import annotations

from pathlib import Path

from adapters.http import HttpClient
from adapters.judging.verdict import MAXIMUM_BYTES
from adapters.stores.file_shelf import LocalShelf, Shelf
from config.file_place import Bucket, LocalFolder
from services.ports import Secrets

TIMEOUT_SECONDS = 30.0
LARGEST = MAXIMUM_BYTES + 1024 * 1024
"""Bytes of an answer: a sealed file, or a page of a listing."""
FOLDER = "files"


def open_shelf(place: LocalFolder | Bucket | None, keyring_file: Path, secrets: Secrets) -> Shelf:
    """The shelf of ``GUITAI_FILES``, or the folder ``files`` beside the keyring. Opens and sends nothing yet."""
    if isinstance(place, Bucket):
        from adapters.stores.s3_shelf import S3Shelf  # noqa: PLC0415 - see above

        return S3Shelf(place, HttpClient(frozenset({place.origin}), TIMEOUT_SECONDS, LARGEST), secrets)
    return LocalShelf(place.path if place is not None else keyring_file.absolute().parent / FOLDER)
