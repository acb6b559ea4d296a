"""Renditions of images."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rendering import LABEL, MARKS, checked, image_module

from gsomia.documents import mark_image
from gsomia.errors import DataError


def picture(size: tuple[int, int] = (320, 240), kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    image_module.new("RGB", size, (10, 200, 10)).save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_an_image_gets_a_border_and_loses_nothing(kind: str) -> None:
    source = picture(kind=kind)
    made = checked(source, mark_image(source, MARKS, LABEL))
    found = image_module.open(io.BytesIO(made.data))
    assert (found.format, found.width >= 320, found.height > 240 + 20) == ("PNG", True, True)
    assert found.info["gsomia-label"] == LABEL["gsomia-label"]
    inside = found.getcolors(100000)
    assert max(inside)[1][1] > 180
    assert sum(count for count, color in inside if color[1] > 180 and color[0] < 60) >= 320 * 240
    assert mark_image(source, MARKS, LABEL).data == made.data


def pixels(source: Any, kind: str) -> set[Any]:
    """The colours of the middle of a marked image."""
    out = io.BytesIO()
    source.save(out, kind)
    made = image_module.open(io.BytesIO(mark_image(out.getvalue(), MARKS, {}).data))
    middle = made.height // 2
    return {made.getpixel((made.width // 2 + offset, middle)) for offset in (-20, 20)}


def test_what_is_transparent_stands_on_white() -> None:
    clear = image_module.new("RGBA", (300, 300), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (150, 0, 300, 300))
    assert pixels(clear, "PNG") == {(255, 255, 255), (0, 0, 0)}
    assert pixels(clear.convert("LA"), "PNG") == {(255, 255, 255), (0, 0, 0)}
    half = image_module.new("RGBA", (300, 300), (0, 0, 0, 128))
    assert pixels(half, "PNG") == {(127, 127, 127)}


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_a_colour_are_scaled(kind: str) -> None:
    deep = image_module.frombytes("I;16", (300, 300), (b"\x00\x10" * 150 + b"\xff\xff" * 150) * 300)
    assert pixels(deep, kind) == {(15, 15, 15), (255, 255, 255)}


def test_values_without_a_range_are_refused() -> None:
    for mode in ("I", "F"):
        out = io.BytesIO()
        image_module.new(mode, (9, 9), 70000).save(out, "TIFF")
        with pytest.raises(DataError, match="say nothing of black and white"):
            mark_image(out.getvalue(), MARKS, {})


def test_bad_images() -> None:
    gif = io.BytesIO()
    image_module.new("P", (9, 9)).save(gif, "GIF")
    frames = io.BytesIO()
    image_module.new("RGB", (9, 9)).save(frames, "TIFF", save_all=True, append_images=[image_module.new("RGB", (9, 9))])
    bomb = bytearray(picture((1, 1)))
    bomb[16:24] = (60000).to_bytes(4, "big") * 2
    for bad in (b"", b"x" * 100, picture()[:200], gif.getvalue(), frames.getvalue(), bytes(bomb)):
        with pytest.raises(DataError):
            mark_image(bad, MARKS, LABEL)
