import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.kernels.buffers import text_buffers
from headrace.pipeline.kernels.feed_lines import feed_lines
from headrace.pipeline.kernels.lines import BLANK, BULLET, ELLIPSIS, ENDS_IN_SPACE, ENDS_SENTENCE, LINE_FEED
from headrace.pipeline.kernels.segments import segment

TEXTS = st.lists(
    st.sampled_from(["a", "- b", "é.", "…", "\n", " ", "\r", "\r\n", "\x85", "\u2028", "\v", "* "]), max_size=30
)


def slow_lines(text):
    """`text.split("\n")`, but for an empty line at the end, and what is noted of each."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines):
        body = line.strip()
        runs = line.split()
        yield {
            "line": line,
            "text": body,
            "characters": len(line),
            "runs": len(runs),
            "longest_run": max(map(len, runs), default=0),
            "last": ord(body[-1]) if body else 0,
            "kinds": (not body) * BLANK
            | body.startswith(("-", "*")) * BULLET
            | body.endswith("…") * ELLIPSIS
            | body.endswith(".") * ENDS_SENTENCE
            | (line != line.rstrip()) * ENDS_IN_SPACE
            | (number + 1 < len(text.split("\n"))) * LINE_FEED,
        }


def told(lines):
    """Lines without empty ones behind an empty one: how many of them are stored is not said."""
    empty = [not line["characters"] for line in lines]
    return [line for row, line in enumerate(lines) if not (row and empty[row - 1] and empty[row])]


@given(st.lists(TEXTS.map("".join), max_size=4))
@example(["\n\n\n\n", "a\v\n\n\n\nb\n\n\n\n", "\r\n\n\n\n\r\n\r\n\r\n"])
@example(["a\r", "\x85", "a\r\n", "\r\n\r\n", "a\x85\r\nb", "\u2028a.\n", "- b\v…\v", "\r\ra\n\r"])
def test_lines_are_those_of_split(texts):
    array = pa.array(texts, pa.large_string())
    buffers, lines = text_buffers(array), segment(array).lines
    found, flat = feed_lines(buffers, lines), []
    for row, text in enumerate(texts):
        data, span = text.encode(), slice(found.offsets[row], found.offsets[row + 1])
        cut = [
            {
                "line": data[start:stop].decode(),
                "text": data[text_start:text_stop].decode(),
                **{
                    name: int(getattr(found, name)[line])
                    for name in ("characters", "runs", "longest_run", "last", "kinds")
                },
            }
            for line, (start, stop, text_start, text_stop) in enumerate(
                zip(
                    *(getattr(found, name)[span].tolist() for name in ("starts", "stops", "text_starts", "text_stops")),
                    strict=True,
                ),
                int(found.offsets[row]),
            )
        ]
        assert told(cut) == told(list(slow_lines(text)))
        flat += [line["line"] for line in cut]
    assert len(set(zip(found.hashes.tolist(), flat, strict=True))) == len(set(flat)) == len(set(found.hashes.tolist()))


def test_lines_that_only_line_feeds_end_are_handed_back():
    array = pa.array(["a\nb", "c\n"], pa.large_string())
    lines = segment(array).lines
    assert feed_lines(text_buffers(array), lines) is lines
