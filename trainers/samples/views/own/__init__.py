"""Views of one's own that come with Headrace, each one file; `base` is their contract."""
