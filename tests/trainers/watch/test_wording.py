import pytest

from headrace.trainers.watch.wording import clock, short, spoken


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0.00"),
        (0.1234, "0.12"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (99.96, "100"),
        (999.4, "999"),
        (999.6, "1.00k"),
        (12_345, "12.3k"),
        (999_600, "1.00M"),
        (79_123_456_789, "79.1G"),
        (1.5e12, "1500G"),
    ],
)
def test_three_digits(number, words):
    assert short(number) == words


def test_a_span():
    assert clock(61.6) == "0:01:02"


def test_a_line_fits_beside_a_bar_with_all_that_is_known():
    line = {
        "loss": 10.12341,
        "samples_per_s": 12_345.6,
        "tokens_per_s": 2.4e6,
        "data_wait": 0.031,
        "mfu": 0.412,
        "memory": 79.1e9,
    }
    assert spoken(line) == "loss 10.1234  12.3k samples/s  2.40M tok/s  wait 3%  MFU 41%  79.1GB"
    del line["mfu"], line["tokens_per_s"]
    assert spoken(line) == "loss 10.1234  12.3k samples/s  wait 3%  79.1GB"
