"""The commands `build`, `explain` and `filters`: their help, and nothing of what they do."""

import typer

commands = typer.Typer()
