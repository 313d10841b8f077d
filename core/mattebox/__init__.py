"""Mattebox: a colour-managed neural keyer. Importing it loads nothing else."""

__version__ = "0.1.0"
