"""A mapping changes while the counter serves: what began goes on as it began, what begins is new, and going back is one command."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapters.mapping_files import MAPPINGS_FOLDER
from gateway.cli.mapping import mapping
from gateway.demo.phone import Phone
from tests.journeys.books import require_balance
from tests.journeys.city import City, await_truth
from tests.journeys.errands import send_on_errand, sign_in

PLATFORMS = [("wechat", "gas"), ("alipay", "water")]
WITHIN_SECONDS = 2.0


def command(city: City, *words: object) -> None:
    """One command of the operator; it must succeed."""
    arguments = [str(word) for word in words]
    done = CliRunner().invoke(mapping, [*arguments, "--home", str(city.stack.places.home)])
    assert done.exit_code == 0, done.output


def show(phone: Phone, service: str) -> dict[str, Any]:
    """The service as a citizen sees it in the list."""
    offered = phone.call("GET", "/services")["services"]
    return dict(next(one for one in offered if one["service"] == service))


def await_version(phone: Phone, service: str, version: int) -> None:
    """Within two seconds from now."""
    started = time.monotonic()
    await_truth(lambda: show(phone, service)["version"] == version, 10, f"version {version} is not served")
    assert time.monotonic() - started < WITHIN_SECONDS


def write_next(city: City, service: str, folder: Path) -> tuple[int, int, Path]:
    """The version in force, the next one above any that was, and a file of it with another title and order description."""
    kept = city.read("SELECT max(version) AS highest FROM mapping_versions WHERE service = %s", service)
    present = city.read(
        "SELECT version FROM mapping_events WHERE service = %s AND act IN ('imported', 'published', 'rolled_back')"
        " ORDER BY number DESC LIMIT 1",
        service,
    )
    text = (MAPPINGS_FOLDER / f"{service}.yaml").read_text("utf-8")
    version = int(kept[0]["highest"]) + 1
    text = re.sub(r"(?m)^version: .*$", f"version: {version}", text)
    text = re.sub(r"(?m)^title: .*$", "title: {zh-CN: 新版服务, en: Renewed}", text)
    text = re.sub(r"(?m)^order_description: .*$", "order_description: {zh-CN: 新版公共缴费, en: Renewed payment}", text)
    file = folder / f"{service}.yaml"
    file.write_text(text, "utf-8")
    return int(present[0]["version"]), version, file


def list_versions(city: City, payment_id: str) -> set[int]:
    """The versions under which anything of a payment was seen, by the ledger."""
    rows = city.read("SELECT convert_from(leaf, 'UTF8') AS leaf FROM exposure_records WHERE kind = 'exposure'")
    leaves = [json.loads(row["leaf"]) for row in rows]
    return {leaf["mapping_version"] for leaf in leaves if leaf["subject"] == payment_id}


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_what_began_with_a_version_ends_with_it(city: City, platform: str, utility: str, tmp_path: Path) -> None:
    """An order is open while a new version is published: paid, written off and shown under the old one, whatever is new."""
    service = f"{utility}-bill"
    began, late = send_on_errand(city, platform, utility), send_on_errand(city, platform, utility)
    began.order()
    old, new, file = write_next(city, service, tmp_path)
    command(city, "publish", file, "--reason", "journey")
    await_version(began.phone, service, new)
    assert show(began.phone, service)["title"] == "新版服务"
    city.kill("worker")
    city.start_worker()
    began.pay()
    began.await_state("written_off")
    began.view()
    began.phone.call("GET", f"/payments/{began.payment_id}/receipt")
    late.order_and_pay()
    late.await_state("written_off")
    rows = {
        str(row["payment_id"]): (row["mapping_version"], row["description"])
        for row in city.read("SELECT payment_id, mapping_version, description FROM payments")
    }
    assert rows[began.payment_id][0] == old
    assert rows[began.payment_id][1] != rows[late.payment_id][1]
    assert rows[late.payment_id] == (new, "新版公共缴费")
    assert list_versions(city, began.payment_id) == {old}
    assert list_versions(city, late.payment_id) == {new}
    command(city, "rollback", service, "--reason", "journey")
    await_version(began.phone, service, old)
    require_balance(city, began.payment_id, late.payment_id)


@pytest.mark.parametrize(("platform", "utility"), PLATFORMS)
def test_a_service_that_is_off_takes_nothing_new_and_ends_what_began(city: City, platform: str, utility: str) -> None:
    """Citizens read the operator's sentence; who has an open order still pays it, and the company is told."""
    service, sentence = f"{utility}-bill", "系统维护，请明天再来。"
    began, late = send_on_errand(city, platform, utility), send_on_errand(city, platform, utility)
    began.order()
    command(
        city, "off", service, "--reason", "journey", "--sentence-zh", sentence, "--sentence-en", "Come back tomorrow."
    )
    await_truth(lambda: show(late.phone, service)["off"] == sentence, WITHIN_SECONDS, "it is not off")
    refused = late.ask()
    assert (refused.status, refused.json()["code"], refused.json()["message"]) == (503, "service_off", sentence)
    began.pay()
    began.await_state("written_off")
    command(city, "on", service)
    await_truth(lambda: show(late.phone, service)["off"] is None, WITHIN_SECONDS, "it is still off")
    late.order_and_pay()
    late.await_state("written_off")
    require_balance(city, began.payment_id, late.payment_id)


def test_a_faulty_file_changes_nothing(city: City, tmp_path: Path) -> None:
    """It is told by place, and the version in force goes on."""
    old, _, file = write_next(city, "gas-bill", tmp_path)
    file.write_text(file.read_text("utf-8").replace("kind: bill", "kind: bil"), "utf-8")
    home = str(city.stack.places.home)
    done = CliRunner().invoke(mapping, ["publish", str(file), "--reason", "journey", "--home", home])
    assert done.exit_code == 1
    assert f"{file}:" in done.output
    assert "kind" in done.output
    time.sleep(1.1)
    assert show(sign_in(city, "wechat"), "gas-bill")["version"] == old
