"""Reads one picture from standard input and writes it anew to standard output: a process of its own, started by `images`.

A picture that somebody uploads is a program for a decoder written in C. Here that decoder has little memory, little time, no
file to write and nothing of the catalogue in reach, so a bomb costs the site a few seconds at most. This file imports Pillow and
the standard library only: it is started by its path, without the package around it.

Answer: one line of JSON, `{"refused": code}` or `{"width", "height", "sizes": [bytes of the picture, bytes of its thumbnail]}`,
then the two files, one after the other.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FULL_SIDE = 2000
THUMB_SIDE = 480
MOST_PIXELS = 40_000_000
MOST_SIDE = 20_000
# Decoders that keep several copies of the whole picture: 16 bytes a pixel for WebP, 6 for a progressive JPEG, against 4.
MOST_PIXELS_OF = {"WEBP": 12_500_000, "PROGRESSIVE": 25_000_000}
# A JPEG may be drawn in passes over the whole picture: real ones have about ten, a bomb has thousands.
MOST_PASSES = 100
# Address space; the costliest picture within the limits takes 235 MB of it and 1.5 seconds.
MEMORY = 288 * 2**20
SECONDS = 3
STRIP = 2_000_000
EXACT_BYTES = 1_000_000

MAGIC = ((b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF87a", "GIF"), (b"GIF89a", "GIF"))


class Refused(Exception):
    """The picture is not taken; the first argument is the code that `images` has words for."""


def kind_of(data: bytes) -> str | None:
    """Return "PNG", "JPEG", "GIF" or "WEBP" by the first bytes, None for anything else. A file's name says nothing."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), None)


def scaled(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the size whose longest side is `side`; a smaller picture keeps its own."""
    longest = max(width, height)
    if longest <= side:
        return width, height
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def read(data: bytes) -> tuple[Picture, bool]:
    """Return the picture upright, at most twice FULL_SIDE long, and whether it has sharp edges (a drawing, a screen).

    Raises Refused.
    """
    from PIL import Image

    kind = kind_of(data)
    if kind is None:
        raise Refused("kind")
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(io.BytesIO(data), formats=(kind,)) as image:
        _check_header(image, kind, data)
        if kind == "JPEG":
            image.draft(None, (FULL_SIDE, FULL_SIDE))
        image.load()
        turn = image.getexif().get(0x0112)
        small = _reduced(image)
    return _upright(small, turn), kind in ("PNG", "GIF")


def _check_header(image: Picture, kind: str, data: bytes) -> None:
    """Refuse by what the header says, before a single pixel is decoded."""
    pixels = image.width * image.height
    most = MOST_PIXELS_OF.get(kind, MOST_PIXELS)
    if image.info.get("progressive"):
        most = MOST_PIXELS_OF["PROGRESSIVE"]
    if kind == "JPEG" and data.count(b"\xff\xda") > MOST_PASSES:
        raise Refused("work")
    if pixels > most or max(image.size) > MOST_SIDE:
        raise Refused("pixels")


def _reduced(image: Picture) -> Picture:
    """Return the picture in RGB or RGBA, reduced by a whole number to less than twice FULL_SIDE, strip by strip to save memory."""
    from PIL import Image

    mode = "RGBA" if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info else "RGB"
    factor = max(1, max(image.size) // FULL_SIDE)
    width, height = image.size
    target = Image.new(mode, (-(-width // factor), -(-height // factor)))
    rows = max(1, STRIP // width // factor) * factor
    for top in range(0, height, rows):
        strip = _eight_bits(image.crop((0, top, width, min(top + rows, height)))).convert(mode)
        if factor > 1:
            # With its colours weighed by their opacity, so that what was invisible does not bleed into what is seen.
            strip = strip.convert("RGBa").reduce(factor).convert("RGBA") if mode == "RGBA" else strip.reduce(factor)
        target.paste(strip, (0, top // factor))
    return target


def _eight_bits(strip: Picture) -> Picture:
    """Return greys of 16 bits as greys of 8; converting alone would make everything but the darkest white."""
    if not strip.mode.startswith("I"):
        return strip
    return strip.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def _upright(image: Picture, turn: Any) -> Picture:
    """Return the picture as the camera's note on orientation (EXIF, 1 to 8) wants it seen."""
    from PIL.Image import Transpose

    turns = {2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM, 5: Transpose.TRANSPOSE,
             6: Transpose.ROTATE_270, 7: Transpose.TRANSVERSE, 8: Transpose.ROTATE_90}
    return image.transpose(turns[turn]) if turn in turns else image


def encode(image: Picture, side: int, *, sharp: bool) -> tuple[bytes, tuple[int, int]]:
    """Return a WebP file of the pixels alone, and its size: no note, profile or comment of the original is handed on."""
    from PIL import Image

    bare = image.resize(scaled(*image.size, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if bare.mode == "RGBA" and bare.getchannel("A").getextrema() == (255, 255):
        bare = bare.convert("RGB")
    bare.info = {}
    # Drawings and screens of few colours stay exact, their small letters suffer from anything else; unless that takes too many bytes.
    if sharp and bare.getcolors(256) is not None:
        exact = _webp(bare, lossless=True, quality=20, method=0)
        if len(exact) <= EXACT_BYTES:
            return exact, bare.size
    return _webp(bare, quality=85, method=1, use_sharp_yuv=sharp), bare.size


def _webp(image: Picture, **how: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, "WEBP", exif=b"", icc_profile=None, xmp=b"", **how)
    return target.getvalue()


def limit() -> None:
    """Give this process little memory and time, and no file to write."""
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_FSIZE, 0),
                       (resource.RLIMIT_CORE, 0)):
        _soft, hard = resource.getrlimit(what)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (value, value))


def main() -> None:
    """Answer for the picture on standard input."""
    from PIL import GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    limit()
    out = sys.stdout.buffer
    try:
        image, sharp = read(sys.stdin.buffer.read())
        full, size = encode(image, FULL_SIDE, sharp=sharp)
        thumb, _size = encode(image, THUMB_SIDE, sharp=sharp)
    except Refused as error:
        answer, files = {"refused": error.args[0]}, b""
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        answer, files = {"refused": "pixels"}, b""
    except Exception:  # noqa: BLE001  Pillow's decoders raise whatever a broken file makes them raise
        answer, files = {"refused": "broken"}, b""
    else:
        answer, files = {"width": size[0], "height": size[1], "sizes": [len(full), len(thumb)]}, full + thumb
    out.write(json.dumps(answer).encode() + b"\n" + files)


if __name__ == "__main__":
    main()
