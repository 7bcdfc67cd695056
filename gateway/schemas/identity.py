"""Who one is."""

from __future__ import annotations

from gateway.schemas.fields import MASKED_TEXT, PLAIN_TEXT, Choice, Strict, Word
from gateway.schemas.sessions import ASSURANCE

PHONE_MASKED = r"[0-9]{0,3}\*{4}[0-9]{0,4}"


class PhoneRequest(Strict):
    """What the platform gives for its user's phone number."""

    evidence = Word(
        "phone_code", r"[\x20-\x7e]{1,8192}", required=True,
        description="微信：getPhoneNumber 的 code；支付宝：my.getPhoneNumber 的 response（JSON 文本，原样） · "
        "WeChat: code of getPhoneNumber; Alipay: response of my.getPhoneNumber, the JSON text as it came",
    )  # fmt: skip


class PhoneReply(Strict):
    """The number as it may be shown."""

    assurance = Choice("assurance", ASSURANCE)
    phone_masked = Word("phone_masked", PHONE_MASKED)


class RealNameRequest(Strict):
    """Name and identity number; possession is proven by the verified phone, or by a face check."""

    real_name = Word("real_name", PLAIN_TEXT + "{1,50}", required=True, description="姓名 · name as in the register")
    identity_number = Word(
        "identity_number",
        "[1-9][0-9]{16}[0-9Xx]",
        required=True,
        description="公民身份号码，18 位 · identity number, 18 places",
    )
    face_evidence = Word(
        "face_evidence",
        r"[\x21-\x7e]{1,4096}",
        description="人脸核验凭证，可代替本人手机号 · face check; takes the place of one's own phone number",
    )


class RealNameReply(Strict):
    """The level reached."""

    assurance = Choice("assurance", ASSURANCE)
    real_name_masked = Word("real_name_masked", MASKED_TEXT)


class AccountReply(Strict):
    """What is known of the caller, masked."""

    assurance = Choice("assurance", ASSURANCE)
    phone_masked = Word("phone_masked", PHONE_MASKED, allow_none=True)
    real_name_masked = Word("real_name_masked", MASKED_TEXT, allow_none=True)
