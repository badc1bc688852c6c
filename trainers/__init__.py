"""headrace.trainers."""
