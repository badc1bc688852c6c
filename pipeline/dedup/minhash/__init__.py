"""The steps of near-duplicate removal: sign, pair, cluster, verify, index."""
