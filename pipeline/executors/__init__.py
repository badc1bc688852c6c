"""Executors: run a phase's tasks and know nothing of what they do."""
