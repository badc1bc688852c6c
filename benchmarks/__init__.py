"""Headrace beside its peers, measured in one run on one machine; `README.md` says how."""
