"""Counting over the corpus: records whose verdict depends on how common what they hold is wait, and then go on."""
