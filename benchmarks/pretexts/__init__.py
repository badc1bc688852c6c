"""What pretexts are worth on real data within minutes: runs over seeds, beside the untrained network and raw input."""
