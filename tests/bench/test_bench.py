"""The measurements themselves, on stores of a few hundred cases: what is built, what goes on, what a figure says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.leaves import Leaf, check_leaf
from tests.bench import growth
from tests.bench.data import Grown, open_data
from tests.bench.report import Figure, compare_rounds, describe, write_report

SIZES = {"small": 2_000, "large": 3_000}
CHUNK = 1_500


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for two stores and their server."""
    return tmp_path_factory.mktemp("grown")


@pytest.fixture(scope="module")
def stores(home: Path) -> Iterator[dict[str, Grown]]:
    """Both stores, built once."""
    with open_data(["small", "large"], SIZES, home, lambda _: None, CHUNK) as found:
        yield found


def count(grown: Grown, query: str) -> int:
    """One number out of a store."""
    with psycopg.connect(grown.owner_url) as owner:
        row = owner.execute(query.encode()).fetchone()
    return int(row[0]) if row else -1


def test_a_store_has_every_case_once(stores: dict[str, Grown]) -> None:
    """Nineteen of twenty are closed, each has one line on a desk, and events without a gap."""
    for name, grown in stores.items():
        assert count(grown, "SELECT count(*) FROM cases") == SIZES[name]
        assert count(grown, "SELECT count(*) FROM desk_lines WHERE NOT closed") == SIZES[name] // 20
        assert count(grown, "SELECT count(DISTINCT case_no) FROM desk_lines") == SIZES[name]
        gaps = "SELECT count(*) FROM (SELECT max(version) - count(*) AS gap FROM case_events GROUP BY case_id) x WHERE gap <> 0"
        assert count(grown, gaps) == 0


def test_leaves_of_a_store_hold(stores: dict[str, Grown]) -> None:
    """Every record of the ledger is a leaf of ours, and so is each column beside it."""
    with psycopg.connect(stores["small"].owner_url) as owner:
        rows = owner.execute(
            "SELECT r.record_id, r.agency_id, r.at, r.kind, r.platform, r.direction, r.service, ARRAY[p.chain_id], r.leaf, r.leaf_hash"
            " FROM exposure_records r JOIN exposure_persons p USING (agency_id, record_id)"
        ).fetchall()
    assert len(rows) > SIZES["small"] // 20
    leaves = [(Leaf(*columns), leaf_hash) for *columns, leaf_hash in rows]
    assert [fault for leaf, leaf_hash in leaves for fault in check_leaf(leaf, leaf_hash)] == []


class StoppedError(Exception):
    """Somebody pressed Ctrl-C."""


def stop_at_first_part(line: str) -> None:
    """A report that ends the build when the first part is in."""
    if "parts" in line:
        raise StoppedError


def test_a_build_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    """What was built stays, only the rest is built, and the indexes are those of the migrations again."""
    with pytest.raises(StoppedError), open_data(["small"], SIZES, tmp_path, stop_at_first_part, CHUNK):
        pass
    told: list[str] = []
    with open_data(["small"], SIZES, tmp_path, told.append, CHUNK) as again:
        assert count(again["small"], "SELECT count(*) FROM cases") == SIZES["small"]
        lost = "SELECT count(*) FROM bench.indexes WHERE to_regclass(name) IS NULL"
        assert count(again["small"], "SELECT count(*) FROM bench.indexes") > 0
        assert count(again["small"], lost) == 0
        assert count(again["small"], "SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
        bare = "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_index x ON x.indrelid = i.inhrelid"
        parts = f"{bare} WHERE i.inhparent = 'acts'::regclass AND NOT x.indisunique AND c.relname <> 'acts_other'"
        assert count(again["small"], parts) >= 2 * 60
    assert not [line for line in told if "1 of 2 parts" in line]
    told.clear()
    with open_data(["small"], SIZES, tmp_path, told.append, CHUNK):
        assert told == []


def test_the_worst_room_is_the_figure(tmp_path: Path, home: Path, stores: dict[str, Grown]) -> None:
    """Every place of the navigation and the sweep are measured on both stores, and the largest ratio is what is told."""
    figure = growth.measure_stores(stores, lambda _: None, rounds=2, seconds=0)
    assert figure.ratio == pytest.approx(max(figure.details.values()))
    assert {
        "sweep",
        "sweep after an outage",
        "counter.show_counter",
        "acts.list_acts",
        "ratings.show_ratings",
    } <= figure.details.keys()
    report = tmp_path / "report.json"
    write_report(report, [figure], "2026-11-25T00:00:00+00:00")
    (written,) = json.loads(report.read_text("utf-8"))["figures"]
    assert {"name", "unit", "better", "ours", "floor", "ratio", "spread", "target", "met"} <= written.keys()


def test_a_figure_is_a_ratio_of_one_run(tmp_path: Path) -> None:
    """Medians are compared, the spread is that of the rounds, and a figure of another run stays in the report."""
    ratio, spread = compare_rounds([2.0, 4.0, 3.0], [1.0, 2.0, 2.0])
    assert (ratio, spread) == (1.5, 0.5)
    old = Figure("old", "s", "lower", 1, 1, 1.0, 0, 1.3)
    new = Figure("new", "per s", "higher", 4, 5, 0.8, 0, 0.85)
    report = tmp_path / "report.json"
    write_report(report, [old], "then")
    write_report(report, [new], "now")
    found = {one["name"]: (one["met"], one["measured_at"]) for one in json.loads(report.read_text("utf-8"))["figures"]}
    assert found == {"old": (True, "then"), "new": (False, "now")}
    assert "NOT MET" in describe(new)
