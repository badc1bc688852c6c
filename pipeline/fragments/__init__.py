"""The report's fragments of a build: what was kept and dropped, by what, with examples, and how long it took."""
