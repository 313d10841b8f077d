"""Weights of networks: where they are, whose they are, and whether a file is what it should be.

``catalogue`` names them, ``store`` is where they lie, ``fetch`` brings them there, ``check`` looks
at a file, and ``choose`` says which file a job means. Only ``fetch`` ever reaches the network.
"""
