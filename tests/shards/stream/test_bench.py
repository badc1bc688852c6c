import pytest

from headrace.shards.stream import Stream
from headrace.shards.stream.bench import BenchAnswer, bench
from headrace.shards.stream.delivery.stalls import Waits

NOTHING = Waits(seconds=0, consumer=0, stalls={}, work={}, batches=0)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("workers", [0, 1])
def test_it_measures_at_least_one_batch_after_the_first(images, workers):
    stream = Stream(images)
    answer = bench(stream, 16, num_workers=workers, seconds=0.01)
    assert answer.samples >= 16
    assert answer.samples % 16 == 0
    assert answer.seconds > 0
    assert answer.first_batch_seconds > 0
    assert answer.waits.batches == answer.samples // 16
    assert answer.waits.seconds >= answer.seconds
    assert answer.waits.work["disk"] > 0
    assert answer.bytes_per_sample == sum(shard.bytes for shard in stream.manifest.shards) / 74


def test_rates():
    answer = BenchAnswer(samples=100, seconds=2, first_batch_seconds=1, bytes_per_sample=1000, waits=NOTHING)
    assert answer.samples_per_second == 50
    assert answer.megabytes_per_second == 0.05
