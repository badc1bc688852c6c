"""headrace.pipeline."""
