"""Numbers of things in words."""


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 shard`, `2 shards`, `1,000 shards`; `things` where the plural is no mere s."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
