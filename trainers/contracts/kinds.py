"""The kinds of plug-ins of training that have a contract."""

from headrace.shards.base.contracts import Contract

from ..registries import PRETEXTS
from ..samples.views.own.base import VIEWS

_HERE = "headrace.trainers.contracts"

PRETEXT = Contract("headrace.trainers.pretext.base:Pretext", PRETEXTS, f"{_HERE}.pretexts:check_pretext")
VIEW = Contract("headrace.trainers.samples.views.own.base:OwnView", VIEWS, f"{_HERE}.views:check_view")
