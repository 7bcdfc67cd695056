"""Printed documents: in embedded Chinese type, signed so that poppler agrees, and broken by one changed byte."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
import segno
from asn1crypto.pem import unarmor
from asn1crypto.x509 import Certificate
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from adapters.printing.letter import CODE_SIDE
from adapters.printing.printer import SealedPrinter
from adapters.printing.seals import find_seal, make_demo_seals
from services.case_ports import Letter
from services.errors import ConfigurationFault

AT = datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
ORGAN, CITY = "演示市市场监督管理局", "演示市政务服务中心"
SLIP = "https://counter.example.gov.cn/v/" + "0oRNogEnBEgBdJGmVPHwnKBYhKUBanp3LmV4YW1wbGUE" * 5
LETTER = Letter(
    "correction", "补正告知书", "110000202602100000011-BZ1", "演示长风科技有限公司",
    ("经审查，申请材料不齐全或者不符合法定形式，现一次告知需要补正的全部内容如下：", "请于2026年3月31日前补正。"),
    (("住所证明", "影印件不清晰"), ("公司章程", "未签署")), ORGAN, date(2026, 3, 16), SLIP, "Please correct what is named above.",
)  # fmt: skip
CERTIFICATE = replace(
    LETTER, kind="certificate", title="经营许可证", number="SYXK110000202602100000011", paragraphs=("准予王𠮷经营。",),
    lines=(("名称", "王𠮷"), ("有效期", "长期")),
)  # fmt: skip
poppler = pytest.mark.poppler


@pytest.fixture(scope="module")
def seals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seals of a city and of an organ."""
    folder = tmp_path_factory.mktemp("seals")
    make_demo_seals(folder, [CITY, ORGAN], AT - timedelta(days=30))
    return folder


@pytest.fixture(scope="module")
def printer(seals: Path) -> SealedPrinter:
    return SealedPrinter(seals)


@pytest.fixture(scope="module")
def letter(printer: SealedPrinter) -> bytes:
    return printer.print(LETTER, AT)


@pytest.fixture(scope="module")
def certificate(printer: SealedPrinter) -> bytes:
    return printer.print(CERTIFICATE, AT)


@pytest.fixture(params=["letter", "certificate"])
def document(request: pytest.FixtureRequest) -> bytes:
    """Each kind of page in turn."""
    return bytes(request.getfixturevalue(request.param))


def judge(document: bytes, folder: Path) -> str:
    """What poppler says of the signatures in a document."""
    path = folder / "judged.pdf"
    path.write_bytes(document)
    done = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


@poppler
def test_poppler_accepts_the_signature(document: bytes, tmp_path: Path) -> None:
    """The program pdfsig finds one valid PAdES signature by the organ over the whole document, at the moment of the clock port."""
    said = judge(document, tmp_path)
    assert "Signature is Valid" in said
    assert "ETSI.CAdES.detached" in said
    assert "Total document signed" in said
    assert f"O={ORGAN}" in said
    assert said.count("Signature #") == 1
    assert "Mar 16 2026" in said


@poppler
def test_one_changed_byte_breaks_it(document: bytes, tmp_path: Path) -> None:
    """Wherever a byte of what is signed is changed, the signature does not hold."""
    begin = document.index(b"/Contents <")
    for place in (20, begin // 3, begin // 2, begin - 40, len(document) - 30):
        changed = document[:place] + bytes([document[place] ^ 1]) + document[place + 1 :]
        assert "Signature is Valid" not in judge(changed, tmp_path)


def test_the_chain_leads_to_the_authority(document: bytes, seals: Path) -> None:
    """Whoever trusts the authority of the seals trusts the document: B-B, intact, from a certificate for signing."""
    root = Certificate.load(unarmor((seals / "authority.crt").read_bytes())[2])
    signature = PdfFileReader(io.BytesIO(document)).embedded_signatures[0]
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root], moment=AT))
    assert status.bottom_line
    assert status.intact
    assert status.valid
    assert status.trusted
    assert signature.signer_cert.subject.native["organization_name"] == ORGAN


def test_the_text_can_be_read_and_searched(certificate: bytes) -> None:
    """Names, also rare ones, stand in the document as text in embedded fonts, its language is Chinese."""
    reader = pypdf.PdfReader(io.BytesIO(certificate))
    text = reader.pages[0].extract_text()
    assert "王𠮷" in text
    assert "经营许可证" in text.replace(" ", "")
    root: Any = reader.root_object
    assert root["/Lang"] == "zh-CN"
    resources: Any = reader.pages[0]["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]
    descendants = [font["/DescendantFonts"][0].get_object() for font in fonts]
    assert all("/FontFile2" in one["/FontDescriptor"].get_object() for one in descendants)
    assert all("/ToUnicode" in font for font in fonts)
    assert b"pdfaid:part>2<" in certificate


def test_the_same_letter_is_the_same_file(printer: SealedPrinter, letter: bytes, certificate: bytes) -> None:
    """Printed twice at the same moment it is the same octets, so that a job that starts again keeps no second file."""
    assert printer.print(LETTER, AT) == letter
    assert printer.print(CERTIFICATE, AT) == certificate
    assert printer.print(LETTER, AT + timedelta(seconds=1)) != letter


def test_a_certificate_is_one_page_and_a_letter_as_long_as_it_must(printer: SealedPrinter, certificate: bytes) -> None:
    """Fifty corrections run over several numbered pages; a certificate with many lines is set smaller, and refused where nothing helps."""
    assert len(pypdf.PdfReader(io.BytesIO(certificate)).pages) == 1
    long = replace(LETTER, lines=tuple((f"材料{number}", "图像不清晰，请重新上传。" * 6) for number in range(50)))
    pages = pypdf.PdfReader(io.BytesIO(printer.print(long, AT))).pages
    assert len(pages) > 4
    assert f"共 {len(pages)} 页" in pages[-1].extract_text()
    assert "材料49" in "".join(page.extract_text() for page in pages)
    many = replace(CERTIFICATE, lines=tuple((f"项目{number}", "内容" * 8) for number in range(16)))
    assert len(pypdf.PdfReader(io.BytesIO(printer.print(many, AT))).pages) == 1
    with pytest.raises(ConfigurationFault, match="more text"):
        printer.print(replace(CERTIFICATE, lines=tuple((f"项目{number}", "内容" * 40) for number in range(40))), AT)


@poppler
def test_the_code_on_paper_is_the_slip(letter: bytes, tmp_path: Path) -> None:
    """Every module of the printed code has the colour that the standard gives the slip's text."""
    path = tmp_path / "letter.pdf"
    path.write_bytes(letter)
    subprocess.run(
        ["pdftoppm", "-r", "300", "-png", "-gray", "-singlefile", str(path), str(tmp_path / "page")],
        check=True,
        timeout=60,
    )
    rows = [list(row) for row in segno.make_qr(SLIP, error="m").matrix_iter(border=0)]
    with Image.open(tmp_path / "page.png") as page:
        pixels = page.convert("L")
        left, top = find_code(pixels)
        step = CODE_SIDE / 25.4 * 300 / (len(rows) + 8)
        seen = [
            [pixels.getpixel((int(left + (column + 0.5) * step), int(top + (row + 0.5) * step))) < 128 for column in range(len(rows))]  # type: ignore[operator] # grey
            for row in range(len(rows))
        ]  # fmt: skip
    assert seen == [[bool(dark) for dark in row] for row in rows]


def find_code(page: Image.Image) -> tuple[int, int]:
    """The upper left corner of the code: the first black of the lower left quarter."""
    wide, high = page.size
    quarter = page.crop((0, high // 2, wide // 3, int(high * 0.9)))
    dark = quarter.point([255 if grey < 40 else 0 for grey in range(256)])
    box = dark.getbbox()
    assert box is not None
    return box[0], box[1] + high // 2


def test_a_letter_is_signed_by_its_organ_or_by_the_default_seal(seals: Path) -> None:
    """Each organ has its own seal; where it has none the default one signs, and says whose it is."""
    assert find_seal(seals, ORGAN, AT).organ == ORGAN
    assert find_seal(seals, "演示市民政局", AT).organ == CITY


def test_without_a_seal_nothing_is_printed(tmp_path: Path) -> None:
    """No folder, no seal, a missing or open key, a foreign key, an expired certificate: a clear fault that names what is wrong."""
    with pytest.raises(ConfigurationFault, match="GUITAI_SEALS"):
        SealedPrinter(None).print(LETTER, AT)
    with pytest.raises(ConfigurationFault, match="no seal"):
        SealedPrinter(tmp_path).print(LETTER, AT)
    make_demo_seals(tmp_path, [ORGAN], AT)
    printer, key = SealedPrinter(tmp_path), tmp_path / "default.key"
    with pytest.raises(ConfigurationFault, match="not valid"):
        printer.print(LETTER, AT + timedelta(days=4000))
    key.chmod(0o640)
    with pytest.raises(ConfigurationFault, match="0600"):
        printer.print(LETTER, AT)
    make_demo_seals(tmp_path / "other", [ORGAN], AT)
    key.unlink()
    with pytest.raises(ConfigurationFault, match="no seal"):
        printer.print(LETTER, AT)
    (tmp_path / "other" / "default.key").rename(key)
    with pytest.raises(ConfigurationFault, match="not that of its certificate"):
        printer.print(LETTER, AT)


def test_seals_are_made_once(tmp_path: Path) -> None:
    """A second start keeps the seals, and adds that of a new organ under the same authority; keys are for their owner alone."""
    assert make_demo_seals(tmp_path, [CITY, ORGAN], AT) == ["default", "seal-002"]
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert make_demo_seals(tmp_path, [CITY, ORGAN], AT) == []
    assert make_demo_seals(tmp_path, [CITY, ORGAN, "演示市民政局"], AT) == ["seal-003"]
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_a_name_in_no_font_is_refused(printer: SealedPrinter) -> None:
    """A name with a character that cannot be set is not printed with a box, and the fault does not tell the name."""
    with pytest.raises(ConfigurationFault, match="GUITAI_RARE_TYPEFACE") as refused:
        printer.print(replace(LETTER, addressee="王\U0002ebf0"), AT)
    assert "王" not in str(refused.value)
