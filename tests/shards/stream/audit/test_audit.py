"""Runs that were stopped, killed, resized and continued are proved by their logs; logs that are wrong prove nothing."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from warnings import catch_warnings, simplefilter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.shards.base.errors import InputError, StateError
from headrace.shards.stream import Stream
from headrace.shards.stream.audit.audit import audit
from headrace.shards.stream.audit.consumption import ConsumptionLog
from headrace.shards.stream.delivery.budget import DamagedSampleWarning
from headrace.shards.stream.parts import Part
from headrace.shards.stream.sources.codecs import decode_array

N = 74
SETTINGS = {"seed": 3, "lanes": 4, "block": 9}


def session(images, folder, start=None, *, ranks=2, size=12, steps=4, unlogged=0, every=2, local_world=1):
    """One session of all ranks, one after the other: `steps` are logged, then some are taken that are not.

    Returns the state after the last logged step.
    """
    state = None
    for rank in range(ranks):
        batches = Stream(images, **SETTINGS).batches(
            size, rank=rank, world_size=ranks, local_world=local_world, start=start
        )
        log = ConsumptionLog(folder, batches)
        walk = iter(batches)
        for step in range(1, steps + 1):
            next(walk)
            if step % every == 0 or step == steps:
                log.write()
                state = batches.state_dict()
        for _ in range(unlogged):
            next(walk)
        log.close()
    return state


def lines(folder, rank):
    return (folder / f"rank-{rank:05d}.jsonl").read_text().splitlines(keepends=True)


def rewrite(folder, rank, content):
    (folder / f"rank-{rank:05d}.jsonl").write_text("".join(content))


def edited(line, **changes):
    return json.dumps({**json.loads(line), **changes}) + "\n"


def test_a_run_of_many_sessions_is_proved(images, tmp_path):
    first = session(images, tmp_path, steps=5, unlogged=3)
    second = session(images, tmp_path, first, ranks=4, local_world=2, steps=2)
    killed_later = session(images, tmp_path, second, ranks=1, size=7, steps=3)
    again = session(images, tmp_path, second, ranks=3, size=10, steps=4)
    last = session(images, tmp_path, again, ranks=2, size=12, steps=6, every=4)
    answer = audit(Stream(images, **SETTINGS), tmp_path)
    assert answer.problems == ()
    assert answer.samples == last["position"] == 60 + 24 + 40 + 72
    assert killed_later["position"] == 84 + 21
    assert answer.undone == 21
    assert answer.sessions == 5
    assert answer.ranks == 4
    assert answer.epochs == ((N, N), (N, N), (196 - 2 * N, N))


def test_a_run_is_proved_up_to_a_state(images, tmp_path):
    state = session(images, tmp_path, steps=4)
    rewrite(tmp_path, 1, lines(tmp_path, 1)[:-1])
    half = {**state, "position": 24}
    assert audit(Stream(images, **SETTINGS), tmp_path, half).problems == ()
    assert audit(Stream(images, **SETTINGS), tmp_path, state).problems == (
        "rank 1 of 2: positions 24 to 48 are missing",
    )


def test_a_session_that_a_rank_never_logged_is_not_covered_by_an_earlier_one(images, tmp_path):
    state = session(images, tmp_path, steps=2)
    session(images, tmp_path, state, steps=4)
    session(images, tmp_path, state, steps=4)
    rewrite(tmp_path, 1, lines(tmp_path, 1)[:-2])
    assert audit(Stream(images, **SETTINGS), tmp_path).problems == ("rank 1 of 2: positions 24 to 72 are missing",)


@pytest.fixture
def run(images, tmp_path):
    """Three sessions of two ranks: positions 0 to 48, 36 to 84 (a restart from an older state), 84 to 132."""
    session(images, tmp_path, steps=3, every=3)
    session(images, tmp_path, {**session_state(images), "position": 36}, steps=4)
    session(images, tmp_path, {**session_state(images), "position": 84}, steps=4)
    return tmp_path


def session_state(images):
    return Stream(images, **SETTINGS).batches(12).state_dict()


def problems(images, folder):
    return audit(Stream(images, **SETTINGS), folder).problems


def test_the_run_is_sound_before_it_is_tampered_with(images, run):
    assert problems(images, run) == ()
    assert len(lines(run, 0)) == 8


def test_a_line_that_was_removed(images, run):
    found = lines(run, 1)
    rewrite(run, 1, found[:3] + found[4:])
    assert problems(images, run) == ("rank 1 of 2: positions 36 to 60 are missing",)


def test_a_line_of_rank_0_that_was_removed(images, run):
    rewrite(run, 0, lines(run, 0)[:-1])
    assert problems(images, run) == ("rank 0: positions 108 to 132 are missing",)


def test_a_line_that_was_doubled(images, run):
    found = lines(run, 0)
    rewrite(run, 0, [*found, found[-1]])
    (problem,) = problems(images, run)
    assert problem == "rank 0: positions 108 to 132 were consumed twice, with no restart between"


def test_a_log_that_was_removed(images, run):
    (run / "rank-00001.jsonl").unlink()
    assert "rank 1 of 2: positions 0 to 132 are missing" in problems(images, run)
    session(images, run / "b", ranks=2)
    (run / "b/rank-00000.jsonl").unlink()
    assert problems(images, run / "b")[0] == "rank 0: positions 0 to 48 are missing"


def test_a_digest_that_was_changed(images, run):
    found = lines(run, 1)
    rewrite(run, 1, [*found[:-1], edited(found[-1], digest="0" * 16)])
    assert problems(images, run) == ("rank 1 of 2, session 2, positions 108 to 132: it consumed nothing of it",)
    rewrite(run, 1, [*found[:-1], edited(found[-1], digest="1" * 16)])
    (problem,) = problems(images, run)
    assert "more than one of its 2 batches was not consumed as it should be" in problem


def test_a_line_of_another_rank(images, run):
    other = json.loads(lines(run, 0)[-1])["digest"]
    found = lines(run, 1)
    rewrite(run, 1, [*found[:-1], edited(found[-1], digest=other)])
    (problem,) = problems(images, run)
    assert "it consumed the rows of rank 0 instead of its own" in problem


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        ([[0, 0, 1]], "which was not its to consume"),
        ([["own", "own", "next"]], "missing|not consumed as it should be"),
        ([["own", 0, "next"]], "but another sample lies there"),
        ([["own", "own", "own"]], "which may not stand there"),
    ],
)
def test_a_replacement_that_never_was(images, run, replaced, said):
    order = Stream(images, **SETTINGS).order
    position = 108 + int(np.flatnonzero(np.arange(108, 120) % 4 == 3)[0])
    own = {"own": position, "next": int(order.instead(position, 1).id[0])}
    name = int(order.locate(np.array([position])).id[0])
    row = [[own.get(each[0], each[0]), *(name if e == "own" else own.get(e, e) for e in each[1:])] for each in replaced]
    found = lines(run, 1)
    rewrite(run, 1, [*found[:-1], edited(found[-1], replaced=row)])
    (problem,) = problems(images, run)
    assert any(part in problem for part in said.split("|")), problem


def test_the_logs_of_another_stream(images, run):
    with pytest.raises(StateError, match="seed = 3 in the state"):
        audit(Stream(images, seed=4, lanes=4, block=9), run)


def test_what_is_no_log(images, run, tmp_path):
    found = lines(run, 1)
    rewrite(run, 1, [*found[:-1], edited(found[-1], samples=-1)])
    with pytest.raises(InputError, match=r"line 8 of .*rank-00001.jsonl is no line of such a log. Found: samples"):
        problems(images, run)
    rewrite(run, 1, lines(run, 0))
    with pytest.raises(InputError, match="that of another rank"):
        problems(images, run)
    with pytest.raises(InputError, match="there are no logs in"):
        problems(images, Path(tmp_path) / "nowhere")


def test_a_line_that_a_kill_cut_off_is_no_line(images, tmp_path):
    state = session(images, tmp_path, steps=2)
    for rank in (0, 1):
        with (tmp_path / f"rank-{rank:05d}.jsonl").open("a") as file:
            file.write(lines(tmp_path, rank)[-1][:57])
    session(images, tmp_path, state, steps=2)
    answer = audit(Stream(images, **SETTINGS), tmp_path)
    assert (answer.problems, answer.samples, answer.sessions) == ((), 48, 2)


def test_a_mixture_whose_weights_change_is_proved(images, tmp_path):
    def opened(weight):
        return Stream([Part(images, 1.0, "some"), Part(images, weight, "other")], seed=3, lanes=1)

    state = None
    for weight in (1.0, 1.0, 3.0):
        for rank in (0, 1):
            batches = opened(weight).batches(200, rank=rank, world_size=2, start=state)
            log = ConsumptionLog(tmp_path, batches)
            for step, _ in enumerate(batches, 1):
                if step == 4:
                    batches.reweight({name: 1.0 + number for number, name in enumerate(opened(weight).names)})
                if step % 5 == 0:
                    log.write()
                if step == 10:
                    break
            log.close()
            after = batches.state_dict()
        state = after
    assert len({tuple(change[3]) for change in state["changes"]}) == 3
    answer = audit(opened(7.0), tmp_path)
    assert (answer.problems, answer.samples) == ((), 6000)


links = st.tuples(st.integers(1, 3), st.integers(6, 20), st.integers(1, 5), st.integers(0, 2))


@settings(max_examples=25)
@given(st.sets(st.integers(0, N - 1), max_size=6), st.lists(links, min_size=1, max_size=4))
def test_any_chain_of_kills_and_resizes_over_any_damage_is_proved(images, bad, chain):
    with TemporaryDirectory() as folder, catch_warnings():
        simplefilter("ignore", DamagedSampleWarning)
        # What a picture is filled with spells its shard and row, and so its number.
        order = Stream(images).order
        first = np.cumsum(order.sizes) - order.sizes

        def decode(data):
            filled = int(decode_array(data)[0, 0])
            if first[filled // 32] + filled % 32 in bad:
                raise ValueError("damaged")
            return data

        def opened():
            return Stream(images, seed=3, lanes=2, block=37, codecs={"npy": decode}, tolerated=1.0)

        state, seen, replaced = None, {}, set()
        for ranks, size, steps, unlogged in chain:
            for rank in range(ranks):
                batches = opened().batches(size, rank=rank, world_size=ranks, start=state)
                log = ConsumptionLog(folder, batches)
                for step, batch in enumerate(batches, 1):
                    seen.update(zip(batch["__position__"].tolist(), batch["__id__"].tolist(), strict=True))
                    if step == steps:
                        log.write()
                        after = batches.state_dict()
                        replaced |= set(batches.replaced)
                    if step == steps + unlogged:
                        break
                log.close()
            state = after
        end = state["position"]
        answer = audit(opened(), Path(folder), state)
        assert (answer.problems, answer.samples) == ((), end)
        assert answer.replaced == len({each.position for each in replaced if each.position < end})
        expected = opened().read(np.arange(end))
        assert [seen[position] for position in range(end)] == [sample["__id__"] for sample in expected]
        assert not bad & set(seen.values())
