import ApusNN
import ApusTestSupport

// The layers and functions of families.safetensors, made from a case's arguments.

/// A function of tensors as a layer without state.
private func function(_ call: @escaping ([Tensor]) -> [Tensor]) -> GoldenLayer { .init(Identity()) { call($1) } }

extension NNGolden {
    fileprivate var kernel: [Int] { self["kernel"].ints }
    /// An extent for each axis of the kernel.
    fileprivate func extents(_ argument: String, _ standard: [Int]) -> [Int] {
        if let list = ints(argument) { return list }
        return self[argument].optionalInt.map { $0.extents(standard.count) } ?? standard
    }
    fileprivate var stride: [Int] { extents("stride", kernel) }
    fileprivate var padding: [Int] { extents("padding", kernel.map { _ in 0 }) }
    fileprivate var dilation: [Int] { extents("dilation", kernel.map { _ in 1 }) }
    fileprivate var ceilMode: Bool { bool("ceil_mode", false) }
}

private func maxPoolLayer(_ golden: NNGolden) -> MaxPoolLayer {
    let (kernel, stride, padding, dilation) = (golden.kernel, golden.stride, golden.padding, golden.dilation)
    switch kernel.count {
    case 1:
        return MaxPool1d(
            kernelSize: kernel[0], stride: stride[0], padding: padding[0], dilation: dilation[0],
            ceilMode: golden.ceilMode)
    case 2:
        return MaxPool2d(
            kernelSize: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: golden.ceilMode)
    default:
        return MaxPool3d(
            kernelSize: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: golden.ceilMode)
    }
}

let windowGoldens: [String: GoldenMaker] = [
    "maxPool": { golden in .init(maxPoolLayer(golden)) { [$0($1[0])] } },
    "maxPoolWithIndices": { golden in
        .init(maxPoolLayer(golden)) { layer, inputs in
            let (values, indices) = layer.withIndices(inputs[0])
            return [values, indices]
        }
    },
    "avgPool": { golden in
        let (kernel, stride, padding) = (golden.kernel, golden.stride, golden.padding)
        let counts = golden.bool("count_include_pad", true)
        let divisor = golden["divisor_override"].optionalInt
        let layer: AvgPoolLayer =
            switch kernel.count {
            case 1:
                AvgPool1d(
                    kernelSize: kernel[0], stride: stride[0], padding: padding[0], ceilMode: golden.ceilMode,
                    countsPadding: counts)
            case 2:
                AvgPool2d(
                    kernelSize: kernel, stride: stride, padding: padding, ceilMode: golden.ceilMode,
                    countsPadding: counts, divisor: divisor)
            default:
                AvgPool3d(
                    kernelSize: kernel, stride: stride, padding: padding, ceilMode: golden.ceilMode,
                    countsPadding: counts, divisor: divisor)
            }
        return .init(layer) { [$0($1[0])] }
    },
    "lpPool": { golden in
        .init(
            LPPool(
                order: golden["order"].double, kernelSize: golden.kernel, stride: golden.stride,
                ceilMode: golden.ceilMode))
    },
    "maxUnpool": { golden in
        .init(MaxUnpool(kernelSize: golden.kernel, stride: golden.stride, padding: golden.padding)) {
            [$0($1[0], $1[1], outputSize: golden.ints("size"))]
        }
    },
    "fractionalMaxPool": { golden in
        .init(FractionalMaxPool(kernelSize: golden.kernel, outputSize: golden["size"].ints)) { layer, inputs in
            let (values, indices) = layer.withIndices(inputs[0], samples: inputs[1])
            return [values, indices]
        }
    },
    "adaptiveAvgPool": { golden in
        let size = golden["size"].ints
        let layer: AdaptivePoolLayer =
            size.count == 1
            ? AdaptiveAvgPool1d(size[0]) : size.count == 2 ? AdaptiveAvgPool2d(size) : AdaptiveAvgPool3d(size)
        return .init(layer) { [$0($1[0])] }
    },
    "adaptiveMaxPool": { golden in
        let size = golden["size"].ints
        let layer: AdaptiveMaxPoolLayer =
            size.count == 1
            ? AdaptiveMaxPool1d(size[0]) : size.count == 2 ? AdaptiveMaxPool2d(size) : AdaptiveMaxPool3d(size)
        return .init(layer) { layer, inputs in
            let (values, indices) = layer.withIndices(inputs[0])
            return [values, indices]
        }
    },
    "Pad": { golden in
        let flat = golden["widths"].ints
        let widths = stride(from: flat.count - 2, through: 0, by: -2).map { (before: flat[$0], behind: flat[$0 + 1]) }
        guard let mode = PaddingMode(rawValue: golden.string("mode")!) else {
            return .init(Pad(widths, value: golden["value"].double))
        }
        return .init(Pad(widths, mode: mode))
    },
    "ConvTransposeSized": { golden in
        .init(ConvTranspose2d(2, 3, kernelSize: 3, stride: 2, padding: 1)) {
            [$0($1[0], outputSize: golden["size"].ints)]
        }
    },
]

let imageGoldens: [String: GoldenMaker] = [
    "PixelShuffle": { _ in .init(PixelShuffle(2)) }, "PixelUnshuffle": { _ in .init(PixelUnshuffle(2)) },
    "ChannelShuffle": { _ in .init(ChannelShuffle(groups: 3)) },
    "Upsample": { golden in
        let mode: InterpolationMode =
            switch golden.string("mode") {
            case "bilinear": .linear
            case "bicubic": .cubic
            default: .nearest
            }
        guard let size = golden.ints("size") else {
            return .init(
                Upsample(scale: [golden["scale"].double], mode: mode, alignCorners: golden.bool("align", false)))
        }
        return .init(Upsample(size: size, mode: mode))
    },
    "Unfold": { _ in .init(Unfold(kernelSize: [2, 3], stride: [1, 2], padding: [1, 0], dilation: [2, 1])) },
    "Fold": { _ in .init(Fold(outputSize: [4, 5], kernelSize: [2, 2], stride: [2, 1], padding: 1)) },
]

let statisticsGoldens: [String: GoldenMaker] = [
    "InstanceNorm": { golden in
        let (channels, momentum) = (golden["channels"].int, golden["momentum"].double)
        let (affine, track) = (golden.bool("affine", false), golden.bool("track", false))
        let layer: InstanceNormLayer =
            switch golden["rank"].int {
            case 1:
                InstanceNorm1d(channels, momentum: momentum, affine: affine, tracksRunningStatistics: track)
            case 2:
                InstanceNorm2d(channels, momentum: momentum, affine: affine, tracksRunningStatistics: track)
            default:
                InstanceNorm3d(channels, momentum: momentum, affine: affine, tracksRunningStatistics: track)
            }
        return .init(layer) { [$0($1[0])] }
    },
    "LocalResponseNorm": { golden in
        .init(
            LocalResponseNorm(
                golden["size"].int, alpha: golden.double("alpha", 1e-4), beta: golden.double("beta", 0.75),
                k: golden.double("k", 1)))
    },
    "Dropout3d": { _ in .init(Dropout3d(0.4)) }, "AlphaDropout": { _ in .init(AlphaDropout(0.4)) },
    "FeatureAlphaDropout": { _ in .init(FeatureAlphaDropout(0.4)) },
    "RReLU": { .init(RReLU(low: $0.double("low", 1.0 / 8), high: $0.double("high", 1.0 / 3))) },
    "Softmax2d": { _ in .init(Softmax(axis: -3)) },
]

let tableGoldens: [String: GoldenMaker] = [
    "EmbeddingLimited": {
        .init(Embedding(6, 4, maxNorm: $0["limit"].double, normOrder: $0["order"].double))
    },
    "EmbeddingScaled": { _ in .init(Embedding(6, 4, scalesGradientByFrequency: true)) },
    "EmbeddingBag": { golden in
        let bag = EmbeddingBag(
            10, 3, mode: .init(rawValue: golden.string("mode")!)!, paddingIndex: golden["padding"].optionalInt,
            includesLastOffset: golden.bool("last", false))
        return .init(bag) { bag, inputs in
            let offsets = inputs[0].rank == 1 ? inputs[1] : nil
            return [bag(inputs[0], offsets: offsets, weights: golden.bool("weights", false) ? inputs.last : nil)]
        }
    },
    "AdaptiveLogSoftmaxWithLoss": { golden in
        .init(
            AdaptiveLogSoftmaxWithLoss(
                8, classes: 12, cutoffs: [3, 7], divisor: golden["divisor"].double, headBias: golden.bool("bias", false)
            )
        ) { layer, inputs in
            let (output, loss) = layer(inputs[0], inputs[1])
            return [output, loss]
        }
    },
    "AdaptiveLogSoftmax": { golden in
        .init(
            AdaptiveLogSoftmaxWithLoss(
                8, classes: 12, cutoffs: [3, 7], divisor: golden["divisor"].double, headBias: golden.bool("bias", false)
            )
        ) { [$0.logProbabilities($1[0])] }
    },
]

let functionGoldens: [String: GoldenMaker] = [
    "CosineSimilarity": { golden in
        function { [cosineSimilarity($0[0], $0[1], axis: golden["axis"].int, epsilon: golden.double("epsilon", 1e-8))] }
    },
    "PairwiseDistance": { golden in
        function {
            [
                pairwiseDistance(
                    $0[0], $0[1], order: golden["order"].double, keepingAxes: golden.bool("keep", false))
            ]
        }
    },
    "pdist": { golden in function { [pairDistances($0[0], order: golden["order"].double)] } },
]

extension NNGolden {
    fileprivate func packed(_ x: Tensor) -> PackedSequence {
        PackedSequence(padded: x, lengths: ints("lengths")!, batchFirst: bool("batch_first", false))
    }
    fileprivate func padded(_ x: PackedSequence) -> Tensor {
        x.padded(batchFirst: bool("batch_first", false)).sequences
    }
}

let packedGoldens: [String: GoldenMaker] = [
    "PackedRNN": { golden in
        let layer = RNN(
            3, 4, layers: golden.int("num_layers", 1), batchFirst: golden.bool("batch_first", false),
            bidirectional: golden.bool("bidirectional", false))
        return .init(layer) { layer, inputs in
            let (output, hidden) = layer(golden.packed(inputs[0]), hidden: inputs.count > 1 ? inputs[1] : nil)
            return [golden.padded(output), hidden]
        }
    },
    "PackedGRU": { golden in
        let layer = GRU(
            3, 4, layers: golden.int("num_layers", 1), batchFirst: golden.bool("batch_first", false),
            bidirectional: golden.bool("bidirectional", false))
        return .init(layer) { layer, inputs in
            let (output, hidden) = layer(golden.packed(inputs[0]), hidden: inputs.count > 1 ? inputs[1] : nil)
            return [golden.padded(output), hidden]
        }
    },
    "PackedLSTM": { golden in
        let layer = LSTM(
            3, 4, layers: golden.int("num_layers", 1), batchFirst: golden.bool("batch_first", false),
            bidirectional: golden.bool("bidirectional", false))
        return .init(layer) { layer, inputs in
            let state = inputs.count > 1 ? (hidden: inputs[1], cell: inputs[2]) : nil
            let (output, hidden, cell) = layer(golden.packed(inputs[0]), state: state)
            return [golden.padded(output), hidden, cell]
        }
    },
    "padSequences": { golden in
        function {
            [
                padSequences(
                    $0, batchFirst: golden.bool("first", false), value: -1.5,
                    side: PaddingSide(rawValue: golden.string("side")!)!)
            ]
        }
    },
    "Transformer": { _ in
        .init(Transformer(4, heads: 2, encoderLayers: 1, decoderLayers: 2, feedForward: 6, dropout: 0)) {
            [$0($1[0], $1[1], targetMask: causalMask(3))]
        }
    },
]

/// Two prunings of the same kind give the mask.
private func pruned(_ golden: NNGolden, _ weight: Tensor, _ method: PruningMethod) -> Tensor {
    let layer = Linear(2, 2)
    layer.weight = weight
    let amount: PruningAmount =
        golden["amount"].optionalInt.map { .count($0) } ?? .fraction(golden["amount"].double)
    for _ in 0..<golden["times"].int { layer.$weight.prune(method, amount: amount) }
    return layer.$weight.pruningMask!
}

let derivedGoldens: [String: GoldenMaker] = [
    "WeightNorm": { golden in
        let layer = Linear(4, 3)
        layer.$weight.parametrize(WeightNorm(axis: golden["axis"].optionalInt))
        return .init(layer)
    },
    "SpectralNorm": { _ in
        let layer = Linear(4, 3)
        layer.$weight.parametrize(SpectralNorm(for: layer.weight))
        return .init(layer)
    },
    "SpectralNormTransposed": { _ in
        let layer = ConvTranspose1d(2, 3, kernelSize: 2)
        layer.$weight.parametrize(SpectralNorm(for: layer.weight, axis: 1, iterations: 3))
        return .init(layer)
    },
    "Orthogonal": { golden in
        let sizes = golden["sizes"].ints
        let maps: [String: Orthogonal.Map] = ["matrix_exp": .matrixExponential, "cayley": .cayley]
        let layer = Linear(sizes[0], sizes[1])
        let map = maps[golden.string("map")!] ?? .householder
        layer.$weight.parametrize(Orthogonal(for: layer.weight, map: map))
        return .init(layer)
    },
    "Pruned": { _ in
        let layer = Linear(4, 3)
        layer.$weight.prune(.random, amount: 0.4)
        return .init(layer)
    },
    "pruneSmallest": { golden in function { [pruned(golden, $0[0], .smallest)] } },
    "pruneSlices": { golden in
        function {
            [
                pruned(
                    golden, $0[0], .smallestSlices(axis: golden["axis"].int, order: golden["order"].double))
            ]
        }
    },
]
