"""What evaluations of language models stand on: likelihoods of tokens, items of choices, baselines."""
