"""Drawn subjects for training, whose light, alpha and share of the screen's light are known."""

from training.drawing.scenes import KINDS, Scene, draw_scene

__all__ = ["KINDS", "Scene", "draw_scene"]
