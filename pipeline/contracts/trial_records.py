"""Records that a filter or an extractor must survive: every kind of text, image and page that a crawl holds."""

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache

from PIL import Image

from ..batch import Batch
from ..filters.base import Record
from ..records import BatchBuilder

MEGABYTE = 1 << 20

TEXTS: Mapping[str, str] = {
    "empty": "",
    "one character": "a",
    "white space": " \t\r\n\u00a0\u2003\u2028 ",
    "line breaks": "\n\r\n\r\n\n",
    "prose": "The mill stands where the river bends, and its wheel has turned for a hundred years.\n" * 12,
    "a megabyte": "the quick brown fox jumps over the lazy dog. " * (MEGABYTE // 45),
    "a megabyte without a space": "x" * MEGABYTE,
    "NUL and control characters": "before\x00after\x01\x02\x1b[31m\x7f\x85",
    "marks that follow no letter": "\u0301\u0308 \u20dd\u093f",
    "beyond the basic plane": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩\u200d👩\u200d👧\u200d👦 𓀀 𠀀",
    "last code points": "\ufffd\ufffe\uffff\U0010fffd\U0010ffff",
    "directions and joiners": "\u202eevil\u202c שלום \u200b\u200d\ufeff مرحبا",
    "no spaces between words": "すべての人間は生まれながらにして自由であり、尊厳と権利とについて平等である。" * 5,
    "numbers and symbols": "# ... … 1234 --- *** | \\ / \" ' ` { } [ ] <b> & %s %n \u2022 item",
    "JSON": '{"text": "not a document", "n": NaN}',
}

PAGES: Mapping[str, bytes] = {
    "empty": b"",
    "no page": b"\x00\xff\xfe\x89PNG\r\n",
    "prose": b"<html><body><p>" + TEXTS["prose"].encode() + b"</p></body></html>",
    "Latin-1": "<meta charset='latin-1'><p>déjà vu, garçon</p>".encode("latin-1"),
    "a wrong charset": b"<meta charset='no-such-charset'><p>text</p>",
    "UTF-16": "\ufeff<p>text</p>".encode("utf-16-le"),
    "nothing closed": b"<div><b><a href='" * 100,
    "nested deep": b"<div>" * 30_000 + b"text",
    "surrogates as references": b"<p>a &#xD800; b &#0; c &#x110000;</p>",
    "a script": b"<script>" + b"x" * MEGABYTE + b"</script>",
    "a megabyte": b"<p>" + b"the quick brown fox. " * (MEGABYTE // 21),
}


@cache
def images() -> Mapping[str, bytes]:
    """Images by what is odd about them."""
    gradient = Image.linear_gradient("L")
    whole = _saved(gradient, "PNG")
    return {
        "empty": b"",
        "no image": b"GIF89a, or so it says",
        "gradient": whole,
        "cut off": whole[: len(whole) // 2],
        "cut off JPEG": _saved(gradient, "JPEG")[:-200],
        "one pixel": _saved(Image.new("RGB", (1, 1)), "PNG"),
        "one line": _saved(Image.new("L", (3000, 1), 128), "PNG"),
        "palette": _saved(gradient.convert("P"), "GIF"),
        "black and white": _saved(gradient.convert("1"), "PNG"),
        "transparent": _saved(Image.new("RGBA", (300, 300)), "PNG"),
        "16 bits": _saved(Image.new("I;16", (300, 300), 40_000), "PNG"),
        "floats": _saved(gradient.convert("F"), "TIFF"),
        "CMYK": _saved(gradient.convert("CMYK"), "JPEG"),
        "50,000 x 50,000": _png(50_000, 50_000),
        "less data than declared": _png(300, 300),
        "an odd format": _saved(gradient, "PPM"),
    }


def trial_records(payload: str) -> list[Record]:
    """A record of each kind, with a text, a page or an image.

    Args:
        payload: The payload column: "text", "content" or "image".
    """
    address = "https://example.org/a?b=c"
    if payload == "text":
        return [Record(address, {"label": "a"}, text=text) for text in TEXTS.values()]
    if payload == "image":
        return [Record(None, {}, image=image) for image in images().values()]
    return [Record(address, {"charset": "utf-8"}, content=page) for page in PAGES.values()]


def batch_of(records: Sequence[Record], payload: str) -> Batch:
    """Records as the batch that a stage gets."""
    builder = BatchBuilder(payload)
    for row, record in enumerate(records):
        builder.add(row, getattr(record, payload), url=record.url, meta=record.meta)
    batch = builder.take()
    return Batch(batch.drop_columns(["error"]).rename_columns(["number", *batch.schema.names[1:-2], payload]))


def _saved(picture: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


def _png(width: int, height: int) -> bytes:
    """A grey PNG that declares more pixels than it holds."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
