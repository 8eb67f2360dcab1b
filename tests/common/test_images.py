"""Uploaded pictures: made anew, or refused with a reason; cheap to refuse."""

from __future__ import annotations

import io
import resource
import signal
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from pictures import BLUE, RED, encoded, halves
from PIL import Image, ImageOps, PngImagePlugin

from ckanext.participation.common import image_process, images

pytestmark = pytest.mark.usefixtures("with_request_context")

EVIL = b"<script>alert('here')</script><?php system($_GET[0]); ?>"
ORIENTATION, GPS = 0x0112, 0x8825


def seen(picture: images.Picture) -> Image.Image:
    """What a reader's browser gets."""
    assert images.image_process.kind_of(picture.full) == "WEBP"
    assert images.image_process.kind_of(picture.thumb) == "WEBP"
    image = Image.open(io.BytesIO(picture.full))
    assert image.size == (picture.width, picture.height)
    return image


def near(pixel: Any, colour: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(one - other) <= by for one, other in zip(pixel, colour, strict=True))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, rows: bytes = b"") -> bytes:
    """A PNG file by hand: what Pillow will not write."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def refusal(data: bytes) -> str:
    with pytest.raises(images.ImageRefused) as error:
        images.read(data)
    assert len(error.value.words) > 20
    return error.value.code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_comes_back_with_what_it_shows(kind: str) -> None:
    image = seen(images.read(encoded(halves(), kind))).convert("RGB")
    assert image.size == (120, 80)
    assert near(image.getpixel((10, 40)), RED, 25)
    assert near(image.getpixel((110, 40)), BLUE, 25)


def test_a_large_picture_becomes_2000_pixels_long_and_its_thumbnail_480() -> None:
    picture = images.read(encoded(halves((5000, 3000)), "JPEG"))
    assert seen(picture).size == (2000, 1200)
    assert Image.open(io.BytesIO(picture.thumb)).size == (480, 288) == images.thumb_size(2000, 1200)


def test_a_small_picture_is_not_blown_up() -> None:
    picture = images.read(encoded(halves((40, 20)), "PNG"))
    assert (picture.width, picture.height) == (40, 20) == Image.open(io.BytesIO(picture.thumb)).size


def test_a_line_of_one_pixel_stays_a_line() -> None:
    picture = images.read(encoded(Image.new("RGB", (9000, 1), RED), "PNG"))
    assert (picture.width, picture.height) == (2000, 1)


@pytest.mark.parametrize(("kind", "turn"), [*(("JPEG", turn) for turn in range(1, 9)), ("PNG", 6), ("WEBP", 6)])
def test_a_turned_photograph_stands_upright(kind: str, turn: int) -> None:
    notes = Image.Exif()
    notes[ORIENTATION] = turn
    data = encoded(halves(), kind, exif=notes)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    image = seen(images.read(data)).convert("RGB")
    assert image.size == expected.size
    corners = [(5, 5), (image.width - 5, 5), (5, image.height - 5), (image.width - 5, image.height - 5)]
    assert all(near(image.getpixel(corner), expected.getpixel(corner), 30) for corner in corners)


def test_a_large_turned_photograph_stands_upright_too() -> None:
    notes = Image.Exif()
    notes[ORIENTATION] = 6
    image = seen(images.read(encoded(halves((4800, 3200)), "JPEG", exif=notes))).convert("RGB")
    assert image.size == (1333, 2000)
    assert near(image.getpixel((600, 10)), RED, 25)
    assert near(image.getpixel((600, 1990)), BLUE, 25)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_place_the_camera_and_every_other_note_are_gone(kind: str) -> None:
    notes = Image.Exif()
    notes[0x010F], notes[0x9286] = "Secret camera", "Secret remark"
    notes.get_ifd(GPS).update({1: "N", 2: (45.0, 30.0, 12.0), 3: "W", 4: (73.0, 34.0, 5.0)})
    options: dict[str, Any] = {"exif": notes, "icc_profile": b"Secret profile" * 20}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Author", "Secret author")
        options["pnginfo"].add_text("Comment", "Secret comment", zip=True)
    else:
        options["xmp"] = b"<x:xmpmeta>Secret packet</x:xmpmeta>"
    if kind == "JPEG":
        options["comment"] = b"Secret comment"
    data = encoded(halves(), kind, **options)
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(GPS), "the test's own file has a place"
    picture = images.read(data)
    image = seen(picture)
    image.load()
    assert dict(image.getexif()) == {}
    assert {"exif", "icc_profile", "xmp", "comment", "Author", "Comment"} & set(image.info) == set()
    for file in (picture.full, picture.thumb):
        assert [name for name in (b"EXIF", b"Exif", b"ICCP", b"XMP ", b"Secret", b"GPS") if name in file] == []


def zip_file() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("shell.php", EVIL)
    return target.getvalue()


def gif_that_is_a_script() -> bytes:
    """A GIF whose first bytes are JavaScript too: `GIF89a/*` … the picture … `*/=1;alert()`."""
    data = bytearray(encoded(Image.new("P", (0x2A2F, 2)), "GIF", comment=b"."))
    assert bytes(data[:8]) == b"GIF89a/*"
    return bytes(data) + b"*/=1;" + EVIL


POLYGLOTS = {
    "a GIF that is a script": gif_that_is_a_script,
    "a GIF with a script in its comment": lambda: encoded(halves().quantize(), "GIF", comment=EVIL),
    "a JPEG that is a ZIP": lambda: encoded(halves(), "JPEG") + zip_file(),
    "a JPEG with PHP in its comment": lambda: encoded(halves(), "JPEG", comment=EVIL),
    "a PNG that is a page": lambda: encoded(halves(), "PNG") + b"<html>" + EVIL,
    "a PNG with a script in a chunk": lambda: png(8, 8, rows=bytes(25 * 8)).replace(b"\x00\x00\x00\x00IEND", chunk(b"evIl", EVIL) + b"\x00\x00\x00\x00IEND"),
    "a WebP that is a page": lambda: encoded(halves(), "WEBP", xmp=EVIL) + EVIL,
}


@pytest.mark.parametrize("name", sorted(POLYGLOTS))
def test_of_a_file_that_is_two_things_only_the_pixels_are_left(name: str) -> None:
    data = POLYGLOTS[name]()
    assert b"alert" in data or b"shell.php" in data
    picture = images.read(data)
    seen(picture)
    for file in (picture.full, picture.thumb):
        assert [word for word in (b"script", b"<?php", b"alert", b"PK\x03\x04", b"shell", b"html", EVIL[:12]) if word in file] == []
        riff = int.from_bytes(file[4:8], "little") + 8
        assert riff == len(file), "nothing stands behind the picture"


OTHERS = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "svg with a header": b'<?xml version="1.0"?><svg/>',
    "pdf": b"%PDF-1.7\n1 0 obj\n", "html": b"<!doctype html><script>alert(1)</script>", "zip": zip_file(), "text": b"GIF 89a", "zeros": bytes(100),
    "tiff": encoded(halves(), "TIFF"), "bmp": encoded(halves(), "BMP"), "ico": encoded(halves(), "ICO"), "eps": encoded(halves(), "EPS"),
    "jpeg 2000": encoded(halves(), "JPEG2000"), "avif": encoded(halves(), "AVIF"), "ppm": encoded(halves(), "PPM"),
    "a page before a picture": b"<script>" + encoded(halves(), "PNG"),
}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_is_no_picture_of_the_four_kinds_is_refused_before_any_decoder_sees_it(name: str) -> None:
    before = processor_seconds()
    assert refusal(OTHERS[name]) == "kind"
    assert processor_seconds() == before


BROKEN = {
    "half a JPEG": lambda: encoded(halves((800, 600)), "JPEG")[:2000],
    "half a PNG": lambda: encoded(Image.effect_noise((300, 300), 80), "PNG")[:20_000],
    "half a WebP": lambda: encoded(halves((800, 600)), "WEBP")[:200],
    "half a GIF": lambda: encoded(Image.effect_noise((300, 300), 80), "GIF")[:20_000],
    "a page that begins as a GIF": lambda: b"GIF89a" + b"<html><script>alert(1)</script>" * 20,
    "a header alone": lambda: b"\xff\xd8\xff\xe0", "PNG's first bytes alone": lambda: b"\x89PNG\r\n\x1a\n",
    "a PNG with a wrong checksum": lambda: encoded(halves(), "PNG").replace(b"IDAT", b"IDAT\x01", 1),
    "a PNG of no size": lambda: png(0, 0), "a RIFF that is no picture": lambda: b"RIFF\x10\x00\x00\x00WEBPVP8 " + bytes(40),
    "a PNG that promises more than it has": lambda: png(3000, 3000, rows=bytes(100)),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_damaged_picture_is_refused(name: str) -> None:
    assert refusal(BROKEN[name]()) == "broken"


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == "empty"


@pytest.mark.usefixtures("_small")
def test_a_file_over_the_limit_is_refused_by_its_length() -> None:
    assert refusal(b"\xff\xd8\xff" + bytes(5000)) == "bytes"


@pytest.fixture
def _small(ckan_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ckan_config, "participation.images.max_bytes", 5000)


FLOODS = {
    "a PNG of 4 thousand million pixels": lambda: png(65_000, 65_000, rows=bytes(1000)),
    "a PNG of 50 million pixels": lambda: png(10_000, 5_000, colour=0, rows=bytes(10_001 * 5_000)),
    "a PNG of two thousand million pixels a row": lambda: png(2**31 - 1, 1, rows=bytes(1000)),
    "a long thin PNG": lambda: png(30_000, 10, colour=0, rows=bytes(30_001 * 10)),
    "a GIF of 65535 pixels a side": lambda: b"GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02L\x01\x00;",
    "a WebP of 16 million pixels": lambda: encoded(Image.new("RGB", (4000, 4000)), "WEBP"),
    "a progressive JPEG of 30 million pixels": lambda: encoded(Image.new("L", (6000, 5000)), "JPEG", progressive=True),
}


@pytest.mark.parametrize("name", sorted(FLOODS))
def test_a_flood_of_pixels_is_refused_by_its_header(name: str) -> None:
    data = FLOODS[name]()
    before = processor_seconds()
    assert refusal(data) == "pixels"
    assert processor_seconds() - before < 1


def test_a_picture_of_40_million_pixels_is_taken_within_the_limits_of_memory_and_time() -> None:
    before = processor_seconds()
    picture = images.read(encoded(Image.new("RGBA", (8000, 5000), (*RED, 100)), "PNG"))
    assert (picture.width, picture.height) == (2000, 1250)
    assert processor_seconds() - before < image_process.SECONDS


def test_a_jpeg_drawn_in_a_thousand_passes_is_refused() -> None:
    data = encoded(halves((2000, 2000)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    assert refusal(data[:-2] + data[last:-2] * 1000 + data[-2:]) == "work"


@pytest.mark.parametrize(("work", "ending"), [("exec('while True: pass')", -signal.SIGKILL), ("bytearray(2**30)", 1), ("open('/tmp/never-written', 'wb', 0).write(b'x')", 1)],
                         ids=["time", "memory", "files"])
def test_the_process_that_decodes_has_little(work: str, ending: int) -> None:
    folder = str(Path(image_process.__file__).parent)
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {folder!r}); import image_process; image_process.limit(); {work}"],
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == ending
    Path("/tmp/never-written").unlink(missing_ok=True)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_a_moving_picture_the_first_frame_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (60, 60), colour) for colour in (RED, BLUE, BLUE)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    image = seen(images.read(data))
    assert getattr(image, "n_frames", 1) == 1
    assert near(image.convert("RGB").getpixel((30, 30)), RED, 25)


def test_print_colours_become_screen_colours() -> None:
    data = encoded(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG")
    assert near(seen(images.read(data)).convert("RGB").getpixel((25, 25)), (255, 0, 0), 30)


def test_greys_of_16_bits_keep_their_brightness() -> None:
    data = encoded(Image.new("I;16", (50, 50), 0x8000), "PNG")
    assert near(seen(images.read(data)).convert("RGB").getpixel((25, 25)), (128, 128, 128), 4)


def test_colours_of_16_bits_keep_their_colour() -> None:
    row = b"\x00" + struct.pack(">HHH", 0xC000, 0x4000, 0x2000) * 20
    assert near(seen(images.read(png(20, 20, depth=16, rows=row * 20))).convert("RGB").getpixel((10, 10)), (192, 64, 32), 6)


def test_a_palette_keeps_its_transparency() -> None:
    image = Image.new("P", (40, 40), 0)
    image.putpalette([*RED, *BLUE])
    image.paste(1, (0, 0, 20, 40))
    shown = seen(images.read(encoded(image, "PNG", transparency=0)))
    assert shown.mode == "RGBA"
    assert shown.getpixel((30, 20))[3] == 0
    assert shown.getpixel((10, 20)) == (*BLUE, 255)


def test_a_large_transparent_picture_does_not_bleed_what_was_invisible() -> None:
    image = Image.new("RGBA", (4400, 200), (0, 255, 0, 0))
    image.paste((*RED, 255), (0, 0, 2201, 200))
    shown = seen(images.read(encoded(image, "PNG")))
    solid = [shown.getpixel((x, 45)) for x in range(990, 1010)]
    assert all(near(pixel[:3], RED, 25) for pixel in solid if pixel[3] > 128)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_a_png_is_taken(mode: str) -> None:
    assert seen(images.read(encoded(halves().convert(mode), "PNG"))).size == (120, 80)


def test_a_screen_of_few_colours_stays_exact() -> None:
    image = Image.new("RGB", (300, 100), (255, 255, 255))
    for x in range(0, 300, 2):
        image.paste((180, 0, 60), (x, 0, x + 1, 100))
    assert seen(images.read(encoded(image, "PNG"))).convert("RGB").tobytes() == image.tobytes()
