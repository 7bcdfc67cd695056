"""Pictures by their content: whole, one, and of bearable size."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image

from adapters.judging.judgement import judge_bytes
from adapters.judging.verdict import MAXIMUM_BYTES, BytesRefusedError
from tests.crafted_files import deflate_zeros, make_chunk, make_pdf, make_picture, make_png


def refuse(content: bytes) -> str:
    """By which rule it is refused."""
    with pytest.raises(BytesRefusedError) as refused:
        judge_bytes(content)
    return refused.value.rule


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (make_picture(), "image/jpeg"),
        (make_picture(progressive=True), "image/jpeg"),
        (make_picture(mode="L"), "image/jpeg"),
        (make_picture(mode="CMYK"), "image/jpeg"),
        (make_picture(exif=b"Exif\0\0broken"), "image/jpeg"),
        (make_picture("PNG"), "image/png"),
        (make_picture("PNG", mode="RGBA"), "image/png"),
        (make_picture("PNG", mode="P"), "image/png"),
    ],
    ids=["jpeg", "progressive", "grey", "cmyk", "exif", "png", "alpha", "palette"],
)
def test_ordinary_pictures_are_read_whole(content: bytes, kind: str) -> None:
    """What cameras and programs write is a picture of its kind, to its last byte."""
    verdict = judge_bytes(content)
    assert (verdict.media_type, verdict.pages, verdict.kept_bytes) == (kind, 1, len(content))


def test_a_picture_of_twelve_million_pixels_is_ordinary() -> None:
    """The photograph of a telephone is taken."""
    assert judge_bytes(make_picture(size=(4000, 3000))).media_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO", "PCX", "TGA"])
def test_other_pictures_are_of_another_type(kind: str) -> None:
    """Only JPEG and PNG are taken, whatever else the decoder could open."""
    assert refuse(make_picture(kind, size=(16, 16))) == "type"


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"MZ\x90",
        b"PK\x03\x04",
        b"\x7fELF",
        b"hello",
        b" %PDF-1.7",
    ],
    ids=["gif", "svg", "exe", "zip", "elf", "text", "late-pdf"],
)
def test_what_is_no_picture_is_of_another_type(content: bytes) -> None:
    """The first bytes must be those of a type that is taken; what the name says does not count."""
    assert refuse(content) == "type"


def test_nothing_is_damaged_and_too_much_is_too_large() -> None:
    """An empty file is damaged; one over the limit is not opened."""
    assert refuse(b"") == "damaged"
    assert refuse(bytes(MAXIMUM_BYTES + 1)) == "size"


def test_a_picture_that_is_cut_is_damaged() -> None:
    """Every shorter beginning of a picture is refused."""
    for whole in (make_picture(size=(40, 30)), make_picture("PNG", size=(40, 30))):
        for length in range(12, len(whole), 7):
            assert refuse(whole[:length]) == "damaged"


def test_a_changed_byte_in_a_png_is_seen() -> None:
    """A PNG with a wrong checksum is damaged."""
    whole = bytearray(make_picture("PNG"))
    whole[40] ^= 1
    assert refuse(bytes(whole)) == "damaged"


def test_a_picture_that_says_that_it_is_huge_is_a_bomb() -> None:
    """Sixty kilobytes that would be 3.6 billion pixels are not decoded; the dimensions are enough."""
    assert refuse(make_png(60_000, 60_000, deflate_zeros(60 * 1024 * 1024))) == "bomb"
    assert refuse(make_png(50_000, 2, zlib.compress(bytes(100_002)))) == "bomb"
    jpeg = bytearray(make_picture())
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    assert refuse(bytes(jpeg)) == "bomb"


def test_a_picture_without_a_size_is_damaged() -> None:
    """A picture of no width is damaged."""
    assert refuse(make_png(0, 5, zlib.compress(bytes(5)))) == "damaged"


def test_a_text_that_unfolds_without_end_is_refused() -> None:
    """A compressed comment in a picture is no way round the limits."""
    text = make_chunk(b"zTXt", b"Comment\0\0" + deflate_zeros(256 * 1024 * 1024))
    assert refuse(make_png(8, 8, zlib.compress(bytes(72)), before=text)) in ("bomb", "damaged")


def test_a_jpeg_of_a_thousand_scans_is_a_bomb() -> None:
    """Each scan of a progressive picture costs the work of a whole one."""
    whole = make_picture(progressive=True)
    start = whole.rindex(b"\xff\xda")
    assert refuse(whole[:-2] + whole[start:-2] * 200 + whole[-2:]) == "bomb"


def test_an_animation_is_no_picture() -> None:
    """A PNG that moves shows something else a second later, and is refused."""
    frames = [Image.new("L", (8, 8), shade) for shade in (0, 255)]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    assert refuse(out.getvalue()) == "type"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_a_telephone_hangs_behind_is_left_out(kind: str) -> None:
    """A second view or a maker's note behind the picture is not part of what is kept."""
    whole = make_picture(kind)
    assert judge_bytes(whole + make_picture() + b"SEFT" + bytes(range(256))).kept_bytes == len(whole)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    "behind",
    [make_pdf(), b"PK\x03\x04 archive PK\x05\x06", b"<HTML><script>", b"MZ program", b"\n\n<?php x"],
    ids=["pdf", "zip", "page", "program", "php"],
)
def test_two_formats_in_one_file_are_refused(kind: str, behind: bytes) -> None:
    """A picture with a document, an archive or a program behind it is two things at once."""
    assert refuse(make_picture(kind) + behind) == "type"


def test_markers_that_do_not_end_are_damaged() -> None:
    """A JPEG whose segments lie about their length, or that begins twice, is damaged."""
    whole = make_picture()
    assert refuse(whole[:4] + b"\0\1" + whole[6:]) == "damaged"
    assert refuse(whole[:2] + whole) == "damaged"
    assert refuse(b"\xff\xd8\xff\xd9") == "damaged"
