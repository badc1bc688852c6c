"""Which patches of an image a model sees or predicts: pure functions of (numbers, rng)."""
