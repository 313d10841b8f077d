"""Subjects rendered with Blender's Cycles, in the layers that training/drawing gives.

Light in hair, plants, glass and smoke is what drawings by formulas get wrong. Everything here is
built from a seed: no model, texture or picture from elsewhere. These modules run inside Blender's
Python and know numpy and bpy alone; training/render.py starts them and fills the pool.
"""

RENDERED = (
    "rendered_hair",
    "rendered_fur",
    "rendered_plants",
    "rendered_glass",
    "rendered_smoke",
    "rendered_thin",
    "rendered_solids",
    "rendered_veil",
)
"""Kinds of subject, as training/drawing has its own."""
