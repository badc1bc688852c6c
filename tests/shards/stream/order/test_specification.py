"""The order, written again from the docstrings alone, in plain Python integers and lists.

Nothing here is fast, and nothing is imported but what is compared: this is how another language would write it. Each
function names the module whose docstring it follows.
"""

import hashlib
import math
import random
import struct

import numpy as np
import pytest

from headrace.shards.stream.delivery.digest import digest
from headrace.shards.stream.order.mixture import Mixture
from headrace.shards.stream.order.order import Order

SIZES = [[5, 0, 17, 1, 30, 9, 12], [1], [0, 3, 0], [100, 40, 1, 1, 77], [2] * 9]


def make_key(*parts):
    """`base.rng`."""
    text = b""
    for part in parts:
        if isinstance(part, int):
            tag, payload = b"i", part.to_bytes(part.bit_length() // 8 + 1, "little", signed=True)
        else:
            tag, payload = b"s", part.encode()
        text += tag + struct.pack("<Q", len(payload)) + payload
    return int.from_bytes(hashlib.blake2b(text, digest_size=8, person=b"headrace").digest(), "little")


def mixed(x, key):
    """`base.rng`, hash64."""
    z = ((x ^ key) + 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def permuted(x, size, key):
    """`feistel`."""
    if size <= 16:
        return sorted(range(size), key=lambda i: (mixed(i, key), i))[x]
    rows = math.isqrt(size - 1) + 1
    columns = -(-size // rows)
    while True:
        high, low = divmod(x, columns)
        for number in range(8):
            half, modulus = (high, columns) if number % 2 else (low, rows)
            drawn = (mixed(number * 2**32 + half, key) >> 32) * modulus >> 32
            high, low = (high, (low + drawn) % columns) if number % 2 else ((high + drawn) % rows, low)
        x = high * columns + low
        if x < size:
            return x


class PlainOrder:
    """`order`, `lanes`, `blocks`, `second`."""

    def __init__(self, sizes, seed, lanes, block, source):
        self.sizes, self.seed, self.lanes, self.source, self.total = sizes, seed, lanes, source, sum(sizes)
        held = [shard for shard, size in enumerate(sizes) if size]
        self.block = block or 4 * -(-self.total // len(held))
        key = self.key("sequence")
        sequence = sorted(held, key=lambda shard: (mixed(shard, key), shard))
        self.sequence = [(shard, row) for shard in sequence for row in range(sizes[shard])]

    def key(self, purpose, *epoch):
        return make_key("headrace.order", 1, purpose, self.seed, self.source, *epoch)

    def edge(self, epoch, lane):
        def before(x):
            return x // self.lanes * lane + min(x % self.lanes, lane)

        return before((epoch + 1) * self.total) - before(epoch * self.total)

    def held(self, epoch, lane):
        """The samples of a lane, before blocks are shuffled: (shard, row)."""
        key = self.key("pieces", epoch)
        mine = self.sequence[self.edge(epoch, lane) : self.edge(epoch, lane + 1)]
        return sorted(mine, key=lambda sample: (mixed(sample[0], key), *sample))

    def found(self, position):
        """The samples of the position's lane, base and size of its block, the sample's slot, and the block key."""
        epoch, lane, offset = position // self.total, position % self.lanes, position % self.total // self.lanes
        held = self.held(epoch, lane)
        first = self.block * (lane * 2654435769 % 2**32) // 2**32
        block = (offset - first) // self.block + 1
        base = max(first + (block - 1) * self.block, 0)
        size = min(first + block * self.block, len(held)) - base
        return held, base, size, offset - base, mixed(block, mixed(lane, self.key("blocks", epoch)))

    def sample(self, position):
        held, base, size, slot, key = self.found(position)
        return self.id(held[base + permuted(slot, size, key)])

    def instead(self, position, attempts):
        held, base, size, slot, key = self.found(position)
        block = [self.id(held[base + permuted((slot + number) % size, size, key)]) for number in range(1, size)]
        epoch, lane = position // self.total, position % self.lanes
        pieces = [self.id(sample) for each in range(self.lanes) for sample in self.held(epoch, each)]
        end = self.edge(epoch, lane) + base + size
        behind = [pieces[(end + number) % self.total] for number in range(self.total - size)]
        return [*block, *behind][:attempts]

    def second(self, position):
        held, base, size, slot, key = self.found(position)
        x, drawn = permuted(slot, size, key), mixed(position, self.key("second"))
        if size > 1:
            return self.id(held[base + (x + 1 + drawn % (size - 1)) % size])
        if self.total == 1:
            return 0
        epoch = position // self.total
        lane = position % self.lanes
        place = self.edge(epoch, lane) + base + x
        places = [sample for number in range(self.lanes) for sample in self.held(epoch, number)]
        return self.id(places[(place + 1 + drawn % (self.total - 1)) % self.total])

    def id(self, sample):
        shard, row = sample
        return sum(self.sizes[:shard]) + row


class PlainMixture:
    """`mixing`, `mixture`."""

    def __init__(self, orders, asked):
        self.orders, self.lanes, self.seed = orders, orders[0].lanes, orders[0].seed
        self.changes = sorted({-(-position // (1000 * self.lanes)): counts for position, counts in asked}.items())

    def sample(self, position):
        lane, row = position % self.lanes, position // self.lanes
        number = row // 1000
        given, (begin, counts) = [0] * len(self.orders), self.changes[0]
        for later, others in self.changes[1:]:
            if later <= number:
                given = [one + (later - begin) * count for one, count in zip(given, counts, strict=True)]
                begin, counts = later, others
        key = mixed(number, mixed(lane, make_key("headrace.order", 1, "mixture", self.seed)))
        slot = permuted(row % 1000, 1000, key)
        source = next(m for m in range(len(counts)) if slot < sum(counts[: m + 1]))
        place = given[source] + (number - begin) * counts[source] + slot - sum(counts[:source])
        before = sum(order.total for order in self.orders[:source])
        return before + self.orders[source].sample(place * self.lanes + lane)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize(
    ("seed", "lanes", "block", "source"),
    [(0, 64, None, "main"), (-3, 4, 8, "main"), (2**70, 3, 33, "é"), (7, 1, 1, "b")],
)
def test_an_order_is_what_is_specified(sizes, seed, lanes, block, source):
    plain = PlainOrder(sizes, seed, lanes, block, source)
    order = Order(np.array(sizes), seed=seed, lanes=lanes, block=block, source=source)
    draw = random.Random(1)
    positions = [*range(min(plain.total, 30)), *(draw.randrange(3 * plain.total) for _ in range(30)), 10**14 + 7]
    found = order.locate(np.array(positions))
    assert found.id.tolist() == [plain.sample(position) for position in positions]
    assert order.seconds(found).id.tolist() == [plain.second(position) for position in positions]
    assert order.instead(positions[-1], 16).id.tolist() == plain.instead(positions[-1], 16)
    marks = [mixed(plain.sample(g), mixed(g, make_key("headrace.digest", 1))) for g in positions]
    assert digest(np.array(positions), found.id) == sum(marks) % 2**64


@pytest.mark.parametrize("lanes", [1, 3, 8])
def test_a_mixture_is_what_is_specified(lanes):
    identities = [(sizes, 5, lanes, None, f"source {number}") for number, sizes in enumerate(SIZES[:3])]
    names = ("seed", "lanes", "block", "source")
    orders = [Order(np.array(sizes), **dict(zip(names, rest, strict=True))) for sizes, *rest in identities]
    asked = [
        (0, (500, 300, 200)),
        (1500 * lanes, (100, 899, 1)),
        (1800 * lanes, (998, 1, 1)),
        (4000 * lanes, (1, 1, 998)),
    ]
    plain = PlainMixture([PlainOrder(*each) for each in identities], asked)
    mixture = Mixture(orders, asked[0][1]).under(asked)
    draw = random.Random(1)
    positions = [draw.randrange(7000 * lanes) for _ in range(300)]
    assert mixture.locate(np.array(positions)).id.tolist() == [plain.sample(position) for position in positions]


def test_a_permutation_of_many_is_what_is_specified():
    order = Order(np.array([10**12]), lanes=1, block=10**12)
    key = mixed(1, mixed(0, make_key("headrace.order", 1, "blocks", 0, "main", 0)))
    found = order.locate(np.arange(10**11, 10**11 + 20)).id.tolist()
    assert found == [permuted(x, 10**12, key) for x in range(10**11, 10**11 + 20)]
