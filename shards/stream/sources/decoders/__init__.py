"""From a field's bytes to its value, a kind of field in each file; none unpickles, none grows without bound."""
