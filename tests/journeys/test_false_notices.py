"""Notices that are not what they say: each gets the fixed refusal, has no effect, and asks nobody on the network."""

from __future__ import annotations

import pytest

from tests.journeys.books import require_balance
from tests.journeys.city import City
from tests.journeys.errands import Errand, send_on_errand
from tests.journeys.letters import Letter, catch_letter, deliver, is_accepted, is_refused

ACCOUNTS = [("wechat", "gas"), ("wechat", "water"), ("alipay", "gas"), ("alipay", "water")]
UNKNOWN_ORDER = {"out_trade_no": "0123456789abcdef0123456789abcdef"}
SIGNATURE_HEADERS = ("Wechatpay-Serial", "Wechatpay-Signature", "Wechatpay-Timestamp", "Wechatpay-Nonce")


def pay_unheard(city: City, platform: str, utility: str) -> Errand:
    """A paid order whose true notice is lost."""
    errand = send_on_errand(city, platform, utility)
    city.arrange(platform, "notice", "no_notice")
    errand.order_and_pay()
    return errand


def finish(errand: Errand) -> None:
    """Nothing that was delivered had an effect; then the platform's own answer ends it well."""
    assert errand.events() == ["payment_intended", "order_placed"]
    errand.city.pass_time(31)
    errand.await_state("written_off")
    require_balance(errand.city, errand.payment_id)


def refuse(errand: Errand, what: str, letter: Letter, *, status: int = 400, account: str | None = None) -> None:
    """The letter is refused with the fixed body, leaves no trace in the payment, and nothing went to a platform."""
    city, before = errand.city, len(errand.city.received())
    address = account or str(errand.numbers["account"])
    reply = deliver(city, letter, address)
    assert is_refused(reply, address.partition("-")[2], status), (what, reply.status, reply.body)
    assert len(city.received()) == before, what
    assert errand.events() == ["payment_intended", "order_placed"], what


def change_byte(letter: Letter) -> Letter:
    """The same letter with one byte of its body changed."""
    middle = len(letter.body) // 2
    other = b"7" if letter.body[middle : middle + 1] != b"7" else b"8"
    return Letter(letter.headers, letter.body[:middle] + other + letter.body[middle + 1 :])


@pytest.mark.parametrize(("platform", "utility"), ACCOUNTS)
def test_what_is_not_signed_by_the_platform_is_refused(city: City, platform: str, utility: str) -> None:
    """Forged, unsigned, or changed by one byte: the fixed refusal, without effect."""
    errand = pay_unheard(city, platform, utility)
    refuse(errand, "forged", catch_letter(errand, action="forge"))
    refuse(errand, "unsigned", catch_letter(errand, action="unsigned"))
    refuse(errand, "changed", change_byte(catch_letter(errand)))
    finish(errand)


@pytest.mark.parametrize(("platform", "utility"), ACCOUNTS)
def test_what_is_addressed_to_somebody_else_is_refused(city: City, platform: str, utility: str) -> None:
    """Signed for one merchant and sent to the other's address, to the other platform's, to no one's; about a strange order."""
    errand = pay_unheard(city, platform, utility)
    company, other = {"gas": "water", "water": "gas"}[utility], {"wechat": "alipay", "alipay": "wechat"}[platform]
    letter = catch_letter(errand)
    refuse(errand, "the other merchant", letter, account=f"{company}-{platform}")
    refuse(errand, "the other platform", letter, account=f"{utility}-{other}")
    assert deliver(city, letter, "no-such-account").status == 404
    assert deliver(city, letter, f"{errand.numbers['account']}?x=1").status == 400
    order = {"plain": UNKNOWN_ORDER} if platform == "wechat" else {"fields": UNKNOWN_ORDER}
    refuse(errand, "an unknown order", catch_letter(errand, **order))
    finish(errand)


@pytest.mark.parametrize(
    ("utility", "names"), [("gas", ("sp_appid", "sp_mchid", "sub_mchid")), ("water", ("appid", "mchid"))]
)
def test_a_wrong_addressee_inside_wechat_s_notice(city: City, utility: str, names: tuple[str, ...]) -> None:
    """App, merchant, provider and sub-merchant inside the encrypted part must be ours, each by itself, in both modes."""
    errand = pay_unheard(city, "wechat", utility)
    for name in names:
        refuse(errand, name, catch_letter(errand, plain={name: "wx0000000000000000"}))
        refuse(errand, name, catch_letter(errand, plain={name: None}))
    finish(errand)


@pytest.mark.parametrize("utility", ["gas", "water"])
def test_what_else_alipay_s_notice_may_get_wrong(city: City, utility: str) -> None:
    """Another app, another seller, an empty signature, a date long gone: refused in key and in certificate mode."""
    errand = pay_unheard(city, "alipay", utility)
    for action in ("wrong_app", "wrong_seller", "empty_sign", "stale"):
        refuse(errand, action, catch_letter(errand, action=action))
    other_mode = {"gas": "certificate", "water": "key"}[utility]
    refuse(errand, "the other mode's key", catch_letter(errand, mode=other_mode))
    finish(errand)


@pytest.mark.parametrize("utility", ["gas", "water"])
def test_what_else_wechat_s_notice_may_get_wrong(city: City, utility: str) -> None:
    """An unknown serial, one that is no number, a signature of long ago: refused, and no certificate is asked for."""
    errand = pay_unheard(city, "wechat", utility)
    for action in ("unknown_serial", "not_hex_serial", "stale_signature"):
        refuse(errand, action, catch_letter(errand, action=action))
    finish(errand)


@pytest.mark.parametrize("utility", ["gas", "water"])
def test_wechat_s_own_probe_is_refused(city: City, utility: str) -> None:
    """A signature that begins with WECHATPAY/SIGNTEST/ is WeChat's test whether we verify; it expects a refusal."""
    errand = pay_unheard(city, "wechat", utility)
    refuse(errand, "probe", catch_letter(errand, action="probe"), status=401)
    finish(errand)


@pytest.mark.parametrize("utility", ["gas", "water"])
def test_a_replay_after_300_seconds_is_refused(city: City, utility: str) -> None:
    """The same bytes are good for less than 300 seconds, never longer."""
    errand = pay_unheard(city, "wechat", utility)
    letter = catch_letter(errand)
    city.kill("worker")
    try:
        city.pass_time(301)
        refuse(errand, "replay", letter)
        assert is_accepted(deliver(city, catch_letter(errand), errand.numbers["account"]), "wechat")
    finally:
        city.start_worker()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), ACCOUNTS)
def test_a_replay_of_what_was_accepted_changes_nothing(city: City, platform: str, utility: str) -> None:
    """Within the time, the same bytes again are a duplicate: acknowledged, without effect."""
    errand = pay_unheard(city, platform, utility)
    letter, account = catch_letter(errand), errand.numbers["account"]
    assert is_accepted(deliver(city, letter, account), platform)
    errand.await_state("written_off")
    events = errand.events()
    assert is_accepted(deliver(city, letter, account), platform)
    city.await_quiet()
    assert errand.events() == events
    require_balance(city, errand.payment_id)


@pytest.mark.parametrize(("platform", "utility"), ACCOUNTS[:2] + ACCOUNTS[3:])
def test_a_wrong_amount_is_not_believed(city: City, platform: str, utility: str) -> None:
    """A well-signed notice with another amount has the platform asked, and its own answer decides."""
    errand = pay_unheard(city, platform, utility)
    deliver(city, catch_letter(errand, action="wrong_amount"), errand.numbers["account"])
    city.converge([errand.payment_id])
    assert errand.state() == "written_off"
    assert "amount_disputed" in errand.events()
    require_balance(city, errand.payment_id)


def test_a_header_that_is_missing_or_changed(city: City) -> None:
    """Each of WeChat's four headers is needed, and each is covered."""
    errand = pay_unheard(city, "wechat", "gas")
    letter = catch_letter(errand)
    for header in SIGNATURE_HEADERS:
        name = next(one for one in letter.headers if one.lower() == header.lower())
        refuse(errand, name, Letter({k: v for k, v in letter.headers.items() if k != name}, letter.body))
        refuse(errand, name, letter.with_header(name, ""))
        first = "1" if letter.headers[name][0] == "0" else "0"
        refuse(errand, name, letter.with_header(name, first + letter.headers[name][1:]))
    finish(errand)


def test_a_body_over_the_limit(city: City) -> None:
    """A notice as large as a film is not read to its end."""
    errand = pay_unheard(city, "wechat", "gas")
    letter = catch_letter(errand)
    reply = deliver(city, Letter(letter.headers, letter.body + b" " * 300_000), errand.numbers["account"])
    assert reply.status == 413
    finish(errand)
