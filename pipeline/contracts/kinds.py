"""The kinds of plug-ins of building that have a contract."""

from headrace.shards.base.contracts import Contract

from ..extractors.base import EXTRACTORS
from ..filters.base import FILTERS
from ..readers.base import READERS

_HERE, _BASES = "headrace.pipeline.contracts", "headrace.pipeline"

FILTER = Contract(f"{_BASES}.filters.base:Filter", FILTERS, f"{_HERE}.filters:check_filter")
READER = Contract(f"{_BASES}.readers.base:Reader", READERS, f"{_HERE}.readers:check_reader")
EXTRACTOR = Contract(f"{_BASES}.extractors.base:Extractor", EXTRACTORS, f"{_HERE}.extractors:check_extractor")
