"""Benchmarks: every engine beside plain keyers, on shots whose exact matte is known."""
