"""Taking over other people's tars: looking through them once, and writing what is needed to stream them."""
