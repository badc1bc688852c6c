"""Decontamination: benchmarks, what of them is protected, where documents hold it, and how it is cut out."""
