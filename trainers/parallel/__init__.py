"""How a network is spread over the processes of a run."""
