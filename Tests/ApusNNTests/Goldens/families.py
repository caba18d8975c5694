"""Writes families.safetensors: what PyTorch gives for the rest of torch.nn, torch.optim and torch.nn.utils. recording.py explains the file.

    python3 Tests/ApusNNTests/Goldens/families.py
"""

import warnings

import torch
import torch.nn.functional as F
from torch import nn

from recording import cases, layer, loss, optimizer, schedule, store, write, x

warnings.filterwarnings("ignore")
torch.manual_seed(20251121)


def function(name, arguments, call, *inputs):
    """A function of tensors as a layer without state."""
    layer(name, arguments, nn.Identity(), *inputs, call=call)


def optimizer_case(name, rule, parameters):
    """Five steps of Muon on matrices."""
    for index, parameter in enumerate(parameters):
        store(f"in.{index}", parameter)
    for t in range(5):
        for index, parameter in enumerate(parameters):
            parameter.grad = x(*parameter.shape)
            store(f"given.{t}.{index}", parameter.grad)
        rule.step()
        for index, parameter in enumerate(parameters):
            store(f"out.{t}.{index}", parameter)
    cases.append(dict(kind="muon", name="Muon", arguments=dict(ratio=name or "original", nesterov=name != "original"), inputCount=2, training=True))


def valley(arguments):
    """Six steps down Rosenbrock's valley, and the number of evaluations."""
    first, second = nn.Parameter(torch.tensor([-1.2, 0.7], dtype=torch.float64)), nn.Parameter(torch.tensor([1.0, 2.0], dtype=torch.float64))
    store("in.0", first)
    store("in.1", second)
    rule = torch.optim.LBFGS([first, second], **arguments)

    def closure():
        rule.zero_grad()
        value = (100 * (second - first**2) ** 2 + (1 - first) ** 2).sum()
        value.backward()
        return value

    for t in range(6):
        rule.step(closure)
        store(f"out.{t}.0", first)
        store(f"out.{t}.1", second)
    store("evaluations.0", torch.tensor(rule.state[first]["func_evals"]))
    cases.append(dict(kind="lbfgs", name="LBFGS", arguments=arguments, inputCount=2, training=True))


# Pooling, as many axes as the kernel has
def pool(name, rank):
    return getattr(F, f"{name}{rank}d")


for kernel, options, shape in [
    ([3], dict(stride=[2], dilation=[2], padding=[1]), (2, 2, 9)),
    ([3], dict(stride=[2], ceil_mode=True), (2, 2, 8)),
    ([3, 2], dict(stride=[2, 3], padding=[1, 1], ceil_mode=True), (2, 2, 6, 7)),
    ([2, 3], dict(dilation=[3, 2], stride=[1, 2]), (2, 2, 7, 8)),
    ([2, 3], dict(dilation=[3, 2], stride=[2, 2], padding=[1, 1], ceil_mode=True), (1, 2, 8, 8)),
    ([2, 2, 3], dict(stride=[2, 1, 2], padding=[1, 0, 1], ceil_mode=True), (1, 2, 4, 3, 6)),
    ([2, 2, 2], dict(dilation=[1, 2, 1]), (1, 2, 3, 4, 4)),
    ([2, 2], {}, (3, 5, 4)),
]:
    arguments = dict(kernel=kernel, **options)
    function("maxPool", arguments, lambda a: pool("max_pool", len(kernel))(a, kernel, **options), x(*shape))
    function(
        "maxPoolWithIndices", arguments,
        lambda a: pool("max_pool", len(kernel))(a, kernel, return_indices=True, **options), x(*shape))
for kernel, options, shape in [
    ([3], dict(stride=[2], padding=[1], ceil_mode=True), (2, 2, 8)),
    ([3, 2], dict(stride=[2, 3], padding=[1, 1], ceil_mode=True), (2, 2, 6, 7)),
    ([3, 2], dict(stride=[2, 3], padding=[1, 1], ceil_mode=True, count_include_pad=False), (2, 2, 6, 7)),
    ([3, 2], dict(stride=[2, 2], divisor_override=5), (2, 2, 6, 7)),
    ([2, 2, 3], dict(stride=[2, 1, 2], padding=[1, 0, 1], ceil_mode=True), (1, 2, 4, 3, 6)),
    ([2, 2], {}, (3, 5, 4)),
]:
    arguments = dict(kernel=kernel, **options)
    function("avgPool", arguments, lambda a: pool("avg_pool", len(kernel))(a, kernel, **options), x(*shape))
for p, kernel, options, shape in [
    (2.0, [3], dict(stride=2, ceil_mode=True), (2, 2, 8)),
    (3.0, [2, 2], {}, (2, 2, 5, 4)),
    (2.0, [2, 2, 2], {}, (1, 2, 4, 4, 4)),
    (1.0, [2, 2], dict(stride=1), (1, 2, 4, 4)),
]:
    function(
        "lpPool", dict(kernel=kernel, order=p, **options),
        lambda a: pool("lp_pool", len(kernel))(a, p, kernel if len(kernel) > 1 else kernel[0], **options),
        torch.rand(*shape) + 0.1)
for kernel, stride, padding, size, shape in [
    ([2], [2], [0], None, (2, 2, 6)), ([2, 2], [2, 2], [0, 0], [5, 5], (2, 2, 5, 5)), ([3, 2], [2, 2], [1, 0], None, (1, 2, 5, 4)),
    ([2, 2, 2], [2, 2, 2], [0, 0, 0], None, (1, 2, 4, 4, 2)),
]:
    values, indices = pool("max_pool", len(kernel))(x(*shape), kernel, stride, padding, return_indices=True)
    function(
        "maxUnpool", dict(kernel=kernel, stride=stride, padding=padding, size=size),
        lambda a, i: pool("max_unpool", len(kernel))(a, i, kernel, stride, padding, size), values, indices)
for kernel, size, shape in [([2, 2], [3, 4], (2, 2, 7, 8)), ([3, 2], [4, 1], (1, 3, 8, 5)), ([2, 2, 2], [2, 3, 3], (1, 2, 5, 6, 7))]:
    # PyTorch has the samples of two axes in the reverse order.
    samples = torch.rand(shape[0], shape[1], len(kernel))
    function(
        "fractionalMaxPool", dict(kernel=kernel, size=size),
        lambda a, s: pool("fractional_max_pool", len(kernel))(
            a, kernel, size, return_indices=True, _random_samples=(s.flip(-1) if len(kernel) == 2 else s).detach()),
        x(*shape), samples)
for size, shape in [([3], (2, 2, 7)), ([3, 2], (2, 2, 7, 5)), ([2, 3, 2], (1, 2, 5, 4, 3)), ([4, 4], (1, 2, 6, 6))]:
    function("adaptiveAvgPool", dict(size=size), lambda a: pool("adaptive_avg_pool", len(size))(a, size), x(*shape))
    function(
        "adaptiveMaxPool", dict(size=size), lambda a: pool("adaptive_max_pool", len(size))(a, size, return_indices=True), x(*shape))

# Padding: PyTorch's widths begin with the last axis
for widths, mode, shape in [
    ([2, 1], "reflect", (2, 3, 5)), ([2, 1, 0, 3], "reflect", (2, 2, 5, 4)), ([1, 1, 0, 2, 1, 0], "reflect", (1, 2, 3, 4, 3)),
    ([2, 1], "replicate", (2, 3, 5)), ([2, 1, 0, 3], "replicate", (2, 5, 4)), ([2, 1, 0, 3, 1, 1], "replicate", (1, 2, 2, 3, 3)),
    ([2, 1], "circular", (2, 3, 5)), ([2, 1, 0, 3], "circular", (1, 2, 5, 4)), ([1, 1, 0, 2, 1, 0], "circular", (1, 2, 3, 4, 3)),
    ([2, -1, 0, 3], "constant", (2, 3, 4)), ([1, 2, 0, 0, 1, -1], "constant", (1, 2, 2, 3, 3)),
]:
    value = dict(value=1.5) if mode == "constant" else {}
    function("Pad", dict(widths=widths, mode=mode, **value), lambda a: F.pad(a, widths, mode, **value), x(*shape))

# Convolutions with other edges, and without a batch
for arguments, shape in [
    (dict(channels=[2, 3], kernel=[3], padding=[2], padding_mode="reflect"), (2, 2, 6)),
    (dict(channels=[2, 3], kernel=[3, 2], padding=[1, 2], padding_mode="circular", stride=[2, 1]), (2, 2, 6, 5)),
    (dict(channels=[2, 3], kernel=[3, 2], padding="same", padding_mode="replicate", dilation=[1, 2]), (1, 2, 6, 5)),
    (dict(channels=[2, 2], kernel=[2, 3, 2], padding=[1, 1, 1], padding_mode="replicate", groups=2), (1, 2, 3, 4, 3)),
    (dict(channels=[2, 3], kernel=[3, 3], padding=[1, 1]), (2, 6, 5)),
]:
    options = {key: value for key, value in arguments.items() if key not in ("channels", "kernel")}
    name = f"Conv{len(arguments['kernel'])}d"
    layer(name, arguments, getattr(nn, name)(*arguments["channels"], arguments["kernel"], **options), x(*shape))
for size in ([7, 6], [8, 5]):
    module = nn.ConvTranspose2d(2, 3, 3, stride=[2, 2], padding=1)
    layer("ConvTransposeSized", dict(size=size), module, x(2, 4, 3), call=lambda a: module(a, output_size=size))

# Images
layer("PixelShuffle", {}, nn.PixelShuffle(2), x(2, 8, 3, 2))
layer("PixelUnshuffle", {}, nn.PixelUnshuffle(2), x(2, 2, 4, 6))
layer("ChannelShuffle", {}, nn.ChannelShuffle(3), x(2, 6, 3))
layer("Upsample", dict(scale=2.0), nn.Upsample(scale_factor=2), x(2, 2, 3, 4))
layer("Upsample", dict(size=[5, 7], mode="bilinear"), nn.Upsample(size=[5, 7], mode="bilinear"), x(2, 2, 3, 4))
layer("Upsample", dict(scale=1.5, mode="bicubic", align=True), nn.Upsample(scale_factor=1.5, mode="bicubic", align_corners=True), x(1, 2, 4, 4))
layer("Unfold", {}, nn.Unfold([2, 3], dilation=[2, 1], padding=[1, 0], stride=[1, 2]), x(2, 2, 5, 7))
layer("Unfold", {}, nn.Unfold([2, 3], dilation=[2, 1], padding=[1, 0], stride=[1, 2]), x(2, 5, 7))
layer("Fold", {}, nn.Fold([4, 5], [2, 2], padding=1, stride=[2, 1]), x(2, 8, 18))

# Activations
points = torch.cat([x(24) * 3, torch.tensor([0.0, 0.5, -0.5, 20, -20, 1])]).reshape(5, 6)
layer("RReLU", {}, nn.RReLU(), points, training=False)
layer("RReLU", dict(low=0.2, high=0.3), nn.RReLU(0.2, 0.3), points, training=False)
layer("Softmax2d", {}, nn.Softmax2d(), x(2, 3, 2, 2))
layer("CosineSimilarity", dict(axis=1), nn.CosineSimilarity(), x(4, 5), x(4, 5))
layer("CosineSimilarity", dict(axis=-1, epsilon=0.5), nn.CosineSimilarity(-1, 0.5), x(2, 4, 5), x(2, 4, 5) * 0.1)
layer("PairwiseDistance", dict(order=2.0), nn.PairwiseDistance(), x(4, 5), x(4, 5))
layer("PairwiseDistance", dict(order=1.0, keep=True), nn.PairwiseDistance(1, keepdim=True), x(4, 5), x(4, 5))
function("pdist", dict(order=2.0), lambda a: F.pdist(a), x(5, 3))
function("pdist", dict(order=1.0), lambda a: F.pdist(a, 1.0), x(4, 3))

# Normalization
def with_statistics(module):
    module.running_mean.normal_()
    module.running_var.uniform_(0.5, 2)
    return module


for training in (True, False):
    for rank, shape in [(1, (3, 2, 5)), (2, (2, 3, 4, 3)), (3, (2, 2, 2, 3, 2))]:
        arguments = dict(rank=rank, channels=shape[1], affine=True, track=True, momentum=0.3)
        module = getattr(nn, f"InstanceNorm{rank}d")(shape[1], affine=True, track_running_stats=True, momentum=0.3)
        layer("InstanceNorm", arguments, with_statistics(module), x(*shape) * 2 + 1, training=training)
    layer(
        "InstanceNorm", dict(rank=1, channels=2, affine=False, track=False, momentum=0.1), nn.InstanceNorm1d(2), x(2, 5),
        training=training)
layer("LocalResponseNorm", dict(size=2), nn.LocalResponseNorm(2), x(2, 5, 3) * 10)
layer("LocalResponseNorm", dict(size=3, alpha=0.5, beta=0.6, k=2.0), nn.LocalResponseNorm(3, 0.5, 0.6, 2.0), x(2, 5, 3, 2))

# Dropout in evaluation
for name in ("Dropout3d", "AlphaDropout", "FeatureAlphaDropout"):
    layer(name, {}, getattr(nn, name)(0.4), x(2, 3, 2, 2, 2), training=False)

# Embeddings: the table itself stays with us, so PyTorch renormalizes a copy
def renormalized(weight, indices, limit, order):
    rows = weight.detach()[indices]
    norms = rows.norm(order, dim=-1, keepdim=True)
    return rows * torch.where(norms > limit, limit / (norms + 1e-7), torch.ones_like(norms)) - rows


table = nn.Embedding(6, 4)
layer(
    "EmbeddingLimited", dict(limit=1.2, order=2.0), table, torch.tensor([[0, 2, 5], [5, 1, 2]]),
    call=lambda i: table(i) + renormalized(table.weight, i, 1.2, 2.0))
layer("EmbeddingScaled", {}, nn.Embedding(6, 4, scale_grad_by_freq=True), torch.tensor([[0, 2, 5], [5, 1, 2]]))
flat, starts = torch.tensor([1, 2, 4, 5, 4, 3, 2, 9]), torch.tensor([0, 3, 3, 5])
for mode in ("sum", "mean", "max"):
    for padding in (None, 4):
        for last in (False, True):
            module = nn.EmbeddingBag(10, 3, mode=mode, padding_idx=padding, include_last_offset=last)
            offsets = torch.tensor([0, 3, 3, 5, 8]) if last else starts
            layer("EmbeddingBag", dict(mode=mode, padding=padding, last=last), module, flat, offsets)
        layer("EmbeddingBag", dict(mode=mode, padding=padding), nn.EmbeddingBag(10, 3, mode=mode, padding_idx=padding), flat.reshape(2, 4))
bag = nn.EmbeddingBag(10, 3, mode="sum")
layer("EmbeddingBag", dict(mode="sum", weights=True), bag, flat, starts, torch.rand(8), call=lambda i, o, w: bag(i, o, w))
bag2 = nn.EmbeddingBag(10, 3, mode="sum")
layer("EmbeddingBag", dict(mode="sum", weights=True), bag2, flat.reshape(2, 4), torch.rand(2, 4), call=lambda i, w: bag2(i, per_sample_weights=w))

# Losses
signs = torch.tensor([[1.0, -1, 1], [-1, -1, 1]])
several = torch.tensor([[3, 0, -1, 1], [1, -1, 2, 2], [-1, 0, 1, 2], [0, 1, 2, 3]])
answers = torch.randint(2, (3, 4)).float()
counts = torch.tensor([[0.0, 1, 2], [5, 3, 0.5]])
variances = torch.rand(3, 4) + 0.1
variances[0, 0] = 1e-9
for reduction in ("mean", "sum", "none"):
    r = dict(reduction=reduction)
    loss("softMargin", r, lambda a, b: F.soft_margin_loss(a, b.detach(), **r), x(2, 3) * 3, signs)
    loss("multiMargin", r, lambda a, b: F.multi_margin_loss(a, b, **r), x(3, 4), torch.tensor([3, 0, 1]))
    loss("multiMargin", dict(r, p=2, margin=0.7, weight=True), lambda a, b, w: F.multi_margin_loss(a, b, 2, 0.7, w.detach(), **r), x(3, 4), torch.tensor([3, 0, 1]), torch.rand(4))
    loss("multiLabelMargin", r, lambda a, b: F.multilabel_margin_loss(a, b, **r), x(4, 4), several)
    loss("multiLabelSoftMargin", r, lambda a, b: F.multilabel_soft_margin_loss(a, b.detach(), **r), x(3, 4), answers)
    loss("multiLabelSoftMargin", dict(r, weight=True), lambda a, b, w: F.multilabel_soft_margin_loss(a, b.detach(), w.detach(), **r), x(3, 4), answers, torch.rand(4))
    for log in (True, False):
        for full in (True, False):
            loss("poissonNegativeLogLikelihood", dict(r, log=log, full=full), lambda a, b: F.poisson_nll_loss(a, b.detach(), log, full=full, **r), torch.rand(2, 3) + 0.2, counts)
    for full in (True, False):
        loss("gaussianNegativeLogLikelihood", dict(r, full=full), lambda a, b, v: F.gaussian_nll_loss(a, b, v, full=full, **r), x(3, 4), x(3, 4), variances)
    loss("gaussianNegativeLogLikelihood", r, lambda a, b, v: F.gaussian_nll_loss(a, b, v, **r), x(3, 4), x(3, 4), torch.rand(3))
    loss("tripletMarginDistance", r, lambda a, b, c: F.triplet_margin_with_distance_loss(a, b, c, distance_function=lambda u, v: (u - v).abs().sum(-1), swap=True, margin=0.5, **r), x(4, 5), x(4, 5), x(4, 5))
loss("multiMargin", {}, lambda a, b: F.multi_margin_loss(a, b), x(4), torch.tensor(2))
loss("multiLabelMargin", {}, lambda a, b: F.multilabel_margin_loss(a, b), x(4), several[0])
lengths = dict(inputs=[8, 6, 7], targets=[3, 2, 1])
loss("ctc", lengths, lambda a, b: F.ctc_loss(a.log_softmax(2), b, (8, 6, 7), (3, 2, 1)), x(8, 3, 4), torch.tensor([1, 2, 2, 3, 1, 2]))
loss("ctc", dict(inputs=[8], targets=[3]), lambda a, b: F.ctc_loss(a.log_softmax(1), b, torch.tensor(8), torch.tensor(3)), x(8, 4), torch.tensor([1, 2, 2]))
for divisor, bias in ((4.0, False), (2.0, True)):
    module = nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=divisor, head_bias=bias)
    targets = torch.tensor([0, 11, 4, 2, 7, 6])
    layer("AdaptiveLogSoftmaxWithLoss", dict(divisor=divisor, bias=bias), module, x(6, 8), targets)
    layer("AdaptiveLogSoftmax", dict(divisor=divisor, bias=bias), module, x(6, 8), call=module.log_prob)
weight = x(5, 4)
loss("linearCrossEntropy", {}, lambda a, w, t: F.linear_cross_entropy(a, w, t), x(6, 4), weight, torch.tensor([0, 3, 1, 1, 2, 4]))

# Optimizers: ten steps
for name, arguments in [
    ("Adadelta", {}), ("Adadelta", dict(lr=0.5, rho=0.8, eps=1e-3, weight_decay=0.1)),
    ("RAdam", dict(lr=0.1)), ("RAdam", dict(lr=0.1, weight_decay=0.1)), ("RAdam", dict(lr=0.1, betas=[0.8, 0.9], weight_decay=0.1, decoupled_weight_decay=True)),
    ("NAdam", dict(lr=0.1, weight_decay=0.1, decoupled_weight_decay=True)),
    ("Rprop", {}), ("Rprop", dict(lr=0.1, etas=[0.4, 1.5], step_sizes=[0.01, 0.2])),
    ("ASGD", dict(lr=0.1)), ("ASGD", dict(lr=0.1, lambd=0.1, alpha=0.6, t0=3.0, weight_decay=0.1)),
    ("Adafactor", {}), ("Adafactor", dict(lr=0.5, weight_decay=0.1, d=1.1, beta2_decay=-0.6, eps=[1e-4, 1e-2])),
    ("SGD", dict(lr=0.1, momentum=0.9, maximize=True, weight_decay=0.1)), ("Adam", dict(lr=0.1, maximize=True, weight_decay=0.1)),
]:
    optimizer(name, arguments, lambda p: getattr(torch.optim, name)(p, foreach=False, **arguments).step, steps=10)

# Schedules
for name, arguments in [
    ("ConstantLR", dict(factor=0.25, total_iters=7)), ("LinearLR", dict(start_factor=0.25, end_factor=0.9, total_iters=9)),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.9, step_size_up=5)),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.9, step_size_up=4, step_size_down=7, mode="triangular2")),
    ("CyclicLR", dict(base_lr=0.1, max_lr=0.9, step_size_up=6, mode="exp_range", gamma=0.95)),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=40, anneal_strategy="linear")),
    ("OneCycleLR", dict(max_lr=1.0, total_steps=40, three_phase=True, pct_start=0.25)),
    ("PolynomialLR", dict(total_iters=12, power=1.0)),
    ("ReduceLROnPlateau", dict(factor=0.5, patience=1, threshold=0.3, threshold_mode="abs", eps=0.02)),
]:
    momentum = dict(cycle_momentum=False) if name in ("CyclicLR", "OneCycleLR") else {}
    schedule(name, arguments, lambda o: getattr(torch.optim.lr_scheduler, name)(o, **momentum, **arguments))
lr = torch.optim.lr_scheduler
schedule("LambdaLR", {}, lambda o: lr.LambdaLR(o, lambda t: 1 / (1 + t)))
schedule("MultiplicativeLR", {}, lambda o: lr.MultiplicativeLR(o, lambda t: 0.9 if t % 2 else 0.8))
schedule("SequentialLR", {}, lambda o: lr.SequentialLR(o, [lr.ConstantLR(o, 0.1, 3), lr.ExponentialLR(o, 0.9), lr.StepLR(o, 4)], [5, 20]))
schedule("ChainedScheduler", {}, lambda o: lr.ChainedScheduler([lr.ConstantLR(o, 0.1, 6), lr.ExponentialLR(o, 0.9)]))
for strategy in ("cos", "linear"):
    schedule("SWALR", dict(strategy=strategy), lambda o: torch.optim.swa_utils.SWALR(o, swa_lr=0.05, anneal_epochs=10, anneal_strategy=strategy))

# Recurrent layers with projections, without a batch, and over packed sequences
def by_state(module):
    return lambda a, *s: module(a, s if len(s) == 2 else s[0])


for arguments in [dict(proj_size=2), dict(proj_size=2, num_layers=2, bidirectional=True), dict(proj_size=3, batch_first=True, bias=False)]:
    module = nn.LSTM(3, 4, **arguments)
    count = arguments.get("num_layers", 1) * (2 if arguments.get("bidirectional") else 1)
    layer("LSTM", arguments, module, x(5, 2, 3))
    states = x(count, 5 if arguments.get("batch_first") else 2, arguments["proj_size"]), x(count, 5 if arguments.get("batch_first") else 2, 4)
    layer("LSTM", arguments, module, x(5, 2, 3), *states, call=by_state(module))
lengths = [3, 5, 1, 3]
for name in ("RNN", "LSTM", "GRU"):
    module = getattr(nn, name)(3, 4)
    layer(name, {}, module, x(5, 3))
    layer(name, {}, module, x(5, 3), *[x(1, 4) for _ in range(2 if name == "LSTM" else 1)], call=by_state(module))
    cell = getattr(nn, name + "Cell")(3, 4)
    layer(name + "Cell", {}, cell, x(3))
    for arguments in [{}, dict(num_layers=2, bidirectional=True), dict(bidirectional=True, batch_first=True)]:
        module = getattr(nn, name)(3, 4, **arguments)
        first = arguments.get("batch_first", False)

        def packed(a, *s):
            sequence = nn.utils.rnn.pack_padded_sequence(a, lengths, first, enforce_sorted=False)
            output, state = module(sequence, *([s if len(s) == 2 else s[0]] if s else []))
            return nn.utils.rnn.pad_packed_sequence(output, first)[0], state

        inputs = x(4, 5, 3) if first else x(5, 4, 3)
        count = arguments.get("num_layers", 1) * (2 if arguments.get("bidirectional") else 1)
        layer("Packed" + name, dict(arguments, lengths=lengths), module, inputs, call=packed)
        layer("Packed" + name, dict(arguments, lengths=lengths), module, inputs, *[x(count, 4, 4) for _ in range(2 if name == "LSTM" else 1)], call=packed)
sequences = [x(3, 2), x(5, 2), x(1, 2)]
for first, side in ((False, "right"), (True, "left")):
    function("padSequences", dict(first=first, side=side), lambda *s: nn.utils.rnn.pad_sequence(list(s), first, -1.5, side), *sequences)

# Attention with more keys, and without a batch
for arguments, masks in [
    (dict(add_bias_kv=True), {}), (dict(add_zero_attn=True), {}),
    (dict(add_bias_kv=True, add_zero_attn=True, batch_first=True), dict(attn_mask=torch.ones(3, 3).triu(1).bool(), key_padding_mask=torch.tensor([[False, False, True], [False, True, False]]))),
]:
    module = nn.MultiheadAttention(4, 2, **arguments)
    shape = (2, 3, 4) if arguments.get("batch_first") else (3, 2, 4)
    case = dict(arguments, masks=["attention", "padding"][: len(masks)])
    layer("MultiheadAttention", case, module, x(*shape), x(*shape), x(*shape), *masks.values(), call=lambda q, k, v, *m: module(q, k, v, **masks))
module = nn.MultiheadAttention(4, 2)
layer("MultiheadAttention", {}, module, x(3, 4), x(5, 4), x(5, 4), call=lambda q, k, v: module(q, k, v))
q, k, v = x(2, 4, 3, 5), x(2, 2, 6, 5), x(2, 2, 6, 5)
loss("attention", dict(enable_gqa=True), lambda q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True), q, k, v)
module = nn.Transformer(4, 2, 1, 2, 6, dropout=0)
causal = nn.Transformer.generate_square_subsequent_mask(3)
layer("Transformer", {}, module, x(5, 2, 4), x(3, 2, 4), call=lambda s, t: module(s, t, tgt_mask=causal))

# Parametrizations and pruning
from torch.nn.utils import parametrizations, prune

for dim in (0, 1, None):
    module = parametrizations.weight_norm(nn.Linear(4, 3), dim=dim)
    with torch.no_grad():
        module.parametrizations.weight.original0.mul_(1.5)
    layer("WeightNorm", dict(axis=dim), module, x(5, 4))
for training in (True, False):
    layer("SpectralNorm", {}, parametrizations.spectral_norm(nn.Linear(4, 3)), x(5, 4), training=training)
    layer("SpectralNormTransposed", {}, parametrizations.spectral_norm(nn.ConvTranspose1d(2, 3, 2), n_power_iterations=3, dim=1), x(2, 2, 4), training=training)
pruned = nn.Linear(4, 3)
prune.l1_unstructured(pruned, "weight", 0.4)
layer("Pruned", {}, pruned, x(5, 4))


def mask(weight, apply, times=1):
    module = nn.Module()
    module.weight = nn.Parameter(weight.detach().clone())
    for _ in range(times):
        apply(module)
    return module.weight_mask


for times in (1, 2):
    function("pruneSmallest", dict(times=times, amount=0.3), lambda w: mask(w, lambda m: prune.l1_unstructured(m, "weight", 0.3), times), x(4, 5))
    function("pruneSmallest", dict(times=times, amount=7), lambda w: mask(w, lambda m: prune.l1_unstructured(m, "weight", 7), times), x(4, 5))
    for order in (1, 2):
        function("pruneSlices", dict(times=times, amount=0.4, order=order, axis=1), lambda w: mask(w, lambda m: prune.ln_structured(m, "weight", 0.4, order, 1), times), x(3, 6, 2))

# Muon: matrices alone
matrices = [nn.Parameter(x(3, 4)), nn.Parameter(x(6, 3))]
for name in (None, "original", "match_rms_adamw", "spectral_unclamped"):
    parameters = [nn.Parameter(m.detach().clone()) for m in matrices]
    rule = torch.optim.Muon(parameters, lr=0.02, nesterov=name != "original", adjust_lr_fn=name)
    optimizer_case(name, rule, parameters)

# LBFGS on Rosenbrock's valley, in float64: what rounding leaves of float32 decides the line search
for arguments in [dict(lr=0.01), dict(line_search_fn="strong_wolfe"), dict(line_search_fn="strong_wolfe", max_iter=5, history_size=3)]:
    valley(arguments)

# Orthogonal parametrizations
for sizes in ([4, 4], [3, 5], [5, 3]):
    for name in ("matrix_exp", "cayley", "householder"):
        module = parametrizations.orthogonal(nn.Linear(*sizes), orthogonal_map=name)
        with torch.no_grad():
            original = module.parametrizations.weight.original
            original.add_(x(*original.shape).tril(-1) + x(*original.shape).triu(1))
        layer("Orthogonal", dict(sizes=sizes, map=name), module, x(2, sizes[0]))

write("families")
