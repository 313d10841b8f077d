"""The order of things: frames -> colour -> engine -> matte -> frames. Nothing else knows it.

``prepare`` finds out once per shot what a job left open; ``run`` keys frames; ``check`` examines
what was written. ``setup`` holds what they open, ``plan`` which frames they have to do with.
"""
