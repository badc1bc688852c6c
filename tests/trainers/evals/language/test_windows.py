from hypothesis import given
from hypothesis import strategies as st

from headrace.trainers.evals.language.windows import windows

SIZES = st.integers(1, 40)


@given(first=SIZES, more=st.integers(0, 60), length=SIZES, share=st.floats(0.01, 1))
def test_every_token_is_predicted_once_from_all_that_fits(first, more, length, share):
    stop, stride = first + more, max(1, round(share * length))
    predicted = {}
    for window in windows(first, stop, length, stride):
        assert 0 <= window.begin < window.end < stop
        assert window.end - window.begin <= length
        for token in range(window.first, window.end + 1):
            assert token not in predicted
            predicted[token] = token - window.begin
    assert list(predicted) == list(range(first, stop))
    assert all(context >= min(token, length - stride + 1) for token, context in predicted.items())


def test_one_behind_the_other_as_in_training():
    found = [(each.begin, each.end, each.first) for each in windows(1, 13, 4, 4)]
    assert found == [(0, 4, 1), (4, 8, 5), (8, 12, 9)]


def test_the_last_one_reaches_back_as_far_as_it_can():
    assert [tuple(each) for each in windows(1, 11, 4, 4)] == [(0, 4, 1), (4, 8, 5), (6, 10, 9)]
