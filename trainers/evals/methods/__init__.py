"""The evaluations that a recipe can name, one file each; the file's name is the name."""
