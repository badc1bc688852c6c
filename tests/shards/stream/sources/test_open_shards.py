import os
import pickle

from headrace.shards.stream.sources.open_shards import OpenShards


class File:
    """Remembers what happened to it."""

    def __init__(self, shard):
        self.shard, self.closed = shard, False

    def close(self):
        self.closed = True


def test_a_shard_is_opened_once_while_it_is_in_use():
    shards = OpenShards(File, capacity=2)
    assert shards[3] is shards[3]
    assert shards[3].shard == 3


def test_the_shard_used_longest_ago_is_closed():
    shards = OpenShards(File, capacity=2)
    first, second = shards[1], shards[2]
    assert shards[1] is first
    third = shards[3]
    assert [first.closed, second.closed, third.closed] == [False, True, False]
    assert shards[1] is first
    assert shards[2] is not second


def test_nothing_open_is_pickled():
    shards = OpenShards(File, capacity=2)
    opened = shards[1]
    assert pickle.loads(pickle.dumps(shards))[1] is not opened


def test_a_fork_opens_its_own():
    shards = OpenShards(File, capacity=2)
    opened = shards[1]
    child = os.fork()
    if child == 0:
        os._exit(0 if shards[1] is not opened else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert shards[1] is opened
