"""Which nodes read which lanes.

The rows of a batch are sorted by lane, so that a node, or a rank, reads a few neighbouring lanes. Where L does not
divide G, which lanes they are shifts from batch to batch, and repeats after L / gcd(G, L) batches.
"""
