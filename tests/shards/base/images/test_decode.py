"""What each kind of picture becomes; the files are Pillow's."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from headrace.shards.base.images.decode import decode
from headrace.shards.base.images.formats import read_header

RGB = np.arange(96, dtype=np.uint8).reshape(4, 8, 3) * 2
PHOTO = np.asarray(Image.effect_noise((80, 100), 90).resize((160, 200)).convert("RGB")) // np.uint8([1, 2, 3])


def saved(image, kind, **options):
    stream = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(stream, kind, **options)
    return stream.getvalue()


def pixels(data, channels=None, reduction=1):
    return decode(data, read_header(data), channels, reduction)


def by_pillow(data, mode="RGB"):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert(mode))


def without_segment(data, marker):
    place = data.index(bytes([0xFF, marker]))
    return data[:place] + data[place + 2 + int.from_bytes(data[place + 2 : place + 4], "big") :]


@pytest.mark.parametrize("options", [{"format": "PNG"}, {"format": "WEBP", "lossless": True}])
def test_pictures_are_exact_where_their_format_is(options):
    found = pixels(saved(RGB, options.pop("format"), **options))
    assert np.array_equal(found, RGB)
    found[0, 0] = 0  # not a read-only view of what Pillow holds


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpegs_are_decoded_as_pillow_does(subsampling, progressive):
    data = saved(PHOTO, "JPEG", subsampling=subsampling, progressive=progressive)
    assert np.array_equal(pixels(data), by_pillow(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("mode", "native"), [("L", 1), ("RGB", 3)])
def test_channels_are_those_asked_for_else_those_of_the_picture(kind, mode, native):
    data = saved(Image.fromarray(PHOTO).convert(mode), kind)
    assert pixels(data, 1).shape == (200, 160, 1)
    assert pixels(data, 3).shape == (200, 160, 3)
    # WebP knows no grey.
    assert pixels(data).shape == (200, 160, 3 if kind == "WEBP" else native)
    # The luma that a JPEG stores is not quite that of its colours, where these were cut off at 0 or 255.
    differences = np.abs(pixels(data, 1)[..., 0].astype(int) - by_pillow(data, "L"))
    assert differences.mean() < 1 if kind == "JPEG" else not differences.any()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_are_upright(kind, orientation):
    exif = Image.Exif()
    exif[0x010F] = "a maker"  # so that the orientation is not the first entry
    exif[0x0112] = orientation
    data = saved(PHOTO, kind, exif=exif)
    expected = by_pillow(data)
    found = pixels(data)
    assert read_header(data).upright_size == expected.shape[:2] == found.shape[:2]
    assert np.array_equal(found, expected)
    assert found.flags.c_contiguous


@pytest.mark.parametrize("exif", [b"", b"II", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"??*\0\x08\0\0\0"])
def test_exif_that_is_no_exif_turns_nothing(exif):
    assert pixels(saved(PHOTO, "JPEG", exif=b"Exif\0\0" + exif)).shape == (200, 160, 3)


@pytest.mark.parametrize("marker", [True, False])
def test_cmyk_is_taken_as_inverted_whether_it_says_so_or_not(marker):
    inks = Image.fromarray(PHOTO).convert("CMYK")
    data = saved(inks, "JPEG", quality=100, subsampling=0, icc_profile=b"no profile", progressive=True)
    assert b"Adobe" in data
    found = pixels(data if marker else without_segment(data, 0xEE))
    assert np.array_equal(found, by_pillow(data))
    assert np.abs(found.astype(int) - PHOTO).mean() < 2
    assert pixels(data, 1).shape == (200, 160, 1)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_dropped_not_blended(mode):
    picture = Image.fromarray(RGB).convert(mode)
    picture.putalpha(Image.fromarray(np.zeros((4, 8), np.uint8)))
    data = saved(picture, "PNG")
    assert np.array_equal(pixels(data, 3), by_pillow(data))


@pytest.mark.parametrize("transparency", [None, 3, bytes(range(16))])
def test_a_palette_is_looked_up_whatever_of_it_is_transparent(transparency):
    palette = Image.fromarray(RGB).quantize(16)
    data = saved(palette, "PNG", **({} if transparency is None else {"transparency": transparency}))
    assert np.array_equal(pixels(data), np.asarray(palette.convert("RGB")))


def test_a_transparent_webp_loses_its_transparency():
    picture = np.dstack([RGB, np.full((4, 8), 7, np.uint8)])
    assert np.array_equal(pixels(saved(picture, "WEBP", lossless=True, exact=True)), RGB)


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_grey_stays_grey(mode):
    assert pixels(saved(Image.fromarray(RGB).convert(mode), "PNG")).shape == (4, 8, 1)


def test_sixteen_bits_are_scaled_not_cut_off():
    deep = np.array([[0, 128, 129, 257, 32767, 32896, 65406, 65407, 65535]], dtype=np.uint16)
    assert pixels(saved(deep, "PNG"))[..., 0].tolist() == [[0, 0, 1, 1, 127, 128, 254, 255, 255]]
    assert pixels(saved(deep, "PNG"), 3)[0, -1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_there_is_the_first_picture(kind):
    frames = [Image.fromarray(frame) for frame in (RGB, 255 - RGB, RGB // 2)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=20, **options)
    assert np.array_equal(pixels(data), RGB)


@pytest.mark.parametrize("shape", [(1, 20_000, 3), (20_000, 1, 3), (2, 2, 3), (1, 1, 3)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_odd_shapes_keep_theirs(kind, shape):
    assert pixels(saved(np.full(shape, 90, np.uint8), kind)).shape == shape


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("reduction", [2, 4, 8])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_reduced_jpeg_has_its_sides_divided(mode, reduction, channels):
    data = saved(Image.fromarray(PHOTO[:199, :157]).convert(mode), "JPEG")
    assert reduction in read_header(data).reductions
    found = pixels(data, channels, reduction)
    assert found.shape == (-(-199 // reduction), -(-157 // reduction), channels)
    # Nearly the means of cells, and of none but their own.
    rows, columns = 199 // reduction, 157 // reduction
    whole = pixels(data, channels)[: rows * reduction, : columns * reduction]
    means = whole.reshape(rows, reduction, columns, reduction, channels).mean((1, 3))
    cells = found[:rows, :columns]
    assert np.abs(cells - means).mean() < 0.2 * np.abs(cells[:, 1:] - means[:, :-1]).mean()


def test_what_is_not_reduced_well_is_not_reduced():
    assert read_header(saved(PHOTO[:63], "JPEG")).reductions == (1,)
    assert read_header(saved(PHOTO, "PNG")).reductions == (1,)
