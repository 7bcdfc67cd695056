"""The contract of ``ExposureLog`` and ``ExposureReader`` on PostgreSQL; what ``verify`` makes of it: ``test_ledger_verify.py``."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_reader import SqlExposureReader
from services.errors import ExposureUnavailable
from services.exposure import Direction, Disclosure, Exposure, Outcome, Trail, commit
from services.model import PlatformName
from tests.databases import Database
from tests.fakes import FakeClock


@pytest.fixture(scope="module")
def agency(database: Database) -> UUID:
    """An agency of this database."""
    identifier = uuid4()
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("INSERT INTO agencies VALUES (%s, 'city', NULL, '{}')", [identifier])
    return identifier


@pytest.fixture
def log(database: Database) -> Iterator[SqlExposureLog]:
    """The ledger under the public role."""
    made = SqlExposureLog(database.urls["public"], FakeClock())
    yield made
    made.close()


def make_exposure(
    agency: UUID,
    *chains: UUID,
    content: bytes = b"{}",
    platform: PlatformName = PlatformName.WECHAT,
    direction: Direction = Direction.SENT_TO_SERVER,
    trail: Trail | None = None,
    request_id: str = "",
) -> Exposure:
    """Something that a platform is about to see."""
    told = Disclosure(
        agency_id=agency, platform=platform, account="wechat-main", service="gas-bill", mapping_version=1,
        purpose="see_bills", legal_basis="law", budget={}, request_id=request_id or str(uuid4()), actor=chains[0] if chains else None,
        concerned=chains, fields=frozenset({"amount"}), trail=trail,
    )  # fmt: skip
    return Exposure(direction, told, content)


def read(
    database: Database, agency: UUID, *chains: UUID, limit: int = 10, before: UUID | None = None
) -> list[dict[str, object]]:
    """What the persons of these chains may read about WeChat."""
    reader = SqlExposureReader(database.urls["public"], lambda: [agency])
    try:
        return [dict(leaf) for leaf in reader.list_of_chains(chains, PlatformName.WECHAT, limit, before)]
    finally:
        reader.close()


def test_record_is_read_by_who_is_concerned(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """Actor and everybody concerned find a record, on this platform only, with its outcome once that is known."""
    payer, parent, stranger = uuid4(), uuid4(), uuid4()
    (record_id,) = log.append([make_exposure(agency, payer, parent)])
    log.append([make_exposure(agency, payer, platform=PlatformName.ALIPAY)])
    assert [leaf["outcome"] for leaf in read(database, agency, payer)] == [None]
    log.append_outcome(record_id, agency, Outcome.SENT, 200, None)
    for chains in ((payer,), (parent,), (payer, parent)):
        (leaf,) = read(database, agency, *chains)
        assert (leaf["id"], leaf["outcome"], leaf["fields"]) == (str(record_id), "sent", ["amount"])
    assert read(database, agency, stranger) == []
    assert read(database, agency) == []


def test_pages_go_from_new_to_old(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """A cursor goes on where the page ended, newest first, nothing twice."""
    chain = uuid4()
    made = [log.append([make_exposure(agency, chain)])[0] for _ in range(5)]
    page = read(database, agency, chain, limit=3)
    rest = read(database, agency, chain, limit=3, before=UUID(str(page[-1]["id"])))
    assert [leaf["id"] for leaf in page + rest] == [str(record_id) for record_id in reversed(made)]


def test_digest_is_salted_apart(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """The digest is the HMAC of the content under the record's own salt, and the leaf holds neither salt nor content."""
    (record_id,) = log.append([make_exposure(agency, uuid4(), content=b"phone=13800138000")])
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(
            "SELECT leaf, salt FROM exposure_records JOIN exposure_salts USING (agency_id, record_id) WHERE record_id = %s",
            [record_id],
        ).fetchone()
    assert row is not None
    assert json.loads(row[0])["digest"] == commit(row[1], b"phone=13800138000")
    assert row[1].hex().encode() not in row[0]
    assert not any(word in row[0] for word in (b"13800138000", b"phone"))


def test_records_of_equal_things_cannot_be_told_to_be_equal(
    database: Database, agency: UUID, log: SqlExposureLog
) -> None:
    """The same bytes twice, and two equal outcomes: every leaf has a nonce, every digest a salt, of its own."""
    same = make_exposure(agency, uuid4(), content=b"same")
    made = log.append([same, same])
    for record_id in made:
        log.append_outcome(record_id, agency, Outcome.SENT, 200, None)
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT leaf FROM exposure_records WHERE record_id = ANY(%s) OR of_id = ANY(%s)", [made, made]
        ).fetchall()
    leaves = [json.loads(bytes(leaf)) for (leaf,) in rows]
    assert len(leaves) == 4
    assert len({leaf["nonce"] for leaf in leaves}) == 4
    assert len({leaf["digest"] for leaf in leaves if "digest" in leaf}) == 2


def test_received_answer_is_recorded_with_the_outcome(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """The outcome and what the platform answered are one commit."""
    chain = uuid4()
    (record_id,) = log.append([make_exposure(agency, chain)])
    log.append_outcome(record_id, agency, Outcome.UNKNOWN, None, make_exposure(agency, chain, content=b"answer"))
    assert [leaf["outcome"] for leaf in read(database, agency, chain)] == [None, "unknown"]


def test_manifest_is_one_leaf(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """The same manifest is published once, another one of the same release again."""
    for manifest in ({"/a": "1"}, {"/a": "1"}, {"/a": "2"}, {"/a": "1"}):
        log.publish(agency, "0.1.0", manifest)
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("SELECT leaf FROM exposure_records WHERE kind = 'publication'").fetchall()
    assert sorted(json.loads(leaf)["bodies"]["/a"] for (leaf,) in rows) == ["1", "2"]


def test_threads_share_commits_and_lose_nothing(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """Every append of many threads is in the ledger once, in fewer commits than appends."""
    chain, made, ready = uuid4(), [], threading.Barrier(12)

    def append() -> None:
        ready.wait()
        for _ in range(20):
            made.extend(log.append([make_exposure(agency, chain)]))

    threads = [threading.Thread(target=append) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "SELECT record_id, xmin::text FROM exposure_persons WHERE chain_id = %s", [chain]
        ).fetchall()
    assert sorted(record_id for record_id, _ in rows) == sorted(made)
    assert len({transaction for _, transaction in rows}) < len(rows) == 240


def test_unknown_way_is_unavailable(agency: UUID) -> None:
    """A ledger that cannot be reached refuses before anything could leave."""
    nowhere = SqlExposureLog("postgresql://nobody:x@127.0.0.1:1/nothing", FakeClock())
    with pytest.raises(ExposureUnavailable):
        nowhere.append([make_exposure(agency, uuid4())])


def test_broken_connection_is_replaced(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """After the server ended its connections the next append succeeds on a new one."""
    log.append([make_exposure(agency, uuid4())])
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'guitai-ledger' AND datname = current_database()"
        )
    chain = uuid4()
    (record_id,) = log.append([make_exposure(agency, chain)])
    assert [leaf["id"] for leaf in read(database, agency, chain)] == [str(record_id)]


def test_blocked_ledger_gives_up_in_time(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """When the table is locked every append is refused within seconds, leader and followers alike."""
    failures: list[ExposureUnavailable] = []

    def append() -> None:
        try:
            log.append([make_exposure(agency, uuid4())])
        except ExposureUnavailable as error:
            failures.append(error)

    with psycopg.connect(database.owner_url) as owner:
        owner.execute("LOCK TABLE exposure_records IN ACCESS EXCLUSIVE MODE")
        threads = [threading.Thread(target=append) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(8)
        owner.rollback()
    assert len(failures) == 6
    log.append([make_exposure(agency, uuid4())])


def test_records_of_a_log_in_are_found_once_it_is_known_whose_they_are(
    database: Database, agency: UUID, log: SqlExposureLog
) -> None:
    """What was typed, sent and received before the person was known is found under their chain afterwards, and under no other."""
    trail, chain, request_id = Trail(), uuid4(), str(uuid4())
    log.append([make_exposure(agency, direction=Direction.ENTERED_IN_CLIENT, trail=trail, request_id=request_id)])
    (sent,) = log.append([make_exposure(agency, trail=trail, request_id=request_id)])
    answer = make_exposure(agency, direction=Direction.RECEIVED_FROM_PLATFORM, trail=trail, request_id=request_id)
    log.append_outcome(sent, agency, Outcome.SENT, 200, answer)
    assert read(database, agency, chain) == []
    log.attribute(trail, chain)
    found = read(database, agency, chain)
    assert [leaf["direction"] for leaf in found] == ["received_from_platform", "sent_to_server", "entered_in_client"]
    assert [leaf["outcome"] for leaf in found] == [None, "sent", None]
    assert (trail.left, read(database, agency, uuid4())) == ([], [])


def test_nothing_is_attributed_twice_or_without_need(database: Database, agency: UUID, log: SqlExposureLog) -> None:
    """An empty trail writes nothing, a record that names its actor needs no attribution, and a trail is used up."""
    trail, chain = Trail(), uuid4()
    log.attribute(trail, chain)
    log.append([make_exposure(agency, uuid4(), trail=trail)])
    log.attribute(trail, chain)
    assert read(database, agency, chain) == []
    log.append([make_exposure(agency, trail=trail)])
    for other in (chain, uuid4()):
        log.attribute(trail, other)
        assert len(read(database, agency, other)) == (other == chain)


def test_ledger_that_is_down_attributes_nothing(agency: UUID) -> None:
    """The trail stays, so that nobody takes the records for attributed."""
    trail = Trail([(make_exposure(agency).disclosure, uuid4())])
    nowhere = SqlExposureLog("postgresql://nobody:x@127.0.0.1:1/nothing", FakeClock())
    with pytest.raises(ExposureUnavailable):
        nowhere.attribute(trail, uuid4())
    assert len(trail.left) == 1
