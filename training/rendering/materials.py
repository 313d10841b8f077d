"""What subjects are made of, as Cycles' nodes."""

from __future__ import annotations

from typing import Any

import bpy

from training.rendering.stage import Stage


def _material() -> tuple[Any, Any, Any]:
    """A material, its nodes, and its output."""
    made = bpy.data.materials.new("material")
    made.use_nodes = True
    tree = made.node_tree
    tree.nodes.clear()
    return made, tree, tree.nodes.new("ShaderNodeOutputMaterial")


def _principled(tree: Any, colour: Any, **inputs: float) -> Any:
    node = tree.nodes.new("ShaderNodeBsdfPrincipled")
    node.inputs["Base Color"].default_value = (*(float(value) for value in colour), 1.0)
    for name, value in inputs.items():
        node.inputs[name.replace("_", " ").title()].default_value = value
    return node


def _mottled(stage: Stage, tree: Any, target: Any, one: Any, two: Any, scale: float) -> None:
    """A colour input that changes between two colours over the surface."""
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = scale
    noise.inputs["Detail"].default_value = stage.uniform(0.0, 6.0)
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    middle, soft = stage.uniform(0.42, 0.58), stage.log_uniform(0.01, 0.3)
    for stop, place, colour in zip(
        ramp.color_ramp.elements, (middle - soft, middle + soft), (one, two), strict=True
    ):
        stop.position = min(max(place, 0.0), 1.0)
        stop.color = (*(float(value) for value in colour), 1.0)
    where = tree.nodes.new("ShaderNodeTexCoord")
    tree.links.new(where.outputs["Object"], noise.inputs["Vector"])
    tree.links.new(noise.outputs[0], ramp.inputs[0])
    tree.links.new(ramp.outputs[0], target)


def solid(stage: Stage, colour: Any, *, rough: float | None = None, metal: float = 0.0) -> Any:
    """Cloth, skin, plastic or metal, mottled now and then."""
    made, tree, out = _material()
    rough = stage.uniform(0.15, 1.0) if rough is None else rough
    node = _principled(tree, colour, roughness=rough, metallic=metal)
    if stage.chance(0.4):
        other = stage.palette.any() if stage.chance(0.4) else colour * stage.uniform(0.3, 1.0)
        scale = stage.log_uniform(2.0, 60.0)
        _mottled(stage, tree, node.inputs["Base Color"], colour, other, scale)
    tree.links.new(node.outputs[0], out.inputs["Surface"])
    return made


def lamp(colour: Any, strength: float) -> Any:
    """What shines by itself."""
    made, tree, out = _material()
    shine = tree.nodes.new("ShaderNodeEmission")
    shine.inputs["Color"].default_value = (*(float(value) for value in colour), 1.0)
    shine.inputs["Strength"].default_value = strength
    tree.links.new(shine.outputs[0], out.inputs["Surface"])
    return made


def hair(stage: Stage, colour: Any) -> Any:
    """Strands: a model of hair fibres, or a plain shiny one."""
    made, tree, out = _material()
    if stage.chance(0.6):
        node = tree.nodes.new("ShaderNodeBsdfHairPrincipled")
        node.parametrization = "COLOR"
        node.inputs["Color"].default_value = (*(float(value) for value in colour), 1.0)
        node.inputs["Roughness"].default_value = stage.uniform(0.15, 0.5)
        node.inputs["Radial Roughness"].default_value = stage.uniform(0.2, 0.6)
    else:
        node = _principled(tree, colour, roughness=stage.uniform(0.2, 0.7))
    tree.links.new(node.outputs[0], out.inputs["Surface"])
    return made


def leaf(stage: Stage, colour: Any) -> Any:
    """Blades and leaves: light shines through them."""
    made, tree, out = _material()
    front = _principled(tree, colour, roughness=stage.uniform(0.3, 0.8))
    behind = tree.nodes.new("ShaderNodeBsdfTranslucent")
    through = colour * stage.uniform(0.6, 1.2)
    behind.inputs["Color"].default_value = (*(min(float(value), 0.95) for value in through), 1.0)
    mix = tree.nodes.new("ShaderNodeMixShader")
    mix.inputs[0].default_value = stage.uniform(0.0, 0.5)
    tree.links.new(front.outputs[0], mix.inputs[1])
    tree.links.new(behind.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], out.inputs["Surface"])
    return made


def glass(stage: Stage) -> Any:
    """Thin neutral glass: what is behind shows unbent, so that one alpha is exact."""
    made, tree, out = _material()
    clear = tree.nodes.new("ShaderNodeBsdfTransparent")
    dim = stage.uniform(0.7, 1.0) if stage.chance(0.4) else stage.uniform(0.92, 1.0)
    clear.inputs["Color"].default_value = (dim, dim, dim, 1.0)
    mirror = tree.nodes.new("ShaderNodeBsdfAnisotropic")
    mirror.inputs["Roughness"].default_value = stage.log_uniform(0.01, 0.25)
    mirror.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    angle = tree.nodes.new("ShaderNodeLayerWeight")
    angle.inputs["Blend"].default_value = 0.5  # one less the cosine, of either face
    aslant = tree.nodes.new("ShaderNodeMath")
    aslant.operation = "POWER"
    tree.links.new(angle.outputs["Facing"], aslant.inputs[0])
    aslant.inputs[1].default_value = stage.uniform(3.0, 5.0)
    mirrored = tree.nodes.new("ShaderNodeMapRange")  # Schlick's approximation
    mirrored.inputs["To Min"].default_value = stage.log_uniform(0.02, 0.12)
    tree.links.new(aslant.outputs[0], mirrored.inputs["Value"])
    mix = tree.nodes.new("ShaderNodeMixShader")
    tree.links.new(mirrored.outputs[0], mix.inputs[0])
    tree.links.new(clear.outputs[0], mix.inputs[1])
    tree.links.new(mirror.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], out.inputs["Surface"])
    return made


def veil(stage: Stage, colour: Any, cover: float) -> Any:
    """Thin fabric that covers so much of what is behind it, more where it is seen aslant."""
    made, tree, out = _material()
    clear = tree.nodes.new("ShaderNodeBsdfTransparent")
    weave = _principled(tree, colour, roughness=stage.uniform(0.4, 0.9))
    angle = tree.nodes.new("ShaderNodeLayerWeight")
    angle.inputs["Blend"].default_value = 0.3
    more = tree.nodes.new("ShaderNodeMapRange")
    more.inputs["To Min"].default_value = cover
    more.inputs["To Max"].default_value = min(1.0, cover + 0.5)
    mix = tree.nodes.new("ShaderNodeMixShader")
    tree.links.new(angle.outputs["Facing"], more.inputs["Value"])
    tree.links.new(more.outputs[0], mix.inputs[0])
    tree.links.new(clear.outputs[0], mix.inputs[1])
    tree.links.new(weave.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], out.inputs["Surface"])
    return made


def smoke(stage: Stage, colour: Any, density: float, scale: float) -> Any:
    """A volume in the unit sphere of its object, dense within and ragged at its edge."""
    made, tree, out = _material()
    where = tree.nodes.new("ShaderNodeTexCoord")
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value = scale
    noise.inputs["Detail"].default_value = stage.uniform(2.0, 5.0)
    noise.inputs["Distortion"].default_value = stage.uniform(0.0, 1.5)
    away = tree.nodes.new("ShaderNodeVectorMath")
    away.operation = "LENGTH"
    ragged = _sum(tree, noise.outputs[0], away.outputs["Value"], stage.uniform(-0.9, -0.5))
    thick = tree.nodes.new("ShaderNodeMapRange")
    thick.inputs["From Min"].default_value = stage.uniform(-0.05, 0.15)
    thick.inputs["From Max"].default_value = stage.uniform(0.3, 0.8)
    thick.inputs["To Max"].default_value = density
    body = tree.nodes.new("ShaderNodeVolumePrincipled")
    body.inputs["Color"].default_value = (*(float(value) for value in colour), 1.0)
    body.inputs["Anisotropy"].default_value = stage.uniform(-0.2, 0.6)
    tree.links.new(where.outputs["Object"], noise.inputs["Vector"])
    tree.links.new(where.outputs["Object"], away.inputs[0])
    tree.links.new(ragged, thick.inputs["Value"])
    tree.links.new(thick.outputs[0], body.inputs["Density"])
    tree.links.new(body.outputs[0], out.inputs["Volume"])
    return made


def _sum(tree: Any, one: Any, two: Any, factor: float) -> Any:
    """one + factor * two."""
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = "MULTIPLY_ADD"
    tree.links.new(two, node.inputs[0])
    node.inputs[1].default_value = factor
    tree.links.new(one, node.inputs[2])
    return node.outputs[0]
