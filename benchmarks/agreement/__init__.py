"""Whether our filters drop the same documents as datatrove's; the command is `benchmarks.filter_agreement`."""
