"""Where uploaded files and documents lie: one address, a local folder or a bucket of an S3-compatible store.

``file:///srv/guitai/files`` or ``s3://BUCKET/PREFIX?endpoint=https://HOST[:PORT]&region=REGION[&style=path|host]
[&access_key=NAME][&secret_key=NAME]``. Keys are *names* of secrets, never their values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_OPTIONS = frozenset({"endpoint", "region", "style", "access_key", "secret_key"})


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder on this machine, or one that all machines mount."""

    path: Path


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an S3-compatible store. ``style`` path: ENDPOINT/BUCKET/KEY; host: BUCKET.ENDPOINT/KEY."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    style: str
    access_key: str
    secret_key: str

    @property
    def origin(self) -> str:
        """Where requests go: scheme, host and port."""
        scheme, _, host = self.endpoint.partition("://")
        return f"{scheme}://{self.bucket}.{host}" if self.style == "host" else self.endpoint

    @property
    def root(self) -> str:
        """The path before each key, with its slash at the end."""
        parts = [self.bucket] if self.style == "path" else []
        return "/" + "".join(f"{part}/" for part in [*parts, self.prefix] if part)


def read_file_place(text: str) -> LocalFolder | Bucket:
    """Read an address. Raises ``ValueError`` with what is expected, and never a value."""
    parts = _split(text)
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
        if parts.netloc or parts.query or not path.is_absolute() or str(path) == "/":
            raise ValueError("must name a folder by its full path, which begins with a slash")
        return LocalFolder(path)
    if parts.scheme == "s3":
        return _read_bucket(parts.netloc, parts.path.strip("/"), parse_qsl(parts.query, keep_blank_values=True))
    raise ValueError("must begin with file:// or s3://")


def _split(text: str) -> SplitResult:
    """Raises ``ValueError`` without what it could not read."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("holds an address that cannot be read") from None
    return parts


def _read_bucket(bucket: str, prefix: str, pairs: list[tuple[str, str]]) -> Bucket:
    told = dict(pairs)
    if len(told) != len(pairs) or not _OPTIONS.issuperset(told):
        raise ValueError(f"knows the options {', '.join(sorted(_OPTIONS))}, each once")
    if not _BUCKET.fullmatch(bucket) or (prefix and not _PREFIX.fullmatch(prefix)) or ".." in prefix:
        raise ValueError("must name a bucket and, if at all, a prefix of letters, digits, dots, hyphens and slashes")
    endpoint = _split(told.get("endpoint", ""))
    if endpoint.scheme not in ("http", "https") or not endpoint.hostname or endpoint.path.strip("/") or endpoint.query:
        raise ValueError("needs endpoint=https://HOST[:PORT] for a bucket")
    names = (told.get("access_key", "files-access-key"), told.get("secret_key", "files-secret-key"))
    if not all(_NAME.fullmatch(name) for name in names) or endpoint.username is not None:
        raise ValueError("names its keys as secrets, and holds none")
    if told.get("style", "path") not in ("path", "host"):
        raise ValueError("knows style=path and style=host")
    if not re.fullmatch(r"[a-z0-9-]{1,40}", told.get("region", "us-east-1")):
        raise ValueError("needs a region of small letters, digits and hyphens")
    return Bucket(
        bucket, prefix, f"{endpoint.scheme}://{endpoint.netloc}", told.get("region", "us-east-1"), told.get("style", "path"), *names
    )  # fmt: skip
