"""The address of the store of files: a folder or a bucket, nothing between, and no secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.file_place import Bucket, LocalFolder, read_file_place


def test_a_folder_is_a_full_path() -> None:
    """``file:///`` names a folder, also with spaces."""
    assert read_file_place("file:///srv/guitai/my%20files") == LocalFolder(Path("/srv/guitai/my files"))


def test_a_bucket_has_an_endpoint_and_names_of_secrets() -> None:
    """What is left out has a stated default; the two styles lead to different hosts."""
    place = read_file_place("s3://guitai/a/b?endpoint=https://s3.example.gov.cn&region=cn-north-1")
    assert place == Bucket(
        "guitai", "a/b", "https://s3.example.gov.cn", "cn-north-1", "path", "files-access-key", "files-secret-key"
    )
    assert (place.origin, place.root) == ("https://s3.example.gov.cn", "/guitai/a/b/")
    host = read_file_place("s3://guitai?endpoint=https://oss.example.cn:8443&style=host&access_key=a&secret_key=b")
    assert isinstance(host, Bucket)
    assert (host.origin, host.root, host.access_key, host.secret_key) == (
        "https://guitai.oss.example.cn:8443",
        "/",
        "a",
        "b",
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "/srv/files", "file://host/srv", "file:///", "file://srv", "http://x", "s3://", "s3://Big_Bucket?endpoint=https://x",
        "s3://bucket", "s3://bucket?endpoint=ftp://x", "s3://bucket?endpoint=https://u:p@x", "s3://bucket?endpoint=https://x/path",
        "s3://bucket?endpoint=https://x&style=virtual", "s3://bucket?endpoint=https://x&secret=abc",
        "s3://bucket?endpoint=https://x&endpoint=https://y", "s3://bucket/../x?endpoint=https://x", "s3://bucket?endpoint=https://x:99999",
        "s3://bucket?endpoint=https://x&region=EU WEST", "s3://bucket?endpoint=https://x&access_key=/etc/passwd",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    """Whatever is neither, or half of it, is refused with what is expected and without what was written."""
    with pytest.raises(ValueError) as refused:
        read_file_place(text)
    assert not text or text not in str(refused.value)


@given(st.text(max_size=60), st.sampled_from(["", "file://", "s3://", "s3://bucket?endpoint="]))
def test_any_text_is_read_or_refused(text: str, start: str) -> None:
    """No text makes the reader fail otherwise."""
    try:
        place = read_file_place(start + text)
    except ValueError:
        return
    assert isinstance(place, LocalFolder | Bucket)
