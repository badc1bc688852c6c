"""The stream: one deterministic order for any number of nodes."""
