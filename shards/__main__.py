"""`python -m headrace.shards` is `headrace`, for what starts modules: `torchrun ... -m headrace.shards train ...`."""

from .cli import main

if __name__ == "__main__":
    main()
