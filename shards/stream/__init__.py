"""The stream: one deterministic order for any number of nodes.

Read `order` first, from which everything follows; then `sources`, which reads what it names; `delivery`, which makes
batches of that and knows what was delivered; and `audit`, which proves it. `stream` puts them before sets of shards.
"""

from .audit.consumption import ConsumptionLog
from .stream import Stream

__all__ = ["ConsumptionLog", "Stream"]
