"""Files in a bucket: our signatures and requests at a server of others, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from adapters.http import HttpClient
from adapters.stores.file_store import SealedFileStore, rewrap_files, sweep_files
from adapters.stores.keyring import Keyring, add_key, create_keyring
from adapters.stores.s3_shelf import S3Shelf
from adapters.stores.shelves import LARGEST, open_shelf
from config.file_place import Bucket, read_file_place
from services.errors import ConfigurationFault, NotFound, StoreUnavailable
from tests.fakes import FakeSecrets

AGENCY = UUID(int=1)
PAPER = b"%PDF-1.7 the lease of Wang Xiuying"
PAST, FUTURE = datetime(2001, 1, 1, tzinfo=UTC), datetime(2101, 1, 1, tzinfo=UTC)
ALLOWED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


class Cloud:
    """A server with one bucket that checks every signature from then on."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        requests.post(f"{endpoint}/moto-api/reset-auth", data="1000", timeout=5)
        iam = self._client("iam", "any", "any")
        iam.create_user(UserName="guitai")
        iam.put_user_policy(UserName="guitai", PolicyName="all", PolicyDocument=json.dumps(ALLOWED))
        key = iam.create_access_key(UserName="guitai")["AccessKey"]
        self.secrets: Mapping[str, bytes] = {
            "files-access-key": key["AccessKeyId"].encode(),
            "files-secret-key": key["SecretAccessKey"].encode(),
            "wrong": b"w" * 40,
        }
        self.bucket = self._client("s3", key["AccessKeyId"], key["SecretAccessKey"])
        self.bucket.create_bucket(Bucket="guitai-files")
        requests.post(f"{endpoint}/moto-api/reset-auth", data="0", timeout=5)

    def _client(self, service: str, access: str, secret: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id=access, aws_secret_access_key=secret
        )  # fmt: skip

    def place(self, **changes: str) -> Bucket:
        """The bucket as the settings say it."""
        read = read_file_place(f"s3://guitai-files/office?endpoint={self.endpoint}&region=us-east-1")
        assert isinstance(read, Bucket)
        return replace(read, **changes)

    def list_keys(self) -> list[str]:
        """What lies in the bucket, as another client sees it."""
        return [entry["Key"] for entry in self.bucket.list_objects_v2(Bucket="guitai-files").get("Contents", [])]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def cloud(endpoint: str) -> Iterator[Cloud]:
    requests.post(f"{endpoint}/moto-api/reset-auth", data="1000", timeout=5)
    requests.post(f"{endpoint}/moto-api/reset", timeout=5)
    made = Cloud(endpoint)
    yield made
    made.bucket.close()


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    create_keyring(tmp_path / "keyring.json")
    return tmp_path / "keyring.json"


def open_store(cloud: Cloud, ring: Path, **changes: str) -> SealedFileStore:
    """The store on this bucket; ``changes`` make it another."""
    return SealedFileStore(open_shelf(cloud.place(**changes), ring, FakeSecrets(cloud.secrets)), Keyring.load(ring))


def test_a_file_lies_in_the_bucket_and_comes_back(cloud: Cloud, ring: Path) -> None:
    """What was put lies sealed under the prefix, once, and comes back as it was."""
    store = open_store(cloud, ring)
    digest = store.put(AGENCY, PAPER)
    assert store.put(AGENCY, PAPER) == digest
    (key,) = cloud.list_keys()
    assert key.startswith("office/")
    assert digest not in key
    assert PAPER not in cloud.bucket.get_object(Bucket="guitai-files", Key=key)["Body"].read()
    assert store.get(AGENCY, digest) == PAPER


def test_a_large_file_passes(cloud: Cloud, ring: Path) -> None:
    """A file of the largest size that is taken fits through the client's own limit."""
    content = bytes(20 * 1024 * 1024)
    store = open_store(cloud, ring)
    assert store.get(AGENCY, store.put(AGENCY, content)) == content


def test_what_is_not_there_is_not_found(cloud: Cloud, ring: Path) -> None:
    """A key that the bucket does not have is a file that does not exist."""
    with pytest.raises(NotFound):
        open_store(cloud, ring).get(AGENCY, "0" * 64)


def test_a_bucket_that_is_not_there_is_a_failure(cloud: Cloud, ring: Path) -> None:
    """Without the bucket nobody is told that their paper does not exist; the message names the store's own code."""
    store = open_store(cloud, ring, bucket="no-such-bucket")
    for act in (lambda: store.put(AGENCY, PAPER), lambda: store.get(AGENCY, "0" * 64)):
        with pytest.raises(StoreUnavailable, match="NoSuchBucket"):
            act()


def test_a_wrong_secret_is_a_failure(cloud: Cloud, ring: Path) -> None:
    """A signature made with another secret is refused over there, and told here without the secret."""
    store = open_store(cloud, ring, secret_key="wrong")
    for act in (lambda: store.put(AGENCY, PAPER), lambda: store.get(AGENCY, "0" * 64)):
        with pytest.raises(StoreUnavailable, match="SignatureDoesNotMatch") as told:
            act()
        assert "wwww" not in str(told.value)


def test_a_missing_secret_is_a_fault_of_the_settings(cloud: Cloud, ring: Path) -> None:
    """A secret that nobody wrote is named."""
    with pytest.raises(ConfigurationFault):
        open_store(cloud, ring, access_key="absent").put(AGENCY, PAPER)


def test_an_altered_object_is_refused(cloud: Cloud, ring: Path) -> None:
    """Whoever may write into the bucket can take files away, but not change one."""
    store = open_store(cloud, ring)
    digest = store.put(AGENCY, PAPER)
    (key,) = cloud.list_keys()
    sealed = bytearray(cloud.bucket.get_object(Bucket="guitai-files", Key=key)["Body"].read())
    sealed[90] ^= 1
    cloud.bucket.put_object(Bucket="guitai-files", Key=key, Body=bytes(sealed))
    with pytest.raises(StoreUnavailable):
        store.get(AGENCY, digest)


def test_a_server_that_is_away_is_a_failure(cloud: Cloud, ring: Path) -> None:
    """Nobody listens there: unavailable, and the message names no address."""
    place = cloud.place(endpoint="http://127.0.0.1:9")
    shelf = S3Shelf(place, HttpClient(frozenset({place.origin}), 2.0, LARGEST), FakeSecrets(cloud.secrets))
    with pytest.raises(StoreUnavailable) as told:
        SealedFileStore(shelf, Keyring.load(ring)).put(AGENCY, PAPER)
    assert "127.0.0.1" not in str(told.value)


def test_a_bucket_is_swept_and_wrapped_anew(cloud: Cloud, ring: Path) -> None:
    """What no row names goes; the rest is wrapped under a new key; objects of others below the prefix are left alone."""
    store = open_store(cloud, ring)
    kept, orphan = store.put(AGENCY, PAPER), store.put(AGENCY, b"orphan")
    cloud.bucket.put_object(Bucket="guitai-files", Key="office/README", Body=b"of somebody else")
    cloud.bucket.put_object(Bucket="guitai-files", Key="elsewhere/" + "0" * 72, Body=b"of somebody else")
    add_key(ring)
    keyring, shelf = Keyring.load(ring), open_shelf(cloud.place(), ring, FakeSecrets(cloud.secrets))
    assert sweep_files(shelf, keyring, [(AGENCY, kept)], PAST) == 0
    assert sweep_files(shelf, keyring, [(AGENCY, kept)], FUTURE) == 1
    assert rewrap_files(shelf, keyring) == 1
    assert rewrap_files(shelf, keyring) == 0
    again = SealedFileStore(shelf, keyring)
    assert again.get(AGENCY, kept) == PAPER
    with pytest.raises(NotFound):
        again.get(AGENCY, orphan)
    assert len(cloud.list_keys()) == 3


def test_a_long_listing_is_read_to_its_end(cloud: Cloud) -> None:
    """More objects than one page of the store holds are all seen."""
    place = cloud.place()
    shelf = S3Shelf(place, HttpClient(frozenset({place.origin})), FakeSecrets(cloud.secrets), page_size=3)
    for number in range(10):
        cloud.bucket.put_object(Bucket="guitai-files", Key=f"office/00/{number:072x}", Body=b"x")
    assert len({kept.name for kept in shelf.list_kept()}) == 10


def test_what_was_put_since_is_not_removed(cloud: Cloud, ring: Path) -> None:
    """The sweep looks once more before it takes anything; what is gone already is no failure."""
    store, shelf = open_store(cloud, ring), open_shelf(cloud.place(), ring, FakeSecrets(cloud.secrets))
    digest = store.put(AGENCY, PAPER)
    (kept,) = shelf.list_kept()
    assert not shelf.remove_old(kept.name, PAST)
    assert store.get(AGENCY, digest) == PAPER
    assert shelf.remove_old(kept.name, FUTURE)
    assert not shelf.remove_old(kept.name, FUTURE)
