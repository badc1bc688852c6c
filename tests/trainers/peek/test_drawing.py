import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.trainers.peek.look import Legend, Look, Original, Outline, Panel, Piece
from headrace.trainers.peek.outlined import outlined
from headrace.trainers.peek.pictures import blank, in_lines, text_width, wrapped
from headrace.trainers.peek.sheet import sheet, zoom
from headrace.trainers.peek.style import CAPTION, KINDS

WORD = st.text(st.sampled_from("abcdW.,1"), min_size=1, max_size=30)


@given(st.lists(WORD, min_size=1, max_size=12), st.integers(20, 300))
def test_wrapping_loses_nothing_and_only_a_long_word_is_too_wide(words, width):
    lines = list(wrapped(" ".join(words), CAPTION, width))
    assert " ".join(lines) == " ".join(words)
    assert all(text_width(line, CAPTION) <= width for line in lines if " " in line)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.integers(50, 120))
def test_lines_keep_the_order_and_the_width(widths, width):
    lines = in_lines([blank(each, 1) for each in widths], width, 10)
    assert [picture.width for line in lines for picture in line] == widths
    assert all(sum(picture.width + 10 for picture in line) - 10 <= width for line in lines)


@given(st.data())
def test_a_box_is_drawn_where_it_lies(data):
    height, width = data.draw(st.integers(100, 400)), data.draw(st.integers(100, 400))
    left, top = data.draw(st.integers(0, width - 50)), data.draw(st.integers(0, height - 50))
    right, bottom = data.draw(st.integers(left + 50, width)), data.draw(st.integers(top + 50, height))
    picture = drawn(height, width, (left, top, right, bottom))
    assert picture.shape[0] <= 200
    assert picture.shape[1] <= 300
    rows, columns = np.nonzero((picture == KINDS[0]).all(-1))
    down, across = picture.shape[0] / height, picture.shape[1] / width
    assert abs(np.array([columns.min(), columns.max() + 1]) - np.array([left, right]) * across).max() <= 1
    assert abs(np.array([rows.min(), rows.max() + 1]) - np.array([top, bottom]) * down).max() <= 1


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_a_box_of_any_shape_is_seen(height, width, data):
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    assert (drawn(height, width, (left, top, right, bottom)) == KINDS[0]).all(-1).any()


def drawn(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    original = Original(np.zeros((height, width, 3), np.uint8), (height, width), (Outline("view", "", box),))
    return np.asarray(outlined(original, ["view"], 300, 200))


def test_views_keep_their_proportions_and_tiny_ones_are_enlarged():
    def look(*sides):
        return [Look(panels=tuple(Panel("v", "v", np.zeros((side, side), np.uint8)) for side in sides))]

    assert zoom(look(224, 96)) == 1
    assert zoom(look(32)) == 4
    assert zoom(look(1024, 512)) == 320 / 1024
    assert zoom([Look(refused="damaged")]) == 1


def test_a_sheet_holds_whatever_a_look_can_hold():
    looks = [
        Look(name="refused", refused="a damaged JPEG " * 40),
        Look(name="text", pieces=(Piece("a long\n text " * 60), Piece("x", "masked", "y"), Piece("中文 é", "special"))),
        Look(name="grey", original=Original(np.zeros((1, 20_000), np.uint8), (1, 20_000)), notes=("a note",)),
        Look(name="many", panels=tuple(Panel("v", "v", np.zeros((96, 96), np.uint8)) for _ in range(60))),
        Look(name="nothing"),
    ]
    picture = sheet(looks, Legend("title", [("v", "a view")], ["word: meaning " * 30]), "shards/x")
    assert picture.mode == "RGB"
    assert picture.width < 2000
    assert picture.height < 3000
