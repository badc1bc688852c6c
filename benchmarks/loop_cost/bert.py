"""Masked language modelling with BERT-mini on 128 tokens, 32 windows a step, blocks of 10 steps, on all cores.

As for SimCLR.
"""

from .data import write_text
from .table import loop_table

BENCHMARK = loop_table("Loop: MLM, BERT-mini on 128 tokens", "bert", 10, write_text)
