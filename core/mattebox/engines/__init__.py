"""Engines: ways to get a first alpha."""
