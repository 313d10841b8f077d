"""Rulers: errors against truth, identity, flicker."""
