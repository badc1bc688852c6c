"""headrace.trainers: from the stream to a trained, probed network."""
