#!/usr/bin/env python3
"""Makes other forms of a model of make_models.py, `residual-legacy`, which compute the same in another graph:

    python -m venv /tmp/onnx && /tmp/onnx/bin/pip install numpy onnx
    /tmp/onnx/bin/python Tests/ONNXTests/make_forms.py

- residual-one.onnx: both halves in one file, with the inputs x and z.
- residual-whole.onnx: encoder and decoder in a row, with the input x alone, as torch.onnx.export writes a whole
  autoencoder. z is the value `mean` within the graph.
- residual-last-encoder.onnx, residual-last-decoder.onnx: pictures with the channels last, as tf2onnx writes networks
  of Keras. Transpositions stand at the edges, and dense layers count their inputs in the order row, column, channel.

It checks by onnx's reference evaluator that they compute what the original does.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.compose import add_prefix

from make_onnx import FOLDER, evaluator, numbers

NAME = "residual-legacy"
LATENT = 4
# The encoder flattens 8 channels of 2 x 2, and the decoder begins with them.
CHANNELS, SIDE = 8, 2


def port(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch"] + shape)


def parts():
    encoder = onnx.load(FOLDER / f"{NAME}-encoder.onnx")
    decoder = add_prefix(onnx.load(FOLDER / f"{NAME}-decoder.onnx"), "decoder/", rename_inputs=True, rename_outputs=True)
    return encoder, decoder


def model(nodes, inputs, outputs, tensors, like):
    graph = helper.make_graph(nodes, "autoencoder", inputs, outputs, tensors)
    result = helper.make_model(graph, opset_imports=like.opset_import, ir_version=8, producer_name="make_forms.py")
    onnx.checker.check_model(result)
    return result


def renamed(nodes, names):
    for node in nodes:
        for names_of in (node.input, node.output):
            for k, name in enumerate(names_of):
                names_of[k] = names.get(name, name)
    return nodes


def whole(latent):
    """One graph of both halves, whose decoder begins with the value `latent`."""
    encoder, decoder = parts()
    renamed(decoder.graph.node, {"decoder/z": latent, "decoder/y": "y"})
    inputs = [port("x", [3, 8, 8])] + ([port("z", [LATENT])] if latent == "z" else [])
    outputs = [port("mean", [LATENT]), port("log_variance", [LATENT]), port("y", [3, 8, 8])]
    if latent != "z":
        outputs = [outputs[2], outputs[0], outputs[1]]
    return model(
        list(encoder.graph.node) + list(decoder.graph.node), inputs, outputs,
        list(encoder.graph.initializer) + list(decoder.graph.initializer), encoder)


def channels_last_encoder():
    encoder, _ = parts()
    nodes = [helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2])]
    places = np.arange(CHANNELS * SIDE * SIDE).reshape(CHANNELS, SIDE, SIDE).transpose(1, 2, 0).ravel()
    heads = set()
    for node in renamed(encoder.graph.node, {"x": "first"}):
        if node.op_type == "Flatten":
            nodes.append(helper.make_node("Transpose", [node.input[0]], ["last"], perm=[0, 2, 3, 1]))
            node.input[0] = "last"
        if node.op_type == "Gemm":
            heads.add(node.input[1])
        nodes.append(node)
    tensors = []
    for tensor in encoder.graph.initializer:
        if tensor.name in heads:
            tensor = numpy_helper.from_array(numpy_helper.to_array(tensor)[:, places], tensor.name)
        tensors.append(tensor)
    return model(
        nodes, [port("x", [8, 8, 3])], [port("mean", [LATENT]), port("log_variance", [LATENT])], tensors, encoder)


def channels_last_decoder():
    decoder = onnx.load(FOLDER / f"{NAME}-decoder.onnx")
    nodes = [*renamed(decoder.graph.node, {"y": "first"}), helper.make_node("Transpose", ["first"], ["y"], perm=[0, 2, 3, 1])]
    return model(nodes, [port("z", [LATENT])], [port("y", [8, 8, 3])], list(decoder.graph.initializer), decoder)


def save(name, made, run, expected):
    onnx.save(made, FOLDER / name)
    difference = max(np.abs(a - b).max() for a, b in zip(run(made), expected))
    print(name, (FOLDER / name).stat().st_size, "bytes; differs from the original by", difference)
    assert difference < 1e-12


def main():
    encoder, decoder = (onnx.load(FOLDER / f"{NAME}-{part}.onnx") for part in ["encoder", "decoder"])
    x = (numbers([3, 3, 8, 8]) + 2) / 4
    mean, log_variance = evaluator(encoder).run(None, {"x": x})
    y = evaluator(decoder).run(None, {"z": mean})[0]
    last = [0, 2, 3, 1]
    save(
        "residual-one.onnx", whole("z"), lambda made: evaluator(made).run(None, {"x": x, "z": mean}),
        [mean, log_variance, y])
    save("residual-whole.onnx", whole("mean"), lambda made: evaluator(made).run(None, {"x": x}), [y, mean, log_variance])
    save(
        "residual-last-encoder.onnx", channels_last_encoder(),
        lambda made: evaluator(made).run(None, {"x": x.transpose(last)}), [mean, log_variance])
    save(
        "residual-last-decoder.onnx", channels_last_decoder(),
        lambda made: evaluator(made).run(None, {"z": mean}), [y.transpose(last)])


if __name__ == "__main__":
    main()
