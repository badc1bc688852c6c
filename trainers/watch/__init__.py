"""Watching a run: how fast it is, how well it does on other samples, and where that is told.

Read `monitor` first, which the loop calls after every step.
"""
