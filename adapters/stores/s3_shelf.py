"""A bucket of an S3-compatible store as a shelf: botocore signs (Signature Version 4), our own client sends.

Signatures carry the real time of this machine, not the clock port's: the store at the other end holds it against its own clock (at most
15 minutes apart). Sources: the S3 API reference (GetObject, PutObject, DeleteObject, ListObjectsV2, error responses), "Signature
Version 4 signing process".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from defusedxml import ElementTree

from adapters.http import HttpClient, HttpError, HttpReply
from adapters.stores.file_shelf import NAME, Kept
from config.file_place import Bucket
from services.errors import StoreUnavailable
from services.ports import Secrets

PURPOSE = "files"
ATTEMPTS = 2
"""Every request here may be repeated: what is put is the same bytes under the same name."""
_PASSING = frozenset({500, 502, 503, 504})
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")


class S3Shelf:
    """Implements ``file_shelf.Shelf``. The client's limit must be above that of a file."""

    def __init__(self, place: Bucket, http: HttpClient, secrets: Secrets, page_size: int = 1000) -> None:
        self._place = place
        self._page_size = page_size
        self._http = http
        self._secrets = secrets

    def write(self, name: str, sealed: bytes) -> None:
        kind = {"Content-Type": "application/octet-stream"}
        self._require(self._send("PUT", self._target(name), kind, sealed), 200)

    def read(self, name: str) -> bytes | None:
        reply = self._send("GET", self._target(name))
        if reply.status == 404 and _read_code(reply) == "NoSuchKey":
            return None
        self._require(reply, 200)
        return reply.body

    def list_kept(self) -> Iterator[Kept]:
        token: str | None = None
        while True:
            root = self._place.prefix + "/" if self._place.prefix else ""
            asked = {"list-type": "2", "max-keys": str(self._page_size), "prefix": root} | (
                {"continuation-token": token} if token else {}
            )
            bucket = f"/{self._place.bucket}/" if self._place.style == "path" else "/"
            reply = self._send("GET", f"{bucket}?{urlencode(asked)}")
            self._require(reply, 200)
            found, token = _read_listing(reply.body, root)
            yield from found
            if token is None:
                return

    def remove_old(self, name: str, until: datetime) -> bool:
        """Look when it was put there, then delete: the moment between the two is the one gap that S3 leaves (docs/files.md)."""
        looked = self._send("HEAD", self._target(name))
        if looked.status == 404:
            return False
        self._require(looked, 200)
        if parsedate_to_datetime(looked.headers["last-modified"]).astimezone(UTC) > until:
            return False
        self._require(self._send("DELETE", self._target(name)), 204)
        return True

    def drop_drafts(self, until: datetime) -> int:  # noqa: ARG002 - the port's signature
        """A bucket shows nothing that was not put whole."""
        return 0

    def _target(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("a shelf's names are 72 hexadecimal digits")
        return f"{self._place.root}{name[8:10]}/{name}"

    def _send(self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> HttpReply:
        """Signed anew for each attempt. Raises ``StoreUnavailable`` without an answer, or after a passing one."""
        failure = ""
        for _ in range(ATTEMPTS):
            signed = self._sign(method, target, headers or {}, body)
            try:
                reply = self._http.send(PURPOSE, method, self._place.origin + target, signed, body)
            except HttpError as error:
                failure = str(error)
                continue
            if reply.status not in _PASSING:
                return reply
            failure = f"the bucket answers {reply.status}"
        raise StoreUnavailable(f"files: {failure}")

    def _sign(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The headers with which a request is believed. Raises ``ConfigurationFault`` for a missing secret."""
        keys = (self._secrets.read(name).decode() for name in (self._place.access_key, self._place.secret_key))
        request = AWSRequest(method, self._place.origin + target, dict(headers), data=body)
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
        S3SigV4Auth(Credentials(*keys), "s3", self._place.region).add_auth(request)
        return dict(request.headers.items())

    def _require(self, reply: HttpReply, status: int) -> None:
        """Raise ``StoreUnavailable`` that names the store's own code (NoSuchBucket, SignatureDoesNotMatch, AccessDenied …)."""
        if reply.status != status:
            raise StoreUnavailable(f"files: the bucket answers {reply.status} {_read_code(reply)}".rstrip())


def _read_code(reply: HttpReply) -> str:
    found = _CODE.search(reply.body[:4096])
    return found[1].decode() if found else ""


def _read_listing(body: bytes, root: str) -> tuple[list[Kept], str | None]:
    try:
        tree = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        raise StoreUnavailable("files: a listing that is no XML") from None
    space = tree.tag.partition("}")[0] + "}" if tree.tag.startswith("{") else ""
    kept = []
    for entry in tree.iter(f"{space}Contents"):
        name = entry.findtext(f"{space}Key", "").removeprefix(root).rpartition("/")[2]
        if NAME.fullmatch(name):
            kept.append(Kept(name, _read_moment(entry.findtext(f"{space}LastModified", ""))))
    return kept, tree.findtext(f"{space}NextContinuationToken")


def _read_moment(text: str) -> datetime:
    """ISO 8601; an unreadable one counts as new, so that nothing goes for want of a date."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
