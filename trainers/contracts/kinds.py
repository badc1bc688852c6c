"""The kinds of plug-ins of training that have a contract."""

from headrace.shards.base.contracts import Contract

from ..registries import PRETEXTS

PRETEXT = Contract(
    "headrace.trainers.pretext.base:Pretext", PRETEXTS, "headrace.trainers.contracts.pretexts:check_pretext"
)
