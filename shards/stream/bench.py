"""How fast a stream delivers, measured as a training would meet it."""

import time
from dataclasses import dataclass

from ..base.progress import progress
from .delivery.delivery import Deliverer
from .delivery.stalls import Waits
from .stream import Stream


@dataclass(frozen=True)
class BenchAnswer:
    """A measured stretch of a stream.

    Attributes:
        samples: Samples delivered after the first batch.
        seconds: Time they took.
        first_batch_seconds: Time from the beginning of the iteration to the first batch.
        bytes_per_sample: Size of the shards by the number of their samples.
        waits: What the time after the first batch was spent on; nothing is done with the batches.
    """

    samples: int
    seconds: float
    first_batch_seconds: float
    bytes_per_sample: float
    waits: Waits

    @property
    def samples_per_second(self) -> float:
        """Throughput in samples (or windows) a second."""
        return self.samples / self.seconds

    @property
    def megabytes_per_second(self) -> float:
        """Throughput in millions of bytes of shards a second."""
        return self.samples_per_second * self.bytes_per_sample / 1e6


def bench(stream: Stream, batch_size: int, *, num_workers: int = 0, seconds: float = 5.0) -> BenchAnswer:
    """Stream for some seconds and measure.

    Args:
        stream: What is streamed, with its decoding and its transform.
        batch_size: Rows of a batch; one rank takes all of them.
        num_workers: Processes of torch's DataLoader; 0 reads in this process, without torch.
        seconds: How long to measure; at least two batches are read.
    """
    batches: Deliverer = (
        stream.loader(batch_size, num_workers=num_workers) if num_workers else stream.batches(batch_size)
    )
    began = first = last = time.perf_counter()
    count = 0
    with progress("streaming", total=seconds, counted=False) as advance:
        for _ in batches:
            now = time.perf_counter()
            count += 1
            advance(0 if count == 1 else now - last)
            if count == 1:
                first = now
                batches.waits()  # the first batch is told apart
            last = now
            if count > 1 and last - first >= seconds:
                break
    size = sum(shard.bytes for shard in stream.shards)
    return BenchAnswer((count - 1) * batch_size, last - first, first - began, size / stream.samples, batches.waits())
