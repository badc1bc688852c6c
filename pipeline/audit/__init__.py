"""The audit: whether shards hold a benchmark, found out by other means than those that took it out.

Nothing here is shared with what is audited: not the hashes, not the segmentation, not the reading of benchmarks and
shards; only the definitions are the same. It is plain Python over regular expressions and tuples of words.
"""
