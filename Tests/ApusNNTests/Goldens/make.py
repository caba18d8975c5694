"""Writes goldens.safetensors: what PyTorch gives for layers, losses and optimizers. recording.py explains the file.

    python3 Tests/ApusNNTests/Goldens/make.py
"""

import torch
import torch.nn.functional as F
from torch import nn

from recording import layer, loss, optimizer, schedule, store, write, x

torch.manual_seed(20240601)

# Linear layers
layer("Linear", dict(sizes=[4, 3]), nn.Linear(4, 3), x(5, 4))
layer("Linear", dict(sizes=[4, 3], bias=False), nn.Linear(4, 3, bias=False), x(5, 4))
layer("Linear", dict(sizes=[4, 3]), nn.Linear(4, 3), x(2, 5, 4))
layer("Linear", dict(sizes=[4, 3]), nn.Linear(4, 3), x(4))
layer("Bilinear", dict(sizes=[3, 4, 2]), nn.Bilinear(3, 4, 2), x(5, 3), x(5, 4))
layer("Bilinear", dict(sizes=[3, 4, 2], bias=False), nn.Bilinear(3, 4, 2, bias=False), x(2, 5, 3), x(2, 5, 4))

# Convolutions
CONVOLUTIONS = [
    ("Conv1d", dict(channels=[3, 4], kernel=[3]), (2, 3, 9)),
    ("Conv1d", dict(channels=[4, 6], kernel=[3], stride=[2], padding=[2], dilation=[2], groups=2), (2, 4, 9)),
    ("Conv1d", dict(channels=[3, 2], kernel=[4], padding="same"), (2, 3, 7)),
    ("Conv2d", dict(channels=[3, 4], kernel=[3, 3]), (2, 3, 6, 5)),
    ("Conv2d", dict(channels=[3, 4], kernel=[3, 3], bias=False), (2, 3, 6, 5)),
    ("Conv2d", dict(channels=[4, 4], kernel=[3, 2], stride=[2, 1], padding=[1, 0], groups=4), (2, 4, 6, 5)),
    ("Conv2d", dict(channels=[2, 3], kernel=[3, 3], padding=[2, 2], dilation=[2, 2]), (1, 2, 6, 5)),
    ("Conv2d", dict(channels=[2, 3], kernel=[3, 4], padding="same", dilation=[1, 2]), (1, 2, 6, 5)),
    ("Conv2d", dict(channels=[3, 5], kernel=[1, 1], stride=[2, 2]), (2, 3, 5, 5)),
    ("Conv3d", dict(channels=[2, 3], kernel=[2, 2, 2]), (1, 2, 4, 3, 3)),
    ("Conv3d", dict(channels=[2, 2], kernel=[3, 2, 2], stride=[1, 2, 1], padding=[1, 0, 1], groups=2), (1, 2, 3, 4, 3)),
    ("ConvTranspose1d", dict(channels=[3, 4], kernel=[3]), (2, 3, 5)),
    ("ConvTranspose1d", dict(channels=[4, 6], kernel=[3], stride=[2], padding=[1], output_padding=[1], groups=2), (2, 4, 5)),
    ("ConvTranspose2d", dict(channels=[3, 2], kernel=[2, 2], stride=[2, 2]), (2, 3, 3, 4)),
    ("ConvTranspose2d", dict(channels=[3, 2], kernel=[3, 3], stride=[2, 1], padding=[1, 1], output_padding=[1, 0]), (2, 3, 3, 4)),
    ("ConvTranspose2d", dict(channels=[4, 4], kernel=[3, 2], dilation=[2, 1], groups=2, bias=False), (1, 4, 3, 4)),
    ("ConvTranspose3d", dict(channels=[2, 3], kernel=[2, 2, 2], stride=[2, 1, 2]), (1, 2, 2, 3, 2)),
]
for name, arguments, shape in CONVOLUTIONS:
    options = {key: value for key, value in arguments.items() if key not in ("channels", "kernel")}
    layer(name, arguments, getattr(nn, name)(*arguments["channels"], arguments["kernel"], **options), x(*shape))

# Pooling
POOLS = [
    ("MaxPool1d", dict(kernel=[3]), (2, 3, 7)),
    ("MaxPool1d", dict(kernel=[3], stride=[2], padding=[1]), (2, 3, 7)),
    ("MaxPool2d", dict(kernel=[2, 2]), (2, 3, 6, 5)),
    ("MaxPool2d", dict(kernel=[3, 3], stride=[2, 2], padding=[1, 1]), (2, 3, 6, 5)),
    ("MaxPool2d", dict(kernel=[3, 2], stride=[1, 2]), (1, 2, 5, 6)),
    ("MaxPool3d", dict(kernel=[2, 2, 2], stride=[1, 2, 1]), (1, 2, 3, 4, 3)),
    ("AvgPool1d", dict(kernel=[3], stride=[2]), (2, 3, 7)),
    ("AvgPool2d", dict(kernel=[2, 2]), (2, 3, 6, 5)),
    ("AvgPool2d", dict(kernel=[3, 3], stride=[2, 2], padding=[1, 1]), (2, 3, 6, 5)),
    ("AvgPool2d", dict(kernel=[3, 3], stride=[2, 2], padding=[1, 1], count_include_pad=False), (2, 3, 6, 5)),
    ("AvgPool3d", dict(kernel=[2, 2, 2]), (1, 2, 4, 4, 3)),
    ("AdaptiveAvgPool1d", dict(output=[3]), (2, 3, 7)),
    ("AdaptiveAvgPool2d", dict(output=[1, 1]), (2, 3, 5, 4)),
    ("AdaptiveAvgPool2d", dict(output=[2, 2]), (2, 3, 6, 4)),
    ("AdaptiveAvgPool2d", dict(output=[3, 2]), (2, 3, 7, 5)),
    ("AdaptiveMaxPool1d", dict(output=[3]), (2, 3, 7)),
    ("AdaptiveMaxPool2d", dict(output=[3, 2]), (2, 3, 7, 5)),
]
for name, arguments, shape in POOLS:
    options = {key: value for key, value in arguments.items() if key not in ("kernel", "output")}
    size = arguments.get("kernel") or arguments["output"]
    if len(size) == 1:
        size, options = size[0], {key: value[0] if isinstance(value, list) else value for key, value in options.items()}
    layer(name, arguments, getattr(nn, name)(size, **options), x(*shape))

# Normalization
def batch_norm(name, shape, training, **options):
    module = getattr(nn, name)(shape[1], **options)
    if module.running_mean is not None:
        module.running_mean.normal_()
        module.running_var.uniform_(0.5, 2)
        module.num_batches_tracked.fill_(3)
    layer(name, dict(channels=shape[1], **options), module, x(*shape) * 2 + 1, training=training)

for training in (True, False):
    batch_norm("BatchNorm1d", (6, 3), training)
    batch_norm("BatchNorm1d", (4, 3, 5), training)
    batch_norm("BatchNorm2d", (3, 4, 3, 2), training)
    batch_norm("BatchNorm2d", (3, 4, 3, 2), training, affine=False)
    batch_norm("BatchNorm2d", (3, 4, 3, 2), training, track_running_stats=False)
    batch_norm("BatchNorm2d", (3, 4, 3, 2), training, momentum=None, eps=1e-3)
    batch_norm("BatchNorm3d", (2, 3, 2, 3, 2), training)
for arguments, shape in [
    (dict(shape=[5]), (3, 5)),
    (dict(shape=[3, 5]), (2, 3, 5)),
    (dict(shape=[5], elementwise_affine=False), (2, 3, 5)),
    (dict(shape=[5], bias=False, eps=1e-2), (2, 3, 5)),
]:
    options = {key: value for key, value in arguments.items() if key != "shape"}
    layer("LayerNorm", arguments, nn.LayerNorm(arguments["shape"], **options), x(*shape) * 2 + 1)
layer("RMSNorm", dict(shape=[5]), nn.RMSNorm([5]), x(3, 5))
layer("RMSNorm", dict(shape=[3, 5], eps=1e-3), nn.RMSNorm([3, 5], eps=1e-3), x(2, 3, 5))
layer("RMSNorm", dict(shape=[5], elementwise_affine=False), nn.RMSNorm([5], elementwise_affine=False), x(3, 5))
layer("GroupNorm", dict(groups=2, channels=4), nn.GroupNorm(2, 4), x(2, 4, 3, 2))
layer("GroupNorm", dict(groups=4, channels=4), nn.GroupNorm(4, 4), x(2, 4, 5))
layer("GroupNorm", dict(groups=1, channels=4, affine=False), nn.GroupNorm(1, 4, affine=False), x(2, 4, 3))
layer("InstanceNorm1d", dict(channels=3), nn.InstanceNorm1d(3), x(2, 3, 5))
layer("InstanceNorm2d", dict(channels=3, affine=True), nn.InstanceNorm2d(3, affine=True), x(2, 3, 4, 3))
layer("InstanceNorm3d", dict(channels=2, affine=True), nn.InstanceNorm3d(2, affine=True), x(2, 2, 2, 3, 2))

# Dropout in evaluation, embeddings, shapes
layer("Dropout", {}, nn.Dropout(0.4), x(3, 4), training=False)
layer("Dropout1d", {}, nn.Dropout1d(0.4), x(2, 3, 4), training=False)
layer("Dropout2d", {}, nn.Dropout2d(0.4), x(2, 3, 4, 2), training=False)
layer("Embedding", dict(sizes=[6, 4]), nn.Embedding(6, 4), torch.tensor([[0, 2, 5], [5, 1, 2]]))
layer("Embedding", dict(sizes=[6, 4], padding_idx=2), nn.Embedding(6, 4, padding_idx=2), torch.tensor([0, 2, 5, 2]))
layer("Embedding", dict(sizes=[6, 4], padding_idx=-1), nn.Embedding(6, 4, padding_idx=-1), torch.tensor(5))
layer("Flatten", {}, nn.Flatten(), x(2, 3, 4))
layer("Unflatten", {}, nn.Unflatten(1, (2, 3)), x(2, 6, 2))

# Activations, at their corners too
points = torch.cat([x(3, 8).flatten() * 3, torch.tensor([0.0, 1, -1, 3, -3, 6, -6, 0.5, -0.5, 30, -30])]).reshape(5, 7)
for name, arguments in [
    ("ReLU", {}), ("ReLU6", {}), ("Sigmoid", {}), ("LogSigmoid", {}), ("Tanh", {}), ("SELU", {}), ("SiLU", {}), ("Mish", {}),
    ("Softsign", {}), ("Hardsigmoid", {}), ("Hardswish", {}), ("Tanhshrink", {}), ("LeakyReLU", {}),
    ("LeakyReLU", dict(negative_slope=0.2)), ("ELU", {}), ("ELU", dict(alpha=0.7)), ("CELU", dict(alpha=1.3)), ("Softplus", {}),
    ("Softplus", dict(beta=2.0)), ("GELU", {}), ("GELU", dict(approximate="tanh")), ("Hardtanh", {}),
    ("Hardtanh", dict(min_val=-0.5, max_val=3.0)), ("Softshrink", {}), ("Hardshrink", {}), ("Threshold", dict(threshold=0.1, value=5.0)),
    ("Softmax", dict(dim=1)), ("LogSoftmax", dict(dim=0)), ("Softmin", dict(dim=1)),
]:
    layer(name, arguments, getattr(nn, name)(**arguments), points)
layer("PReLU", dict(num_parameters=1), nn.PReLU(), x(3, 4))
layer("PReLU", dict(num_parameters=4), nn.PReLU(4), x(3, 4, 2))
layer("GLU", {}, nn.GLU(), x(3, 4))

# Recurrent
for name in ("RNN", "LSTM", "GRU"):
    width = 2 if name == "LSTM" else 1
    for arguments in [{}, dict(num_layers=2, bidirectional=True), dict(batch_first=True, bias=False), dict(num_layers=2, dropout=0.5)]:
        module = getattr(nn, name)(3, 4, **arguments)
        layer(name, arguments, module, x(5, 2, 3), training=False)
        states = [x(arguments.get("num_layers", 1) * (2 if arguments.get("bidirectional") else 1), 2, 4) for _ in range(width)]
        if arguments.get("dropout"):
            continue
        inputs = x(2, 5, 3) if arguments.get("batch_first") else x(5, 2, 3)
        layer(name, arguments, module, inputs, *states, call=lambda x, *s, m=module: m(x, s if len(s) == 2 else s[0]))
    cell = getattr(nn, name + "Cell")(3, 4)
    layer(name + "Cell", {}, cell, x(2, 3))
    layer(name + "Cell", {}, cell, x(2, 3), *[x(2, 4) for _ in range(width)], call=lambda x, *s, m=cell: m(x, s if len(s) == 2 else s[0]))
layer("RNN", dict(nonlinearity="relu"), nn.RNN(3, 4, nonlinearity="relu"), x(5, 2, 3))

# Attention
def attention(arguments, shapes, call=None, mask=(), **case):
    module = nn.MultiheadAttention(4, 2, **arguments)
    inputs = [x(*shape) for shape in shapes] + list(mask)
    call = call or (lambda q, k, v: module(q, k, v))
    layer("MultiheadAttention", dict(arguments, **case), module, *inputs, call=lambda *a: call(*a) if not mask else call(module, *a))

attention({}, [(3, 2, 4), (5, 2, 4), (5, 2, 4)])
attention(dict(batch_first=True, bias=False), [(2, 3, 4), (2, 5, 4), (2, 5, 4)])
attention(dict(kdim=3, vdim=6), [(3, 2, 4), (5, 2, 3), (5, 2, 6)])
attention({}, [(3, 2, 4)] * 3, lambda m, q, k, v, a: m(q, k, v, attn_mask=a), [torch.rand(3, 3)], masks=["attention"])
attention({}, [(3, 2, 4)] * 3, lambda m, q, k, v, a: m(q, k, v, attn_mask=a), [torch.ones(3, 3).triu(1).bool()], masks=["attention"])
attention({}, [(3, 2, 4)] * 3, lambda m, q, k, v, a: m(q, k, v, attn_mask=a), [torch.rand(4, 3, 3)], masks=["attention"])
padding = torch.tensor([[False, False, True], [False, True, False]])
attention({}, [(3, 2, 4)] * 3, lambda m, q, k, v, p: m(q, k, v, key_padding_mask=p), [padding], masks=["padding"])
attention(
    {}, [(3, 2, 4)] * 3, lambda m, q, k, v, a, p: m(q, k, v, attn_mask=a, key_padding_mask=p, average_attn_weights=False),
    [torch.rand(3, 3), torch.rand(2, 3)], masks=["attention", "padding"], average=False)
module = nn.MultiheadAttention(4, 2)
layer("MultiheadAttention", dict(self=True), module, x(3, 2, 4), call=lambda x: module(x, x, x))

# Transformers, without dropout
for arguments in [{}, dict(norm_first=True, activation="gelu", batch_first=True), dict(bias=False)]:
    module = nn.TransformerEncoderLayer(4, 2, 6, dropout=0, **arguments)
    layer("TransformerEncoderLayer", arguments, module, x(3, 2, 4))
    module = nn.TransformerDecoderLayer(4, 2, 6, dropout=0, **arguments)
    layer("TransformerDecoderLayer", arguments, module, x(3, 2, 4), x(3, 2, 4) if arguments.get("batch_first") else x(5, 2, 4))
causal = nn.Transformer.generate_square_subsequent_mask(3)
module = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, dropout=0), 2, nn.LayerNorm(4))
layer("TransformerEncoder", {}, module, x(3, 2, 4), causal, call=lambda x, m: module(x, mask=m))
module2 = nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6, dropout=0), 2, nn.LayerNorm(4))
layer("TransformerDecoder", {}, module2, x(3, 2, 4), x(5, 2, 4), causal, call=lambda x, m, a: module2(x, m, tgt_mask=a))

# A network of networks
block = nn.Sequential(
    nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Sequential(nn.ReLU(), nn.MaxPool2d(2)), nn.Flatten(), nn.Linear(8, 3))
layer("Sequential", {}, block, x(3, 1, 6, 6))

# Losses
logits, labels = x(6, 4), torch.tensor([0, 3, 1, 1, 2, 0])
for arguments in [
    {}, dict(reduction="sum"), dict(reduction="none"), dict(label_smoothing=0.1), dict(ignore_index=1),
    dict(ignore_index=1, label_smoothing=0.2), dict(reduction="none", label_smoothing=0.2, ignore_index=1),
]:
    loss("crossEntropy", arguments, lambda a, b: F.cross_entropy(a, b, **arguments), logits, labels)
    weight = torch.rand(4) + 0.5
    loss("crossEntropy", dict(arguments, weight=True), lambda a, b, w: F.cross_entropy(a, b, w.detach(), **arguments), logits, labels, weight)
probabilities = x(6, 4).softmax(1)
for arguments in [{}, dict(label_smoothing=0.1), dict(reduction="sum"), dict(reduction="none")]:
    loss("crossEntropy", arguments, lambda a, b: F.cross_entropy(a, b.detach(), **arguments), logits, probabilities)
loss("crossEntropy", dict(weight=True), lambda a, b, w: F.cross_entropy(a, b.detach(), w.detach()), logits, probabilities, torch.rand(4))
loss("crossEntropy", {}, lambda a, b: F.cross_entropy(a, b), x(2, 3, 4, 2), torch.randint(3, (2, 4, 2)))
loss("crossEntropy", dict(reduction="none"), lambda a, b: F.cross_entropy(a, b, reduction="none"), x(2, 3, 4), torch.randint(3, (2, 4)))
loss("crossEntropy", {}, lambda a, b: F.cross_entropy(a, b), x(3), torch.tensor(2))
for arguments in [{}, dict(reduction="sum"), dict(reduction="none"), dict(ignore_index=1)]:
    loss("negativeLogLikelihood", arguments, lambda a, b: F.nll_loss(a, b, **arguments), logits.log_softmax(1), labels)
loss("negativeLogLikelihood", dict(weight=True), lambda a, b, w: F.nll_loss(a, b, w.detach()), logits.log_softmax(1), labels, torch.rand(4))
answers = torch.randint(2, (3, 4)).float()
for arguments in [{}, dict(reduction="sum"), dict(reduction="none")]:
    loss("binaryCrossEntropy", arguments, lambda a, b: F.binary_cross_entropy(a, b.detach(), **arguments), torch.rand(3, 4), answers)
    loss("binaryCrossEntropyLogits", arguments, lambda a, b: F.binary_cross_entropy_with_logits(a, b.detach(), **arguments), x(3, 4) * 3, answers)
loss("binaryCrossEntropy", dict(weight=True), lambda a, b, w: F.binary_cross_entropy(a, b.detach(), w.detach()), torch.rand(3, 4), torch.rand(3, 4), torch.rand(4))
loss("binaryCrossEntropyLogits", dict(weight=True), lambda a, b, w: F.binary_cross_entropy_with_logits(a, b.detach(), w.detach()), x(3, 4), answers, torch.rand(4))
loss("binaryCrossEntropyLogits", dict(positiveWeight=True), lambda a, b, w: F.binary_cross_entropy_with_logits(a, b.detach(), pos_weight=w.detach()), x(3, 4) * 40, answers, torch.rand(4) * 3)
for name, call, options in [
    ("meanSquaredError", F.mse_loss, {}), ("meanAbsoluteError", F.l1_loss, {}), ("smoothL1", F.smooth_l1_loss, {}),
    ("smoothL1", F.smooth_l1_loss, dict(beta=0.5)), ("smoothL1", F.smooth_l1_loss, dict(beta=0.0)), ("huber", F.huber_loss, {}),
    ("huber", F.huber_loss, dict(delta=0.7)),
]:
    for reduction in ("mean", "sum", "none"):
        loss(name, dict(options, reduction=reduction), lambda a, b: call(a, b, reduction=reduction, **options), x(3, 4), x(3, 4))
for reduction in ("mean", "sum", "none", "batchmean"):
    loss("klDivergence", dict(reduction=reduction), lambda a, b: F.kl_div(a, b.detach(), reduction=reduction), x(3, 4).log_softmax(1), torch.tensor([[0.5, 0.5, 0, 0], [0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]]))
    loss("klDivergence", dict(reduction=reduction, log_target=True), lambda a, b: F.kl_div(a, b, reduction=reduction, log_target=True), x(3, 4).log_softmax(1), x(3, 4).log_softmax(1))
for arguments in [{}, dict(margin=0.3, swap=True), dict(p=1.0, reduction="sum"), dict(p=3.0, reduction="none")]:
    loss("tripletMargin", arguments, lambda a, b, c: F.triplet_margin_loss(a, b, c, **arguments), x(4, 5), x(4, 5), x(4, 5))
signs = torch.tensor([1, -1, 1, -1])
for arguments in [{}, dict(margin=0.2, reduction="none"), dict(reduction="sum")]:
    loss("cosineEmbedding", arguments, lambda a, b, c: F.cosine_embedding_loss(a, b, c, **arguments), x(4, 5), x(4, 5), signs)
    loss("hingeEmbedding", arguments, lambda a, b: F.hinge_embedding_loss(a, b, **arguments), x(4), signs)
    loss("marginRanking", arguments, lambda a, b, c: F.margin_ranking_loss(a, b, c, **arguments), x(4), x(4), signs)
# CTC takes logits here: PyTorch's gradient by log-probabilities holds only behind a log-softmax.
targets = torch.tensor([[1, 2, 2], [3, 1, 2], [2, 2, 2], [1, 1, 1]])
for arguments in [
    dict(inputs=[8, 6, 7, 8], targets=[3, 2, 1, 0]), dict(inputs=[8, 6, 7, 8], targets=[3, 2, 1, 3], reduction="sum"),
    dict(inputs=[8, 8, 8, 8], targets=[3, 3, 2, 1], reduction="none"),
    dict(inputs=[3, 6, 7, 8], targets=[3, 2, 1, 3], zero_infinity=True),
    dict(inputs=[3, 6, 7, 8], targets=[3, 2, 1, 3], zero_infinity=True, reduction="none"),
    dict(inputs=[8, 6, 7, 8], targets=[3, 2, 3, 3], blank=0, reduction="sum"),
    dict(inputs=[8, 6, 7, 8], targets=[1, 1, 0, 1], blank=2),
]:
    options = {key: value for key, value in arguments.items() if key not in ("inputs", "targets")}
    loss("ctc", arguments, lambda a, b: F.ctc_loss(a.log_softmax(2), b, arguments["inputs"], arguments["targets"], **options), x(8, 4, 4), targets if arguments.get("blank") != 2 else torch.tensor([[1, 0, 0], [3, 1, 0], [0, 1, 1], [0, 1, 1]]))
q, k, v = x(2, 2, 3, 4), x(2, 2, 5, 4), x(2, 2, 5, 6)
for arguments, mask in [
    ({}, []), (dict(is_causal=True), []), (dict(scale=0.3), []), ({}, [torch.rand(3, 5)]),
    ({}, [torch.tensor([[1, 1, 0, 0, 1], [1, 0, 0, 0, 0], [0, 1, 1, 1, 1]]).bool()]),
]:
    loss("attention", arguments, lambda q, k, v, *m: F.scaled_dot_product_attention(q, k, v, *m, **arguments), q, k, v, *mask)

# Optimizers: five steps with given gradients
def lion(parameters, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    """Chen et al. 2023, algorithm 2; PyTorch has none."""
    moments = [torch.zeros_like(p) for p in parameters]

    def step():
        for p, m in zip(parameters, moments):
            direction = (betas[0] * m + (1 - betas[0]) * p.grad).sign()
            p.data = p.data * (1 - lr * weight_decay) - lr * direction
            m.copy_(betas[1] * m + (1 - betas[1]) * p.grad)

    return step


OPTIMIZERS = [
    ("SGD", dict(lr=0.1)),
    ("SGD", dict(lr=0.1, weight_decay=0.1)),
    ("SGD", dict(lr=0.1, momentum=0.9)),
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.1)),
    ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)),
    ("Adam", dict(lr=0.1)),
    ("Adam", dict(lr=0.1, betas=[0.8, 0.9], eps=1e-3, weight_decay=0.1)),
    ("Adam", dict(lr=0.1, amsgrad=True)),
    ("AdamW", dict(lr=0.1)),
    ("AdamW", dict(lr=0.1, weight_decay=0.3, amsgrad=True)),
    ("RMSprop", dict(lr=0.1)),
    ("RMSprop", dict(lr=0.1, alpha=0.9, centered=True, weight_decay=0.1)),
    ("RMSprop", dict(lr=0.1, momentum=0.9, centered=True)),
    ("Adagrad", dict(lr=0.1)),
    ("Adagrad", dict(lr=0.1, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.2)),
    ("NAdam", dict(lr=0.1)),
    ("NAdam", dict(lr=0.1, weight_decay=0.1)),
    ("Adamax", dict(lr=0.1)),
    ("Adamax", dict(lr=0.1, weight_decay=0.1)),
    ("Lion", dict(lr=0.1)),
    ("Lion", dict(lr=0.1, betas=[0.8, 0.95], weight_decay=0.1)),
]
for name, arguments in OPTIMIZERS:
    optimizer(
        name, arguments,
        lambda p: lion(p, **arguments) if name == "Lion" else getattr(torch.optim, name)(p, foreach=False, **arguments).step)

# Schedules: the rates of 40 steps
SCHEDULES = [
    ("StepLR", dict(step_size=7, gamma=0.5)),
    ("MultiStepLR", dict(milestones=[5, 6, 20], gamma=0.3)),
    ("ExponentialLR", dict(gamma=0.9)),
    ("CosineAnnealingLR", dict(T_max=39, eta_min=0.01)),
    ("CosineAnnealingWarmRestarts", dict(T_0=5, T_mult=2, eta_min=0.01)),
    ("CosineAnnealingWarmRestarts", dict(T_0=6)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=40)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=40, pct_start=0.4, div_factor=10, final_div_factor=100)),
    ("PolynomialLR", dict(total_iters=30, power=2.0)),
    ("LinearLR", dict(start_factor=0.1, total_iters=10)),
    ("ReduceLROnPlateau", dict(factor=0.5, patience=2, cooldown=1, min_lr=0.05)),
    ("ReduceLROnPlateau", dict(factor=0.5, patience=1, mode="max")),
]
for name, arguments in SCHEDULES:
    schedule(name, arguments, lambda rule: getattr(torch.optim.lr_scheduler, name)(rule, **arguments))

# Attention over extents that fill no tile or more than one; a row of the mask that hides everything gives 0.
hidden = torch.rand(7, 19) < 0.5
hidden[2] = True
for (queries, keys, features), arguments, mask in [
    ((1, 1, 5), {}, []), ((1, 129, 64), {}, []), ((7, 129, 5), dict(is_causal=True), []),
    ((129, 7, 5), dict(is_causal=True), []), ((129, 129, 5), dict(is_causal=True), []), ((7, 19, 64), {}, [~hidden]),
]:
    q, k, v = x(1, 2, queries, features), x(1, 2, keys, features), x(1, 2, keys, features)
    loss("attention", arguments, lambda q, k, v, *m: F.scaled_dot_product_attention(q, k, v, *m, **arguments), q, k, v, *mask)

write("goldens")
