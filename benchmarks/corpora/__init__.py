"""Real pages to work on, fetched by package clients into a folder of their own; nothing of it is committed.

python -m benchmarks.corpora --corpus DIR
"""
