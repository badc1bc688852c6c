"""How functions are compiled by numba, and where what was compiled is kept; nothing is imported before it is needed."""
