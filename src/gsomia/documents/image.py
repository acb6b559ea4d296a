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


def mark_image(data: bytes, marks: Marks, properties: Mapping[str, str]) -> Rendition:
    """Make a rendition of an image with the marks in a border.

    The rendition is a PNG with the picture's pixels and our text fields; all other metadata (place, camera) stays
    behind.

    Args:
        data: a PNG, JPEG or TIFF of one picture; it is not changed.
        marks: the lines above and below.
        properties: text fields of the PNG, such as the label as text.

    Raises:
        DataError: another format, several pictures, too large, or broken.
    """
    image_module, operations, png = _pillow()
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
        pixels = operations.exif_transpose(picture).convert("RGB")
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
    except DataError:
        raise
    except (OSError, ValueError, SyntaxError, MemoryError, image_module.DecompressionBombError) as error:
        raise DataError(f"the image cannot be marked: {error!s:.160}") from error
    return Rendition.of(data, out.getvalue(), 1)
