"""PDF files by their content: whole, open, inert and small."""

from __future__ import annotations

import base64
import io
import time
import zlib
from collections.abc import Callable

import pypdf
import pytest
from fpdf import FPDF
from pypdf._codecs._codecs import LzwCodec

from adapters.judging.judgement import judge_bytes
from adapters.judging.streams import Allowance, decode_stream
from adapters.judging.verdict import MAXIMUM_PAGES, BytesRefusedError
from tests.crafted_files import (
    CATALOG,
    DRAWN,
    PAGE,
    deflate_zeros,
    make_bomb,
    make_double_bomb,
    make_flate,
    make_pdf,
    make_picture,
    make_stream,
)


def refuse(content: bytes) -> str:
    """By which rule it is refused."""
    with pytest.raises(BytesRefusedError) as refused:
        judge_bytes(content)
    return refused.value.rule


def write_with(change: Callable[[pypdf.PdfWriter], object]) -> bytes:
    """A good document, changed by pypdf's own writer."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf()))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_ordinary_document_with_a_picture_is_read_whole() -> None:
    """A document of several pages with type and pictures is a PDF of that many pages, to its last byte."""
    page = FPDF()
    for _ in range(3):
        page.add_page()
        page.set_font("helvetica")
        page.cell(text="proof of premises", link="https://example.org/")
        page.image(io.BytesIO(make_picture(size=(300, 200))), 10, 30)
    content = bytes(page.output())
    verdict = judge_bytes(content)
    assert (verdict.media_type, verdict.pages, verdict.kept_bytes) == ("application/pdf", 3, len(content))


def test_object_streams_are_opened_too() -> None:
    """A document whose objects are packed is read like any other."""
    packed = io.BytesIO()
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_pdf()))
    writer.compress_identical_objects()
    writer.write(packed)
    assert judge_bytes(packed.getvalue()).pages == 1


def test_four_gigabytes_in_ten_kilobytes_are_refused_at_once() -> None:
    """A PDF bomb is refused within a second of the processor's time."""
    bomb = make_double_bomb()
    assert len(bomb) < 12_000
    began = time.process_time()
    assert refuse(bomb) == "bomb"
    assert time.process_time() - began < 1


def test_a_stream_is_inflated_no_further_than_the_limit() -> None:
    """Four gigabytes deflated once are refused without being held."""
    assert refuse(make_bomb()) == "bomb"


def test_the_limit_is_of_the_whole_file() -> None:
    """Many streams that are each bearable are not, together."""
    part = make_stream(deflate_zeros(20 * 1024 * 1024), b" /Filter /FlateDecode")
    assert refuse(make_pdf(dict.fromkeys(range(5, 13), part))) == "bomb"


@pytest.mark.parametrize(
    ("data", "entries"),
    [
        (bytes((129, 0)) * 2_000_000, b" /Filter /RunLengthDecode"),
        (bytes(2_000_000), b" /Filter /LZWDecode"),
        (zlib.compress(zlib.compress(b"x")), b" /Filter [/FlateDecode /Fl /FlateDecode]"),
        (b"x", b" /Filter [/ASCIIHexDecode /ASCII85Decode /RunLengthDecode /FlateDecode]"),
    ],
    ids=["run-length", "lzw", "twice", "chain"],
)
def test_other_filters_are_no_way_round(data: bytes, entries: bytes) -> None:
    """No filter, and no chain of filters, unfolds without a limit."""
    assert refuse(make_pdf({4: make_stream(data, entries)})) == "bomb"


def test_an_image_that_says_that_it_is_huge_is_refused() -> None:
    """An image of a few bytes that a screen would have to paint for gigabytes is a bomb, whatever its format."""
    image = make_stream(b"\0", b" /Type /XObject /Subtype /Image /Width 60000 /Height 60000 /Filter /CCITTFaxDecode")
    assert refuse(make_pdf({5: image})) == "bomb"
    jpeg = bytearray(make_picture())
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    lying = make_stream(bytes(jpeg), b" /Type /XObject /Subtype /Image /Width 64 /Height 48 /Filter /DCTDecode")
    assert refuse(make_pdf({5: lying})) == "bomb"


def test_forms_that_draw_forms_that_draw_forms_are_refused() -> None:
    """Ten drawings of ten drawings of ten (…) are counted, not drawn."""
    forms = {
        number: make_flate(
            b"/N Do " * 10, b" /Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /N %d 0 R >> >>" % (number + 1)
        )
        for number in range(10, 20)
    } | {20: make_flate(DRAWN, b" /Type /XObject /Subtype /Form /BBox [0 0 1 1]")}  # fmt: skip
    page = PAGE.replace(b" >>", b" /Resources << /XObject << /N 10 0 R >> >> >>")
    assert refuse(make_pdf({3: page, 4: make_stream(b"/N Do"), **forms})) == "bomb"


def test_a_form_that_draws_itself_is_refused() -> None:
    """A drawing that never ends is a bomb, with its own resources and with the page's."""
    page = PAGE.replace(b" >>", b" /Resources << /XObject << /N 10 0 R >> >> >>")
    own = make_stream(b"/#4e Do", b" /Subtype /Form /Resources << /XObject << /N 10 0 R >> >>")
    assert refuse(make_pdf({3: page, 4: make_stream(b"/N Do"), 10: own})) == "bomb"
    assert (
        refuse(make_pdf({3: page, 4: make_stream(b"/N Do"), 10: make_stream(b"/N Do", b" /Subtype /Form")})) == "bomb"
    )


def test_too_many_pages_are_refused() -> None:
    """A hundred pages are enough for a proof."""
    pages = dict.fromkeys(range(10, 10 + MAXIMUM_PAGES + 1), PAGE)
    tree = b"<< /Type /Pages /Kids [" + b" ".join(b"%d 0 R" % number for number in pages) + b"] >>"
    assert refuse(make_pdf({2: tree, **pages})) == "pages"


def test_a_tree_of_pages_that_bites_its_tail_is_refused() -> None:
    """A tree whose branch is the tree has no end, and one whose branches are the same one grows."""
    assert refuse(make_pdf({2: b"<< /Type /Pages /Kids [2 0 R] >>"})) == "bomb"
    assert refuse(make_pdf({2: b"<< /Type /Pages /Kids [3 0 R 3 0 R] >>"})) == "bomb"


@pytest.mark.parametrize("depth", [100, 5_000, 200_000])
def test_nesting_is_limited(depth: int) -> None:
    """Arrays in arrays in arrays are refused, not followed."""
    assert refuse(make_pdf({5: b"[" * depth + b"]" * depth})) in ("bomb", "damaged")


def test_too_many_objects_are_refused() -> None:
    """A file of sixty thousand empty objects is no document."""
    assert refuse(make_pdf(dict.fromkeys(range(10, 60010), b"null"))) == "bomb"


def test_an_encrypted_document_is_refused() -> None:
    """What a password protects is refused, also by an empty one, for nobody could look into it at the counter."""
    assert refuse(write_with(lambda writer: writer.encrypt("secret", algorithm="AES-256"))) == "encrypted"
    assert refuse(write_with(lambda writer: writer.encrypt("", "owner", algorithm="AES-128"))) == "encrypted"
    assert refuse(make_pdf(trailer=b"/Encrypt << /Filter /Custom >>")) == "encrypted"


ACTIVE = {
    "open-script": {1: CATALOG[:-2] + b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"},
    "open-script-far": {1: CATALOG[:-2] + b"/OpenAction 5 0 R >>", 5: b"<< /S 6 0 R /JS 7 0 R >>", 6: b"/JavaScript", 7: b"(x)"},
    "escaped": {5: b"<< /S /Java#53cript /J#53 (x) >>"},
    "names": {1: CATALOG[:-2] + b"/Names << /JavaScript << /Names [(a) 5 0 R] >> >> >>", 5: b"<< >>"},
    "launch": {5: b"<< /Type /Action /S /Launch /F (cmd.exe) >>"},
    "send": {5: b"<< /S /SubmitForm /F (https://example.org) >>"},
    "open-address": {1: CATALOG[:-2] + b"/OpenAction << /S /URI /URI (https://example.org) >> >>"},
    "turned-page": {3: PAGE[:-2] + b"/AA << /O << /S /URI /URI (https://example.org) >> >> >>"},
    "then": {1: CATALOG[:-2] + b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /URI /URI (x) >> >> >>"},
    "embedded": {5: make_stream(b"MZ", b" /Type /EmbeddedFile")},
    "attached": {5: b"<< /Type /Filespec /F (a.exe) /EF << /F 4 0 R >> >>"},
    "pinned": {5: b"<< /Type /Annot /Subtype /FileAttachment /FS (a) >>"},
    "film": {5: b"<< /Type /Annot /Subtype /RichMedia >>"},
    "xfa": {1: CATALOG[:-2] + b"/AcroForm << /XFA 4 0 R >> >>"},
    "outside": {4: make_stream(b"", b" /F (https://example.org/x)")},
    "deep": {5: b"<< /A [ << /B [ << /S /Launch >> ] >> ] >>"},
}  # fmt: skip


@pytest.mark.parametrize("objects", list(ACTIVE.values()), ids=list(ACTIVE))
def test_what_acts_is_refused(objects: dict[int, bytes]) -> None:
    """Scripts, launching, sending, films, forms with a program, and files inside are refused, however they are written."""
    assert refuse(make_pdf(objects)) == "active"


def test_what_acts_is_found_in_packed_objects() -> None:
    """An action in an object stream that no table names is refused: another reader may find it."""
    hidden = make_flate(b"9 0 << /S /JavaScript /JS (x) >>", b" /Type /ObjStm /N 1 /First 4")
    assert refuse(make_pdf({5: hidden})) == "active"


def test_what_acts_is_found_where_no_table_points() -> None:
    """An action in bytes that the table of objects leaves out is refused."""
    whole = make_pdf()
    assert refuse(whole.replace(b"xref\n", b"% 9 0 obj << /S/#4Caunch >> endobj\nxref\n", 1)) == "active"


@pytest.mark.parametrize("length", [0, 1, 300, 5_000, 60_000])
def test_lzw_is_read_as_another_program_writes_it(length: int) -> None:
    """LZW of any length comes back as what it was, over every change of the width of its codes."""
    data = bytes((one * one // 7) % 251 for one in range(length))
    assert decode_stream(LzwCodec().encode(data), ["/LZWDecode"], Allowance()) == data


def test_an_attached_file_of_another_writer_is_refused() -> None:
    """What pypdf's own writer attaches is found."""
    assert refuse(write_with(lambda writer: writer.add_attachment("a.txt", b"text"))) == "active"


def test_a_link_that_must_be_pressed_may_stay() -> None:
    """A link, a jump at opening and a form to fill in do nothing by themselves."""
    objects = {
        1: CATALOG[:-2] + b"/OpenAction [3 0 R /Fit] /AcroForm << /Fields [] >> >>",
        5: b"<< /Type /Annot /Subtype /Link /A << /S /URI /URI (https://example.org) >> >>",
    }
    assert judge_bytes(make_pdf(objects)).pages == 1


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n%%EOF",
        b"%PDF-9.9" + make_pdf()[8:],
        make_pdf()[:-40],
        make_pdf() + b"PK\x03\x04 something behind",
        make_pdf({2: b"<< /Type /Pages /Kids [] >>"}),
        make_pdf({2: b"null"}),
        make_pdf({4: make_stream(b"not deflated at all", b" /Filter /FlateDecode")}),
        make_pdf({4: make_stream(b"x", b" /Filter /NoSuchFilter")}),
    ],
    ids=["empty", "version", "cut", "behind", "no-pages", "no-tree", "no-zlib", "no-filter"],
)
def test_what_is_not_whole_is_refused(content: bytes) -> None:
    """A document that is cut, broken or followed by something else is damaged."""
    assert refuse(content) == "damaged"


def test_every_filter_is_read_as_others_write_it() -> None:
    """What acts is found behind each filter that unfolds text."""
    script = b"9 0 << /S /JavaScript /JS (x) >>"
    for data, name in (
        (script.hex().encode() + b">", b"/ASCIIHexDecode"),
        (base64.a85encode(script) + b"~>", b"/ASCII85Decode"),
        (b"".join(b"\0" + bytes((one,)) for one in script) + b"\x80", b"/RunLengthDecode"),
        (LzwCodec().encode(script), b"/LZWDecode"),
    ):
        packed = make_stream(data, b" /Type /ObjStm /N 1 /First 4 /Filter " + name)
        assert refuse(make_pdf({5: packed})) == "active", name
