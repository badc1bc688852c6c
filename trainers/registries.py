"""Kinds of plug-ins whose names are known without torch."""

from headrace.shards.base.registry import Registry

PRETEXTS = Registry("pretext", "headrace.trainers.pretext", "headrace.pretexts")
