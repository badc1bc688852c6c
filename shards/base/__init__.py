"""The bottom: errors, registry, keyed randomness, recipes, progress, report fragments; nothing else lives here."""
