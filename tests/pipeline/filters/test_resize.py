"""Pictures made smaller: which ones, to what size, and that nothing else about them changes."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from pydantic import TypeAdapter, ValidationError

from headrace.pipeline.filters._resized import resized
from headrace.pipeline.filters.resize import Resize
from headrace.shards.base.images.decode import decode
from headrace.shards.base.images.formats import read_header

KINDS = {
    "grey JPEG": ("JPEG", "L", {"quality": 95}),
    "JPEG": ("JPEG", "RGB", {"quality": 95}),
    "progressive JPEG": ("JPEG", "RGB", {"quality": 95, "progressive": True}),
    "CMYK JPEG": ("JPEG", "CMYK", {"quality": 95}),
    "black and white PNG": ("PNG", "1", {}),
    "grey PNG": ("PNG", "L", {}),
    "grey PNG with alpha": ("PNG", "LA", {}),
    "PNG with a palette": ("PNG", "P", {}),
    "PNG": ("PNG", "RGB", {}),
    "PNG with alpha": ("PNG", "RGBA", {}),
    "PNG of 16 bits": ("PNG", "I;16", {}),
    "WebP": ("WEBP", "RGB", {"quality": 95}),
    "WebP with alpha": ("WEBP", "RGBA", {"quality": 95}),
    "lossless WebP": ("WEBP", "RGB", {"lossless": True}),
}
FORMATS = ("JPEG", "PNG", "WEBP")
LOSSLESS = {name for name, (form, _, options) in KINDS.items() if form == "PNG" or "lossless" in options}
RGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(width, height, mode):
    """Smooth enough for JPEG, with colours and transparency that change everywhere."""
    rows, columns = np.mgrid[:height, :width]
    levels = np.stack([rows * 200 // height, columns * 250 // width, rows * 100 // height + 60, 255 - rows % 256], 2)
    if mode == "I;16":
        return Image.fromarray((levels[..., 1] * 257).astype(np.uint16))
    whole = Image.fromarray(levels.astype(np.uint8))
    return whole if mode == "RGBA" else whole.convert("RGB").convert(mode)


def saved(image, form, orientation=None, **options):
    if orientation is not None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    encoded = io.BytesIO()
    image.save(encoded, form, **options)
    return encoded.getvalue()


def pixels(data):
    return decode(data, read_header(data))


def noise(width, height, form="JPEG", **options):
    levels = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    return saved(Image.fromarray(levels), form, **options)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    side=st.integers(1, 320),
    orientation=st.none() | st.integers(1, 8),
)
def test_the_shorter_side_is_exact_and_the_rest_is_what_the_reader_sees(kind, width, height, side, orientation):
    form, mode, options = KINDS[kind]
    data = saved(picture(width, height, mode), form, orientation, **options)
    before = pixels(data)
    found = resized(data, side, 95)
    assert (found is None) == (min(width, height) <= side)
    if found is None:
        return
    header = read_header(found.data)
    assert (header.format, header.orientation) == (form, (False, False, False))
    assert found.before == (before.shape[1], before.shape[0])
    assert found.after == (header.width, header.height)
    assert min(found.after) == side
    for now, once in zip(found.after, found.before, strict=True):
        assert abs(now - once * side / min(width, height)) <= 0.5
    after = pixels(found.data)
    assert after.shape[2] == before.shape[2]
    exact = Image.fromarray(before.squeeze(2) if before.shape[2] == 1 else before)
    wanted = np.asarray(exact.resize(found.after, Image.Resampling.LANCZOS)).reshape(after.shape)
    if kind in LOSSLESS:
        assert np.array_equal(after, wanted)
    elif side >= 16:
        assert np.mean(np.abs(after.astype(int) - wanted)) < 4


@pytest.mark.parametrize("size", [(4000, 1500), (1500, 4000), (3001, 2003)])
def test_a_large_photograph_is_decoded_in_part_and_looks_the_same(size):
    levels = np.random.default_rng(7).integers(0, 256, (size[1] // 50, size[0] // 50, 3), np.uint8)
    photo = Image.fromarray(levels).resize(size, Image.Resampling.BICUBIC)
    found = resized(saved(photo, "JPEG", quality=95, subsampling="4:4:4"), 427, 95)
    assert min(found.after) == 427
    wanted = np.asarray(photo.resize(found.after, Image.Resampling.LANCZOS), np.float64)
    assert 10 * np.log10(255**2 / np.mean((pixels(found.data) - wanted) ** 2)) > 35


def test_quality_shapes_what_is_lossy_alone():
    sizes = {form: [len(resized(noise(90, 80, form), 60, quality).data) for quality in (20, 90)] for form in FORMATS}
    assert sizes["JPEG"][0] < sizes["JPEG"][1]
    assert sizes["WEBP"][0] < sizes["WEBP"][1]
    assert sizes["PNG"][0] == sizes["PNG"][1]


@pytest.mark.parametrize("form", FORMATS)
def test_the_profile_stays_where_it_fits_and_all_other_metadata_goes(form):
    def opened(mode):
        data = saved(picture(60, 50, mode), form, 6, icc_profile=RGB_PROFILE)
        return Image.open(io.BytesIO(resized(data, 20, 90).data))

    with opened("RGB") as colour:
        assert colour.info["icc_profile"] == RGB_PROFILE
        assert not colour.getexif()
        assert colour.size == (20, 24)
    if form != "WEBP":  # which has no grey
        with opened("L") as grey:
            assert "icc_profile" not in grey.info


def test_the_profile_of_inks_goes_with_them():
    inks = RGB_PROFILE[:16] + b"CMYK" + RGB_PROFILE[20:]
    for profile in (inks, b"broken"):
        smaller = resized(saved(picture(60, 50, "CMYK"), "JPEG", icc_profile=profile), 20, 90)
        with Image.open(io.BytesIO(smaller.data)) as image:
            assert (image.mode, image.info.get("icc_profile")) == ("RGB", None)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_left(form):
    frames = [picture(60, 50, "RGB"), Image.new("RGB", (60, 50), "red")]
    options = {"lossless": True} if form == "WEBP" else {}
    data = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
    found = resized(data, 40, 90)
    with Image.open(io.BytesIO(found.data)) as image:
        assert getattr(image, "n_frames", 1) == 1
    assert np.array_equal(pixels(found.data), np.asarray(frames[0].resize(found.after, Image.Resampling.LANCZOS)))
    assert resized(data, 50, 90) is None


def test_what_is_small_enough_keeps_every_byte(images):
    damaged = noise(40, 60)[:-100]  # nobody looks
    small = [noise(40, 60) + b"what follows the end", noise(60, 40, "PNG"), noise(40, 40, "WEBP"), damaged]
    verdicts = Resize(shorter_side=40).judge(images(small[0], noise(50, 90), *small[1:]))
    assert verdicts.errors == [None] * 5
    edited = verdicts.edited.to_pylist()
    assert [edited[0], *edited[2:]] == small
    assert [edit is None for edit in verdicts.edits] == [True, False, True, True, True]
    assert verdicts.edits[1] == {"from": (50, 90), "to": (40, 72), "bytes": len(edited[1]) - len(noise(50, 90))}
    assert Resize(shorter_side=90).judge(images(*small)).edited is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JPEG, PNG or WebP"),
        (noise(60, 50, "GIF"), "no JPEG, PNG or WebP"),
        (noise(60, 50)[:-100], "damaged"),
        (noise(60, 50, "PNG")[:-100], "damaged"),
        (noise(60, 50, "WEBP")[:-100], "damaged"),
        (noise(60, 50)[:20], "cut off|without a picture"),
    ],
)
def test_what_cannot_be_made_smaller_fails_and_its_neighbours_do_not(images, data, said):
    good = noise(60, 50)
    verdicts = Resize(shorter_side=20).judge(images(good, data, good))
    assert verdicts.errors[0] is verdicts.errors[2] is None
    with pytest.raises(ValueError, match=said):
        resized(data, 20, 90)
    assert verdicts.errors[1]
    assert verdicts.edits[1] is None


@pytest.mark.parametrize("parameters", [{"shorter_side": 0}, {"quality": 0}, {"quality": 101}])
def test_wrong_parameters_are_refused(parameters):
    with pytest.raises(ValidationError, match="than or equal to"):
        TypeAdapter(Resize).validate_python(parameters)


@settings(max_examples=100, deadline=None)
@given(form=st.sampled_from(FORMATS), seed=st.integers(0, 2**32 - 1))
def test_damage_is_refused_or_harmless(form, seed):
    rng = np.random.default_rng(seed)
    data = np.frombuffer(noise(70, 66, form), np.uint8).copy()
    places = rng.integers(0, data.size, rng.integers(1, 10))
    data[places] = rng.integers(0, 256, places.size)
    try:
        found = resized(data.tobytes(), 32, 90)
    except ValueError:
        return
    assert found is None or min(found.after) == 32
