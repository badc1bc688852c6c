r"""Kernels: compiled functions over the buffers of Arrow arrays, one responsibility a file.

They are compiled by the two decorators of `headrace.shards.base.kernels`. From the bottom up:

| file                | what it gives                                                                          |
|---------------------|----------------------------------------------------------------------------------------|
| `buffers.py`        | a text array as numpy views, nothing copied                                              |
| `unicode_tables.py` | class and lower case of every code point; `utf8.py`: reading and writing code points     |
| `hashing.py`        | the hash functions, defined byte by byte                                                 |
| `words.py`          | what a word is; `word_hashes.py`: their hashes and spans                                 |
| `token_rules.py`    | what a token is; `tokens.py`: as arrays; `ascii_words.py`: ASCII, eight bytes at a step   |
| `lines.py`          | what is noted of a line; `feed_lines.py`: lines that end at `\n` alone                   |
| `walk.py`           | the one walk over the bytes; `segments.py`: tokens, lines and `counts.py` from it  |
| `hash_table.py`     | a table in scratch space; `stop_words.py`: a few words among many tokens                  |
| `line_repetition.py`| repeated lines and paragraphs; `ngrams.py`: repeated n-grams of tokens                    |
| `shingles.py`       | word n-grams and exact Jaccard similarity                                                |
| `minhash.py`        | signatures, equal to datasketch's; `datasketch_bridge.py`: over to its classes           |
| `ngram_matches.py`  | a benchmark's n-grams found in documents                                                 |
| `warmup.py`         | all kernels compiled or loaded before work starts                                        |
"""
