"""The engine: phases of idempotent tasks and the exchanges between them; it knows nothing of records' meaning."""
