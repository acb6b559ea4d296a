"""Mark an image: a strip with the marks above and below it; the picture itself is not covered."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any, Final

from gsomia.documents.rendition import Rendition
from gsomia.documents.typeset import Marks, strip
from gsomia.errors import DataError

PIXEL_LIMIT: Final = 100_000_000
BYTE_LIMIT: Final = 256 * 1024 * 1024
_FORMATS: Final = ("PNG", "JPEG", "TIFF")
_LEAST: Final = 200
"""Narrowest picture, in pixels, on whose width a mark can be read; a narrower one gets a wider border."""


def _pillow() -> Any:
    try:
        from PIL import Image, ImageOps, PngImagePlugin
    except ImportError as error:
        raise DataError(
            "marking an image needs `pillow`", hint="install gsomia with its `[documents]` extra"
        ) from error
    return Image, ImageOps, PngImagePlugin


def _opened(data: bytes) -> Any:
    """The one picture of an image, read to its end.

    Raises:
        DataError: another format, several pictures, too large, or broken.
    """
    image_module = _pillow()[0]
    if len(data) > BYTE_LIMIT:
        raise DataError(f"the image is longer than {BYTE_LIMIT} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of size on its own; the check below is ours
            picture = image_module.open(io.BytesIO(data), formats=_FORMATS)
            if picture.width * picture.height > PIXEL_LIMIT:
                raise DataError(f"the image has more than {PIXEL_LIMIT} pixels")
            if getattr(picture, "n_frames", 1) != 1:
                raise DataError("the image holds several pictures", hint="mark each by itself")
            picture.load()
    except DataError:
        raise
    except image_module.UnidentifiedImageError as error:  # its text names an object in memory
        raise DataError("the image is broken: it is no PNG, JPEG or TIFF") from error
    except (OSError, ValueError, SyntaxError, MemoryError, image_module.DecompressionBombError) as error:
        raise DataError(f"the image is broken: {error!s:.160}") from error
    return picture


def inspect_image(data: bytes) -> tuple[str, ...]:
    """Look an image over.

    Args:
        data: a PNG, JPEG or TIFF.

    Returns:
        Remarks on what a person should know.

    Raises:
        DataError: another format, several pictures, too large, broken, or of values that no marked copy can show.
    """
    picture = _opened(data)
    _drawn(picture)
    return ("marks inside a picture cannot be read",)


def _drawn(picture: Any) -> Any:
    """A picture's pixels in eight bits a colour, on white where it is transparent.

    Raises:
        DataError: its values have no range that says what is black and what is white.
    """
    image_module, operations, _ = _pillow()
    upright = operations.exif_transpose(picture)
    if upright.mode.startswith("I;16"):
        return upright.convert("I").point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    if upright.mode in ("I", "F"):
        raise DataError(
            f"the image has values of 32 bits ({upright.mode}), which say nothing of black and white",
            hint="save it with 8 or 16 bits a colour",
        )
    if upright.has_transparency_data:
        above = upright.convert("RGBA")
        paper = image_module.new("RGBA", above.size, "white")
        return image_module.alpha_composite(paper, above).convert("RGB")
    return upright.convert("RGB")


def mark_image(data: bytes, marks: Marks, properties: Mapping[str, str]) -> Rendition:
    """Make a rendition of an image with the marks in a border.

    The rendition is a PNG with the picture's pixels in eight bits a colour, on white where it is transparent, and our
    text fields; all other metadata (place, camera) stays behind.

    Args:
        data: a PNG, JPEG or TIFF of one picture; it is not changed.
        marks: the lines above and below.
        properties: text fields of the PNG, such as the label as text.

    Raises:
        DataError: as `inspect_image`.
    """
    image_module, _, png = _pillow()
    pixels = _drawn(_opened(data))
    try:
        width = max(pixels.width, _LEAST)
        above = image_module.open(io.BytesIO(strip(marks.top, width, marks.color))).convert("RGB")
        below = image_module.open(io.BytesIO(strip(marks.bottom, width, marks.color))).convert("RGB")
        canvas = image_module.new("RGB", (above.width, above.height + pixels.height + below.height), "white")
        canvas.paste(above, (0, 0))
        canvas.paste(pixels, ((above.width - pixels.width) // 2, above.height))
        canvas.paste(below, (0, above.height + pixels.height))
        fields = png.PngInfo()
        for key, value in properties.items():
            fields.add_itxt(key, value)
        out = io.BytesIO()
        canvas.save(out, "PNG", pnginfo=fields)
    except (OSError, ValueError, MemoryError) as error:
        raise DataError(f"the image cannot be marked: {error!s:.160}") from error
    return Rendition.of(data, out.getvalue(), 1)
