#!/usr/bin/env python3
"""Makes Tests/Fixtures/onnx/operators.json: one small graph per operator and what onnx's reference evaluator computes.

    python -m venv /tmp/onnx && /tmp/onnx/bin/pip install numpy onnx onnxruntime
    /tmp/onnx/bin/python Tests/ONNXTests/make_onnx.py

Each graph has the input `x` (float, its first dimension is the batch) and the output `y`. The evaluator runs on the
same file with its float tensors cast to double. ONNX Runtime runs the file itself where it can, as a control.
The numbers of x are those of `numbers` below, which the tests make themselves.
"""

import base64
import json
import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

ROWS = 3
FOLDER = Path(__file__).resolve().parent.parent / "Fixtures" / "onnx"


def numbers(shape, seed=0):
    """Numbers between -2 and 2 that any language can make: multiples of 1/256."""
    count = int(np.prod(shape))
    i = np.arange(count, dtype=np.int64) + 1 + 977 * seed
    return (((i * 7919 + (i * i) % 1013 * 31) % 1024) / 256.0 - 2.0).reshape(shape)


def weight(shape, seed=1):
    return (numbers(shape, seed) / 4).astype(np.float32)


class Case:
    """A graph under construction."""

    def __init__(self, name, shape, opset, free=True):
        self.name, self.shape, self.opset, self.free = name, list(shape), opset, free
        self.nodes, self.tensors = [], []

    def tensor(self, array, name=None):
        name = name or f"w{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, operation, inputs, outputs=("y",), **attributes):
        self.nodes.append(helper.make_node(operation, list(inputs), list(outputs), **attributes))
        return outputs[0]

    def model(self):
        batch = "batch" if self.free else ROWS
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch] + self.shape)
        y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "g", [x], [y], self.tensors)
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8, producer_name="make_onnx.py")


# What the reference evaluator of onnx 1.23 computes otherwise than the operator's definition and ONNX Runtime.
EVALUATOR_IS_WRONG = {"BatchNormalization-9", "Softmax-9", "ConvTranspose-depthwise"}


# What it computes in single precision whatever its inputs are.
EVALUATOR_IS_SINGLE = {"GroupNormalization-21", "GroupNormalization-18"}


class Erf(OpRun):
    """onnx's own rounds to single precision."""

    op_domain = ""

    def _run(self, x):
        return (np.vectorize(math.erf, otypes=[np.float64])(x),)


class Gelu(OpRun):
    """onnx's own is a function with constants in single precision."""

    op_domain = ""

    def _run(self, x, approximate=None):
        if approximate == "tanh":
            return (0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),)
        return (0.5 * x * (1 + np.vectorize(math.erf, otypes=[np.float64])(x / math.sqrt(2))),)


def evaluator(model):
    """onnx's reference evaluator of the model in double precision."""
    return ReferenceEvaluator(in_double(model), new_ops=[Erf, Gelu])


def in_double(model):
    """The model with its float tensors cast to double."""
    double = onnx.ModelProto()
    double.CopyFrom(model)

    def cast(tensor):
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))

    for tensor in double.graph.initializer:
        cast(tensor)
    for port in list(double.graph.input) + list(double.graph.output) + list(double.graph.value_info):
        if port.type.tensor_type.elem_type == TensorProto.FLOAT:
            port.type.tensor_type.elem_type = TensorProto.DOUBLE
    for node in double.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                cast(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
        if node.op_type == "ConstantOfShape" and not node.attribute:
            node.attribute.append(
                helper.make_attribute("value", helper.make_tensor("v", TensorProto.DOUBLE, [1], [0.0])))
    return double


CASES = []


def simple(name, operation, shape, opset, *weights, **attributes):
    """One node with weights."""
    case = Case(name, shape, opset)
    case.node(operation, ["x"] + [case.tensor(w) for w in weights], **attributes)
    CASES.append(case)


def ints(*values):
    return np.array(values, np.int64)


def functions():
    for operation in ["Relu", "Tanh", "Sigmoid", "Softplus", "Erf", "Exp", "Neg", "Abs", "Identity"]:
        simple(operation, operation, [7], 13)
    simple("LeakyRelu", "LeakyRelu", [7], 16, alpha=0.2)
    simple("LeakyRelu-default", "LeakyRelu", [7], 9)
    simple("Elu", "Elu", [7], 9, alpha=0.7)
    simple("Gelu", "Gelu", [7], 20)
    simple("Gelu-tanh", "Gelu", [7], 20, approximate="tanh")
    simple("PRelu", "PRelu", [3, 2, 2], 16, weight([3, 1, 1]))
    simple("Clip-6", "Clip", [7], 9, min=-0.5, max=1.0)
    simple("Clip-11", "Clip", [7], 13, np.float32(-0.5), np.float32(1.0))
    simple("Dropout-9", "Dropout", [7], 9, ratio=0.5)
    simple("Dropout-13", "Dropout", [7], 13, np.float32(0.5))
    case = Case("Sqrt", [7], 13)
    case.node("Abs", ["x"], ["a"])
    case.node("Sqrt", ["a"])
    CASES.append(case)
    case = Case("Log-Reciprocal", [7], 13)
    case.node("Exp", ["x"], ["a"])
    case.node("Add", ["a", case.tensor(np.float32(1))], ["b"])
    case.node("Log", ["b"], ["c"])
    case.node("Reciprocal", ["c"])
    CASES.append(case)
    for name, exponent in [("2", 2.0), ("3", 3.0)]:
        simple("Pow-" + name, "Pow", [7], 13, np.float32(exponent))
    case = Case("Pow-half", [7], 15)
    case.node("Abs", ["x"], ["a"])
    case.node("Pow", ["a", case.tensor(np.float32(1.3))])
    CASES.append(case)


def pairs():
    for operation in ["Add", "Sub", "Mul", "Div"]:
        simple(operation, operation, [3, 2, 2], 13, weight([3, 1, 1]) + np.float32(0.7))
        case = Case(operation + "-left", [4], 14)
        case.node("Exp", ["x"], ["a"])
        case.node(operation, [case.tensor(weight([4])), "a"])
        CASES.append(case)
        case = Case(operation + "-both", [3, 2, 2], 9)
        case.node("Exp", ["x"], ["a"])
        case.node("GlobalAveragePool", ["a"], ["b"])
        case.node(operation, ["x", "b"])
        CASES.append(case)
    # Softplus as PyTorch's newer exporter writes it, and its halves.
    case = Case("Where-Greater", [7], 18)
    case.node("Mul", ["x", case.tensor(np.float32(20))], ["a"])
    case.node("Exp", ["a"], ["b"])
    case.node("Add", ["b", case.tensor(np.float32(1))], ["c"])
    case.node("Log", ["c"], ["d"])
    case.node("Greater", ["a", case.tensor(np.float32(20))], ["e"])
    case.node("Where", ["e", "a", "d"])
    CASES.append(case)
    case = Case("Max-Min", [6], 13)
    case.node("Max", ["x", case.tensor(weight([6]))], ["a"])
    case.node("Min", ["a", case.tensor(weight([6], 4) + np.float32(0.5))])
    CASES.append(case)
    case = Case("SiLU", [3, 2, 2], 17)
    case.node("Sigmoid", ["x"], ["a"])
    case.node("Mul", ["x", "a"])
    CASES.append(case)
    case = Case("Cast-Not", [6], 13)
    case.node("Less", ["x", case.tensor(np.float32(0.3))], ["a"])
    case.node("Not", ["a"], ["b"])
    case.node("Cast", ["b"], ["c"], to=TensorProto.FLOAT)
    case.node("Mul", ["c", "x"])
    CASES.append(case)


def convolutions():
    def conv(name, shape, weights, opset=11, bias=True, **attributes):
        outputs = weights[0]
        extra = [weight([outputs], 5)] if bias else []
        simple(name, "Conv", shape, opset, weight(weights), *extra, **attributes)

    conv("Conv", [2, 5, 4], [3, 2, 3, 3], pads=[1, 1, 1, 1])
    conv("Conv-stride", [2, 6, 6], [4, 2, 4, 4], pads=[1, 1, 1, 1], strides=[2, 2], bias=False)
    conv("Conv-wide", [3, 4, 4], [40, 3, 2, 3], opset=22)
    conv("Conv-pads", [2, 5, 4], [3, 2, 3, 2], pads=[2, 0, 1, 1], strides=[2, 1])
    conv("Conv-dilation", [1, 7, 7], [2, 1, 3, 3], dilations=[2, 3], pads=[1, 2, 1, 2])
    conv("Conv-groups", [4, 4, 4], [6, 2, 3, 3], group=2, pads=[1, 1, 1, 1])
    conv("Conv-depthwise", [3, 4, 4], [3, 1, 3, 3], group=3, auto_pad="SAME_UPPER")
    conv("Conv-depthwise-stride", [20, 5, 4], [20, 1, 3, 3], group=20, strides=[2, 1], pads=[1, 0, 1, 2], bias=False)
    conv("Conv-depthwise-twice", [3, 4, 4], [6, 1, 2, 2], group=3)
    conv("Conv-same-upper", [2, 5, 4], [3, 2, 2, 4], auto_pad="SAME_UPPER", strides=[2, 1])
    conv("Conv-same-lower", [2, 5, 4], [3, 2, 2, 4], auto_pad="SAME_LOWER", strides=[1, 2])
    conv("Conv-valid", [2, 5, 4], [3, 2, 2, 2], auto_pad="VALID")
    conv("Conv-1x1", [3, 2, 3], [5, 3, 1, 1])
    conv("Conv-1d", [2, 7], [3, 2, 3], pads=[1, 1], strides=[2])
    conv("Conv-3d", [2, 3, 3, 2], [2, 2, 2, 2, 2], pads=[1, 0, 0, 0, 1, 1])
    conv("Conv-to-one", [8, 6, 6], [1, 8, 3, 3], pads=[1, 1, 1, 1])

    def transposed(name, shape, weights, opset=11, groups=1, **attributes):
        simple(
            name, "ConvTranspose", shape, opset, weight(weights), weight([weights[1] * groups], 5), group=groups,
            **attributes)

    transposed("ConvTranspose", [2, 3, 3], [2, 3, 4, 4], strides=[2, 2], pads=[1, 1, 1, 1])
    transposed("ConvTranspose-plain", [2, 3, 2], [2, 3, 2, 3])
    transposed(
        "ConvTranspose-output-padding", [2, 3, 3], [2, 2, 3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
        output_padding=[1, 1])
    transposed(
        "ConvTranspose-groups", [4, 2, 3], [4, 3, 3, 2], opset=22, groups=2, strides=[1, 2], pads=[0, 1, 1, 0])
    transposed("ConvTranspose-depthwise", [5, 2, 3], [5, 1, 3, 2], groups=5, strides=[2, 1], pads=[0, 1, 1, 0])
    transposed("ConvTranspose-dilation", [1, 3, 3], [1, 2, 2, 2], dilations=[2, 2], strides=[2, 1])
    transposed("ConvTranspose-same-upper", [2, 3, 3], [2, 2, 3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    transposed("ConvTranspose-same-lower", [2, 3, 3], [2, 2, 3, 3], strides=[2, 2], auto_pad="SAME_LOWER")
    transposed("ConvTranspose-1d", [3, 4], [3, 2, 3], strides=[3])
    for operation, weights in [("Conv", [40, 2, 3, 3]), ("ConvTranspose", [2, 3, 3, 3]), ("Conv", [1, 2, 3, 3])]:
        outputs = weights[0] if operation == "Conv" else weights[1]
        case = Case(f"{operation}-{outputs}-BatchNormalization", [2, 3, 3], 15)
        case.node(operation, ["x", case.tensor(weight(weights)), case.tensor(weight([outputs], 2))], ["a"])
        moments = [weight([outputs], 3), weight([outputs], 4), weight([outputs], 5), np.abs(weight([outputs], 6)) + 1]
        case.node("BatchNormalization", ["a"] + [case.tensor(m.astype(np.float32)) for m in moments], epsilon=1e-3)
        CASES.append(case)


def matrices():
    simple("Gemm", "Gemm", [5], 11, weight([5, 3]), weight([3], 2))
    simple("Gemm-transB", "Gemm", [5], 9, weight([3, 5]), weight([1, 3], 2), transB=1, alpha=0.5, beta=2.0)
    simple("Gemm-wide", "Gemm", [5], 13, weight([70, 5]), transB=1)
    simple("MatMul", "MatMul", [5], 13, weight([5, 3]))
    simple("MatMul-3d", "MatMul", [4, 5], 13, weight([5, 3]))
    case = Case("MatMul-left", [4, 5], 13)
    case.node("MatMul", [case.tensor(weight([3, 4])), "x"])
    CASES.append(case)
    case = Case("Attention", [4, 6], 17)
    case.node("MatMul", ["x", case.tensor(weight([6, 6]))], ["q"])
    case.node("Transpose", ["x"], ["t"], perm=[0, 2, 1])
    case.node("MatMul", ["q", "t"], ["s"])
    case.node("Softmax", ["s"], ["p"], axis=-1)
    case.node("MatMul", ["p", "x"])
    CASES.append(case)
    case = Case("Gemm-BatchNormalization", [5], 15)
    case.node("Gemm", ["x", case.tensor(weight([5, 4]))], ["a"])
    moments = [weight([4], 3), weight([4], 4), weight([4], 5), np.abs(weight([4], 6)) + np.float32(1)]
    case.node("BatchNormalization", ["a"] + [case.tensor(m.astype(np.float32)) for m in moments])
    CASES.append(case)


def normalizations():
    def moments(count):
        return [weight([count], 3), weight([count], 4), weight([count], 5), np.abs(weight([count], 6)) + np.float32(1)]

    simple("BatchNormalization-9", "BatchNormalization", [3, 2, 2], 9, *moments(3))
    simple("BatchNormalization-15", "BatchNormalization", [3, 4], 15, *moments(3), epsilon=0.01)
    simple("InstanceNormalization", "InstanceNormalization", [3, 3, 2], 9, weight([3], 3), weight([3], 4), epsilon=0.01)
    simple("GroupNormalization-21", "GroupNormalization", [4, 3, 2], 21, weight([4], 3), weight([4], 4), num_groups=2)
    simple("GroupNormalization-18", "GroupNormalization", [4, 3, 2], 18, weight([2], 3), weight([2], 4), num_groups=2)
    simple("LayerNormalization", "LayerNormalization", [4, 5], 17, weight([5], 3), weight([5], 4))
    simple("LayerNormalization-axis", "LayerNormalization", [4, 5], 17, weight([4, 5], 3), axis=1)
    simple("Softmax-9", "Softmax", [3, 4], 9, axis=1)
    simple("Softmax-13", "Softmax", [3, 4], 13, axis=1)
    # Group normalization as PyTorch's older exporter writes it.
    case = Case("GroupNormalization-reshaped", [4, 3, 2], 17)
    case.node("Shape", ["x"], ["s"])
    case.node("Reshape", ["x", case.tensor(ints(0, 2, -1))], ["a"])
    case.node("InstanceNormalization", ["a", case.tensor(np.ones(2, np.float32)), case.tensor(np.zeros(2, np.float32))], ["b"])
    case.node("Reshape", ["b", "s"], ["c"])
    case.node("Mul", ["c", case.tensor(weight([4, 1, 1], 3))], ["d"])
    case.node("Add", ["d", case.tensor(weight([4, 1, 1], 4))])
    CASES.append(case)
    # Normalization of channels last by hand.
    case = Case("ReduceMean-variance", [3, 4], 13)
    case.node("ReduceMean", ["x"], ["m"], axes=[-1])
    case.node("Sub", ["x", "m"], ["a"])
    case.node("Pow", ["a", case.tensor(np.float32(2))], ["b"])
    case.node("ReduceMean", ["b"], ["v"], axes=[-1], keepdims=1)
    case.node("Add", ["v", case.tensor(np.float32(1e-3))], ["c"])
    case.node("Sqrt", ["c"], ["d"])
    case.node("Div", ["a", "d"])
    CASES.append(case)


def pooling():
    simple("AveragePool", "AveragePool", [2, 4, 5], 11, kernel_shape=[2, 2], strides=[2, 2])
    simple("AveragePool-pads", "AveragePool", [2, 4, 5], 11, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    simple(
        "AveragePool-count", "AveragePool", [2, 4, 5], 11, kernel_shape=[3, 3], pads=[1, 1, 1, 1],
        count_include_pad=1)
    simple("AveragePool-ceil", "AveragePool", [1, 5, 5], 11, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    simple("AveragePool-same", "AveragePool", [1, 5, 5], 11, kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
    simple("GlobalAveragePool", "GlobalAveragePool", [3, 2, 4], 9)
    simple("MaxPool", "MaxPool", [2, 4, 6], 12, kernel_shape=[2, 2], strides=[2, 2])
    simple("MaxPool-pads", "MaxPool", [2, 4, 5], 12, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2])
    simple("MaxPool-dilation", "MaxPool", [1, 5, 5], 12, kernel_shape=[2, 2], dilations=[2, 2], ceil_mode=1)
    simple("ReduceMean-13", "ReduceMean", [3, 2, 4], 13, axes=[2, 3], keepdims=0)
    simple("ReduceMean-18", "ReduceMean", [3, 2, 4], 18, ints(-1, 1))
    simple("ReduceSum-13", "ReduceSum", [3, 2, 4], 13, ints(2), keepdims=0)


def shapes():
    simple("Flatten", "Flatten", [3, 2, 2], 13)
    simple("Reshape", "Reshape", [3, 4], 13, ints(-1, 6, 2))
    simple("Reshape-zero", "Reshape", [3, 4], 14, ints(0, 2, -1))
    simple("Transpose", "Transpose", [3, 2, 4], 13, perm=[0, 3, 1, 2])
    simple("Squeeze-9", "Squeeze", [3, 1, 2], 9, axes=[2])
    simple("Squeeze-13", "Squeeze", [3, 1, 2], 13, ints(-2))
    simple("Unsqueeze-9", "Unsqueeze", [3, 2], 9, axes=[1, 3])
    simple("Unsqueeze-13", "Unsqueeze", [3, 2], 13, ints(-1))
    simple("Expand", "Expand", [3, 1, 2], 13, ints(1, 1, 4, 1))
    # The size of the batch through Shape, Gather, Unsqueeze and Concat, as x.view(x.size(0), -1) becomes.
    case = Case("Shape-Gather-Concat", [3, 4], 11)
    case.node("Shape", ["x"], ["s"])
    case.node("Gather", ["s", case.tensor(np.int64(0))], ["b"], axis=0)
    case.node("Unsqueeze", ["b"], ["u"], axes=[0])
    case.node("Concat", ["u", case.tensor(ints(-1))], ["t"], axis=0)
    case.node("Reshape", ["x", "t"])
    CASES.append(case)
    case = Case("Shape-Slice-Mul", [4, 6], 15)
    case.node("Shape", ["x"], ["s"], start=1)
    case.node("Slice", ["s", case.tensor(ints(1)), case.tensor(ints(2))], ["a"])
    case.node("Div", ["a", case.tensor(ints(2))], ["b"])
    case.node("Concat", [case.tensor(ints(-1)), case.tensor(ints(4, 2)), "b"], ["t"], axis=0)
    case.node("Reshape", ["x", "t"])
    CASES.append(case)
    case = Case("ConstantOfShape", [4], 13)
    case.node("Shape", ["x"], ["s"])
    case.node(
        "ConstantOfShape", ["s"], ["c"], value=helper.make_tensor("v", TensorProto.FLOAT, [1], [0.5]))
    case.node("Concat", ["x", "c"], axis=1)
    CASES.append(case)
    # A linear layer on a transposed weight, which is computed when the file is read.
    case = Case("Folding", [4, 5], 13)
    case.node("Transpose", [case.tensor(weight([3, 5]))], ["t"], perm=[1, 0])
    case.node("Constant", [], ["h"], value=helper.make_tensor("v", TensorProto.FLOAT, [], [0.5]))
    case.node("Mul", ["t", "h"], ["m"])
    case.node("MatMul", ["x", "m"])
    CASES.append(case)
    case = Case("Batch-fixed", [2, 3], 13, free=False)
    case.node("Reshape", ["x", case.tensor(ints(ROWS, 6))], ["a"])
    case.node("Slice", ["a", case.tensor(ints(0)), case.tensor(ints(ROWS)), case.tensor(ints(0))], ["b"])
    case.node("Gemm", ["b", case.tensor(weight([6, 2]))])
    CASES.append(case)


def selections():
    simple("Slice-9", "Slice", [5, 4], 9, axes=[1, 2], starts=[1, -3], ends=[4, 9])
    simple("Slice-steps", "Slice", [6, 4], 13, ints(-1, 0), ints(-100, 4), ints(1, 2), ints(-2, 3))
    simple("Gather", "Gather", [3, 4], 13, ints(2, 0, -1), axis=1)
    simple("Gather-2d", "Gather", [3, 4], 13, np.array([[0, 3], [1, 1]], np.int64), axis=2)
    simple("Gather-scalar", "Gather", [3, 4], 13, np.int64(1), axis=1)
    for opset, arguments in [(9, {"split": [1, 3]}), (13, {}), (18, {"num_outputs": 2})]:
        case = Case(f"Split-{opset}", [4, 2], opset)
        inputs = ["x"] + ([case.tensor(ints(1, 3))] if opset == 13 else [])
        case.node("Split", inputs, ["a", "b"], axis=1, **arguments)
        case.node("Concat", ["b", "a"], axis=1)
        CASES.append(case)
    case = Case("Concat", [2, 3], 13)
    case.node("Exp", ["x"], ["a"])
    case.node("Concat", ["x", "a", "x"], axis=-1)
    CASES.append(case)
    simple("Pad-9", "Pad", [3, 4], 9, pads=[0, 1, 2, 0, 0, 1], value=0.5)
    simple("Pad-13", "Pad", [3, 4], 13, ints(0, 1, 2, 0, 0, 1), np.float32(-0.25))
    simple("Pad-negative", "Pad", [3, 4], 13, ints(0, 1, -1, 0, 0, -2))
    simple("Pad-edge", "Pad", [3, 4], 13, ints(0, 1, 2, 0, 0, 3), mode="edge")
    simple("Pad-reflect", "Pad", [3, 4], 13, ints(0, 2, 3, 0, 1, 2), mode="reflect")
    simple("Pad-axes", "Pad", [3, 4], 18, ints(1, 2), np.float32(0), ints(-1))


def resizing():
    empty = np.array([], np.float32)

    def resize(name, opset, scales=None, sizes=None, **attributes):
        case = Case(name, [2, 3, 4], opset)
        inputs = ["x", "", case.tensor(np.array(scales, np.float32)) if scales else ""]
        if sizes:
            inputs.append(case.tensor(ints(*sizes)))
        case.node("Resize", inputs, mode="nearest", **attributes)
        CASES.append(case)

    resize("Resize-asymmetric", 13, [1, 1, 2, 2], coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    resize("Resize-half-pixel", 13, [1, 1, 2, 3])
    resize("Resize-down", 13, [1, 1, 0.5, 0.6], coordinate_transformation_mode="pytorch_half_pixel")
    resize("Resize-corners", 19, [1, 1, 1.7, 2.5], coordinate_transformation_mode="align_corners")
    resize(
        "Resize-sizes", 18, sizes=[ROWS, 2, 5, 9], coordinate_transformation_mode="asymmetric",
        nearest_mode="round_prefer_ceil")
    case = Case("Upsample", [2, 3, 2], 9)
    case.node("Upsample", ["x", case.tensor(np.array([1, 1, 2, 2], np.float32))], mode="nearest")
    CASES.append(case)


def kinks():
    """Arguments of rectifiers whose terms cancel, and one whose derivative does: relu(|x|)."""
    case = Case("Difference-Relu", [2], 13)
    case.node("Gemm", ["x", case.tensor(np.array([[1], [-1]], np.float32))], ["a"])
    case.node("Relu", ["a"])
    CASES.append(case)
    case = Case("Absolute-Relu", [1], 13)
    case.node("Relu", ["x"], ["a"])
    case.node("Neg", ["x"], ["b"])
    case.node("Relu", ["b"], ["c"])
    case.node("Add", ["a", "c"], ["d"])
    case.node("Relu", ["d"])
    CASES.append(case)


def channels_last():
    """A convolution as tf2onnx writes it: the graph has channels last."""
    case = Case("Channels-last", [4, 4, 2], 13)
    case.node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2])
    case.node("Conv", ["t", case.tensor(weight([3, 2, 3, 3]))], ["c"], auto_pad="SAME_UPPER", strides=[2, 2])
    case.node("Transpose", ["c"], ["u"], perm=[0, 2, 3, 1])
    case.node("Add", ["u", case.tensor(weight([3], 2))], ["v"])
    case.node("Relu", ["v"], ["r"])
    case.node("Flatten", ["r"])
    CASES.append(case)


def main():
    for family in [
        functions, pairs, convolutions, matrices, normalizations, pooling, shapes, selections, resizing, channels_last,
        kinks,
    ]:
        family()
    try:
        import onnxruntime
    except ImportError:
        onnxruntime = None
    entries = []
    for case in CASES:
        model = case.model()
        x = numbers([ROWS] + case.shape)
        precision, control, y = "single" if case.name in EVALUATOR_IS_SINGLE else "double", "", None
        try:
            y = evaluator(model).run(None, {"x": x})[0]
        except Exception as error:
            control = f"the evaluator fails: {str(error)[:60]}"
        if onnxruntime:
            try:
                session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
                other = session.run(None, {"x": x.astype(np.float32)})[0]
                if y is None or case.name in EVALUATOR_IS_WRONG:
                    y, precision = other.astype(np.float64), "single"
                    control += " ONNX Runtime alone"
                else:
                    same = other.shape == y.shape and np.allclose(other, y, rtol=1e-4, atol=1e-5)
                    control = "as ONNX Runtime" if same else f"ONNX RUNTIME DIFFERS: {other.shape} {y.shape}"
            except Exception as error:  # it reads fewer operator sets
                control = f"no ONNX Runtime: {str(error)[:80]}"
        print(f"{case.name:32} opset {case.opset:2} {str(list(x.shape)):16} -> {str(list(y.shape)):18} {control}")
        entries.append({
            "name": case.name, "opset": case.opset, "shape": [ROWS] + case.shape, "outputShape": list(y.shape),
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "precision": precision, "output": base64.b64encode(np.ascontiguousarray(y, "<f8").tobytes()).decode(),
        })
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    (FOLDER / "operators.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
