"""Samples as the model will see them, drawn: what `headrace peek` shows."""
