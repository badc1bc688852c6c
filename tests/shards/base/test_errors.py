"""Errors: one readable paragraph, an exit code, and a safe trip between processes."""

import multiprocessing

import pytest

from headrace.shards.base import errors
from headrace.shards.base.errors import HeadraceError, RecipeError, ShardError

KINDS = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, HeadraceError)]


def test_an_error_says_what_was_found_expected_and_what_to_do():
    error = RecipeError("the key is odd", found="7", expected="an even number", remedy="Write 8.")
    assert str(error) == "the key is odd. Found: 7. Expected: an even number. Write 8."
    assert str(RecipeError("just this.")) == "just this."
    assert str(RecipeError("it broke", found="No such file.", expected="one.")) == (
        "it broke. Found: No such file. Expected: one."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_exit_code_for_scripts_that_shells_do_not_use_themselves(kind):
    assert 1 <= kind.exit_code <= 8 or kind.exit_code == 130
    assert (kind.exit_code == 1) == (kind is HeadraceError)


def raise_it(kind: type[HeadraceError]) -> None:
    raise kind("went wrong", found="a", expected="b", remedy="c")


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_trip_from_a_worker_process(kind):
    pickled = multiprocessing.reduction.ForkingPickler.dumps(kind("went wrong", found="a", expected="b", remedy="c"))
    error = multiprocessing.reduction.ForkingPickler.loads(pickled)
    assert type(error) is kind
    assert (error.message, error.found, error.expected, error.remedy) == ("went wrong", "a", "b", "c")
    assert str(error) == "went wrong. Found: a. Expected: b. c."


def test_kinds_of_shard_errors_are_caught_as_shard_errors():
    with pytest.raises(ShardError):
        raise_it(errors.ManifestError)
    with pytest.raises(ShardError):
        raise_it(errors.CorruptSampleError)
