"""RVM's refiner as a branch of an ONNX graph: run unless the ratio input is 1.

The releases' own ONNX files run the refiner at ratio 1, too, where their torch files do not; a
tracer cannot record a branch, so it is put in afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

PREFIX = "refiner/"


def refine_unless_one(
    model: onnx.ModelProto, placeholder: str, refiner: onnx.ModelProto, names: Sequence[str]
) -> None:
    """Replace, in place, a placeholder node by ``If``.

    Args:
        model: with one node of the placeholder's domain and type, whose inputs are the ratio and
            then the refiner's inputs, of which the third is the answer where the ratio is 1.
        placeholder: ``domain::Type``.
        refiner: a graph of its own with one output.
        names: of the refiner's inputs, in order; one that it does not use is not in its graph.
    """
    from onnx import TensorProto, compose, helper

    domain, _, kind = placeholder.partition("::")
    index, node = next((i, n) for i, n in enumerate(model.graph.node) if n.domain == domain)
    assert node.op_type == kind
    ratio, *inputs = node.input
    values = inputs[2]
    refiner = compose.add_prefix(refiner, PREFIX)
    outer = dict(zip((PREFIX + name for name in names), inputs, strict=True))
    for inner in refiner.graph.node:
        for place, name in enumerate(inner.input):
            inner.input[place] = outer.get(name, name)

    result = refiner.graph.output[0].name
    shape: list[str | int | None] = ["batch", 4, "refined_height", "refined_width"]
    refined = helper.make_graph(
        list(refiner.graph.node),
        "refined",
        [],
        [helper.make_tensor_value_info(result, TensorProto.FLOAT, shape)],
    )
    unrefined = helper.make_graph(
        [helper.make_node("Identity", [values], [PREFIX + "none"])],
        "unrefined",
        [],
        [helper.make_tensor_value_info(PREFIX + "none", TensorProto.FLOAT, shape)],
    )
    one, is_one, is_one_scalar = PREFIX + "one", PREFIX + "is_one", PREFIX + "is_one_scalar"
    branch = [
        helper.make_node("Equal", [ratio, one], [is_one]),
        helper.make_node("Squeeze", [is_one], [is_one_scalar]),
        helper.make_node(
            "If",
            [is_one_scalar],
            list(node.output),
            name="refine_unless_one",
            then_branch=unrefined,
            else_branch=refined,
        ),
    ]
    model.graph.initializer.extend(refiner.graph.initializer)
    model.graph.initializer.append(helper.make_tensor(one, TensorProto.FLOAT, [1], [1.0]))
    nodes = [*model.graph.node[:index], *branch, *model.graph.node[index + 1 :]]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    kept = [item for item in model.opset_import if item.domain != domain]
    del model.opset_import[:]
    model.opset_import.extend(kept)
