"""Colour for Mattebox: configs, plate spaces, transforms, model space."""
