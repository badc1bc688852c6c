"""Views of an image: everything random of them is drawn first, as data; the pixels are a pure function of that."""
