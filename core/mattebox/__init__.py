"""Mattebox: a colour-managed neural keyer. Importing it loads nothing else."""

__version__ = "0.2.0.dev0"
