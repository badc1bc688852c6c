"""From samples to a training: batches, read ahead by workers or not, and the state of what was delivered."""
