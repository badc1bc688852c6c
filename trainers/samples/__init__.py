"""Views and masks as pure functions of (array, rng)."""
