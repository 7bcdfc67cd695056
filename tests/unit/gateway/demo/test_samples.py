"""Sample papers are whole, inert and each of its own: the counter's judge takes them."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from pypdf import PdfReader

from adapters.file_judge import ProcessJudge
from gateway.demo.journey import StepFailed
from gateway.demo.samples import PAPER, PICTURE, make_sample


@pytest.mark.parametrize("media_type", [PAPER, PICTURE])
def test_the_judge_takes_a_sample(media_type: str) -> None:
    """As what it says it is."""
    assert ProcessJudge().judge(make_sample("proof", [media_type]).content).media_type == media_type


def test_a_sample_can_be_read() -> None:
    """A picture with pixels, a page with its words."""
    picture = Image.open(io.BytesIO(make_sample("portrait", [PICTURE]).content))
    assert picture.size == (24, 24)
    page = PdfReader(io.BytesIO(make_sample("proof", [PAPER, PICTURE]).content), strict=True).pages[0]
    assert page.extract_text().startswith("proof ")


def test_no_two_samples_are_the_same() -> None:
    """A corrected paper is another paper."""
    assert len({make_sample("proof", [kind]).content for kind in (PAPER, PICTURE) for _ in range(3)}) == 6


def test_a_material_that_takes_neither() -> None:
    """The story cannot be played."""
    with pytest.raises(StepFailed, match="proof"):
        make_sample("proof", ["text/plain"])
