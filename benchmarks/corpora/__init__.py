"""Real pages and pictures to work on, fetched by package clients into a folder of their own; nothing is committed.

python -m benchmarks.corpora [pages|photos|cifar|fashion] --corpus DIR
"""
