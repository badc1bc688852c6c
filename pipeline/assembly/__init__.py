"""Assembly: from the records that are left to shards, ledger, manifest and report, published whole."""
