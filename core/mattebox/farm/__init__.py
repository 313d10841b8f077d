"""Keying on a farm: one shot as jobs of the schedulers that studios run.

A dispatcher is told three things in its own words: analyse once, key in chunks, check every frame.
Nothing here computes or talks to a server; the commands that run on a worker are the same that
people type.
"""
