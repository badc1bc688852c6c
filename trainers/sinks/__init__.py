"""Where the lines of a run go besides RUN/metrics.jsonl, one file each; the file's name is the name."""
