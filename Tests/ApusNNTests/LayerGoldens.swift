import ApusIO
import ApusNN
import ApusTestSupport
import Foundation
import Testing

/// One case of goldens.safetensors or families.safetensors; recording.py explains the names.
struct NNGolden: Sendable, Decodable, CustomTestStringConvertible {
    let kind: String
    let name: String
    let arguments: GoldenValue
    let inputCount: Int
    let training: Bool
    var number = 0
    var file = ""

    enum CodingKeys: CodingKey { case kind, name, arguments, inputCount, training }

    var testDescription: String { "\(file) \(number) \(name)\(training ? "" : " in evaluation")" }

    /// All cases of a kind that are there at every test.
    static func all(_ kind: String) -> [NNGolden] { cases.filter { $0.kind == kind && $0.file != "parity" } }
    /// The cases that `Goldens/parity.py` drew into the folder which `APUS_PARITY` names.
    static var drawn: [NNGolden] { cases.filter { $0.file == "parity" } }

    /// An open file of goldens.
    private struct Archive: Sendable {
        let tensors: SafetensorsFile
        /// The keys of each case's tensors.
        let names: [String: [String]]

        init(_ name: String, in folder: URL) {
            tensors = try! SafetensorsFile(contentsOf: folder.appending(path: "\(name).safetensors"))
            names = Dictionary(grouping: tensors.names) { String($0.prefix { $0 != "/" }) }
        }
    }

    private static let archives: [String: Archive] = {
        let folder = Bundle.module.resourceURL!.appending(path: "Goldens")
        var archives = Dictionary(uniqueKeysWithValues: ["goldens", "families"].map { ($0, Archive($0, in: folder)) })
        if let folder = ProcessInfo.processInfo.environment["APUS_PARITY"] {
            archives["parity"] = Archive("parity", in: URL(filePath: folder))
        }
        return archives
    }()

    private static let cases: [NNGolden] = archives.sorted { $0.key > $1.key }.flatMap { name, archive in
        var cases = try! JSONDecoder().decode([NNGolden].self, from: Data(archive.tensors.metadata["cases"]!.utf8))
        for index in cases.indices { (cases[index].number, cases[index].file) = (index, name) }
        return cases
    }

    /// The tensors whose keys begin with `group` and a dot, by the rest of their keys.
    func tensors(_ group: String) -> [String: Tensor] {
        let prefix = "\(number)/\(group)."
        let archive = Self.archives[file]!
        let keys = (archive.names[String(number)] ?? []).filter { $0.hasPrefix(prefix) }
        return Dictionary(
            uniqueKeysWithValues: keys.map { (String($0.dropFirst(prefix.count)), try! archive.tensors.tensor($0)) })
    }

    var inputs: [Tensor] { ordered("in") }
    var outputs: [Tensor] { ordered("out") }

    private func ordered(_ group: String) -> [Tensor] {
        tensors(group).sorted { Int($0.key)! < Int($1.key)! }.map(\.value)
    }

    subscript(argument: String) -> GoldenValue { arguments[argument] }
    func ints(_ argument: String) -> [Int]? { if case .list = self[argument] { self[argument].ints } else { nil } }
    func bool(_ argument: String, _ standard: Bool) -> Bool {
        if case .bool(let value) = self[argument] { value } else { standard }
    }
    func double(_ argument: String, _ standard: Double) -> Double { self[argument].optionalDouble ?? standard }
    func int(_ argument: String, _ standard: Int) -> Int { self[argument].optionalInt ?? standard }
    func string(_ argument: String) -> String? {
        if case .string(let value) = self[argument] { value } else { nil }
    }
}

/// What sums of float32 numbers in another order may differ by.
let goldenTolerance = Tolerance(relative: 1e-4, absolute: 1e-5)

/// A layer made from a case's arguments, and its call.
struct GoldenLayer {
    let module: Module
    let call: ([Tensor]) -> [Tensor]

    init<Model: Layer>(_ layer: Model) {
        module = layer
        call = { [layer($0[0])] }
    }

    init<Model: Module>(_ module: Model, _ call: @escaping (Model, [Tensor]) -> [Tensor]) {
        self.module = module
        self.call = { call(module, $0) }
    }
}

typealias GoldenMaker = @Sendable (NNGolden) -> GoldenLayer

let goldenLayers: [String: GoldenMaker] = [
    linearGoldens, convolutionGoldens, poolingGoldens, normalizationGoldens, activationGoldens, recurrentGoldens,
    attentionGoldens, windowGoldens, imageGoldens, statisticsGoldens, tableGoldens, functionGoldens,
    packedGoldens, derivedGoldens,
].reduce(into: [:]) { all, family in all.merge(family) { _, _ in preconditionFailure("a layer is there twice") } }

private let linearGoldens: [String: GoldenMaker] = [
    "Linear": { .init(Linear($0["sizes"].ints[0], $0["sizes"].ints[1], bias: $0.bool("bias", true))) },
    "Bilinear": { golden in
        let sizes = golden["sizes"].ints
        return .init(Bilinear(sizes[0], sizes[1], sizes[2], bias: golden.bool("bias", true))) { [$0($1[0], $1[1])] }
    },
    "Dropout": { _ in .init(Dropout(0.4)) },
    "Dropout1d": { _ in .init(Dropout1d(0.4)) },
    "Dropout2d": { _ in .init(Dropout2d(0.4)) },
    "Embedding": { golden in
        .init(
            Embedding(
                golden["sizes"].ints[0], golden["sizes"].ints[1], paddingIndex: golden["padding_idx"].optionalInt))
    },
    "Flatten": { _ in .init(Flatten()) },
    "Unflatten": { _ in .init(Unflatten(axis: 1, [2, 3])) },
    "Sequential": { _ in
        .init(
            Sequential {
                Conv2d(1, 2, kernelSize: 3)
                BatchNorm2d(2)
                Sequential(ReLU(), MaxPool2d(kernelSize: 2))
                Flatten()
                Linear(8, 3)
            })
    },
]

private func convolution(_ golden: NNGolden) -> GoldenLayer {
    let channels = golden["channels"].ints
    let kernel = golden["kernel"].ints
    let stride = golden.ints("stride") ?? kernel.map { _ in 1 }
    let dilation = golden.ints("dilation") ?? kernel.map { _ in 1 }
    let groups = golden.int("groups", 1)
    let bias = golden.bool("bias", true)
    let padding: ConvolutionPadding =
        golden.string("padding") == "same" ? .same : .zeros(golden.ints("padding") ?? kernel.map { _ in 0 })
    let mode = golden.string("padding_mode").flatMap(PaddingMode.init)
    switch kernel.count {
    case 1:
        return .init(
            Conv1d(
                channels[0], channels[1], kernelSize: kernel[0], stride: stride[0], padding: padding,
                paddingMode: mode, dilation: dilation[0], groups: groups, bias: bias))
    case 2:
        return .init(
            Conv2d(
                channels[0], channels[1], kernelSize: kernel, stride: stride, padding: padding, paddingMode: mode,
                dilation: dilation,
                groups: groups, bias: bias))
    default:
        return .init(
            Conv3d(
                channels[0], channels[1], kernelSize: kernel, stride: stride, padding: padding, paddingMode: mode,
                dilation: dilation,
                groups: groups, bias: bias))
    }
}

private func transposedConvolution(_ golden: NNGolden) -> GoldenLayer {
    let channels = golden["channels"].ints
    let kernel = golden["kernel"].ints
    let stride = golden.ints("stride") ?? kernel.map { _ in 1 }
    let padding = golden.ints("padding") ?? kernel.map { _ in 0 }
    let extra = golden.ints("output_padding") ?? kernel.map { _ in 0 }
    let dilation = golden.ints("dilation") ?? kernel.map { _ in 1 }
    let groups = golden.int("groups", 1)
    let bias = golden.bool("bias", true)
    switch kernel.count {
    case 1:
        return .init(
            ConvTranspose1d(
                channels[0], channels[1], kernelSize: kernel[0], stride: stride[0], padding: padding[0],
                outputPadding: extra[0], dilation: dilation[0], groups: groups, bias: bias))
    case 2:
        return .init(
            ConvTranspose2d(
                channels[0], channels[1], kernelSize: kernel, stride: stride, padding: padding, outputPadding: extra,
                dilation: dilation, groups: groups, bias: bias))
    default:
        return .init(
            ConvTranspose3d(
                channels[0], channels[1], kernelSize: kernel, stride: stride, padding: padding, outputPadding: extra,
                dilation: dilation, groups: groups, bias: bias))
    }
}

private let convolutionGoldens: [String: GoldenMaker] = [
    "Conv1d": convolution, "Conv2d": convolution, "Conv3d": convolution,
    "ConvTranspose1d": transposedConvolution, "ConvTranspose2d": transposedConvolution,
    "ConvTranspose3d": transposedConvolution,
]

private let poolingGoldens: [String: GoldenMaker] = [
    "MaxPool1d": { golden in
        .init(
            MaxPool1d(
                kernelSize: golden["kernel"].ints[0], stride: golden.ints("stride")?[0],
                padding: golden.ints("padding")?[0] ?? 0))
    },
    "MaxPool2d": { golden in
        .init(
            MaxPool2d(
                kernelSize: golden["kernel"].ints, stride: golden.ints("stride"),
                padding: golden.ints("padding") ?? [0, 0]))
    },
    "MaxPool3d": { golden in
        .init(
            MaxPool3d(
                kernelSize: golden["kernel"].ints, stride: golden.ints("stride"),
                padding: golden.ints("padding") ?? [0, 0, 0]))
    },
    "AvgPool1d": { golden in
        .init(
            AvgPool1d(
                kernelSize: golden["kernel"].ints[0], stride: golden.ints("stride")?[0],
                padding: golden.ints("padding")?[0] ?? 0))
    },
    "AvgPool2d": { golden in
        .init(
            AvgPool2d(
                kernelSize: golden["kernel"].ints, stride: golden.ints("stride"),
                padding: golden.ints("padding") ?? [0, 0], countsPadding: golden.bool("count_include_pad", true)))
    },
    "AvgPool3d": { golden in
        .init(
            AvgPool3d(
                kernelSize: golden["kernel"].ints, stride: golden.ints("stride"),
                padding: golden.ints("padding") ?? [0, 0, 0]))
    },
    "AdaptiveAvgPool1d": { .init(AdaptiveAvgPool1d($0["output"].ints[0])) },
    "AdaptiveAvgPool2d": { .init(AdaptiveAvgPool2d($0["output"].ints)) },
    "AdaptiveMaxPool1d": { .init(AdaptiveMaxPool1d($0["output"].ints[0])) },
    "AdaptiveMaxPool2d": { .init(AdaptiveMaxPool2d($0["output"].ints)) },
]

extension NNGolden {
    /// PyTorch's momentum: absent is the default, null is a cumulative average.
    fileprivate var momentum: Double? {
        if case .object(let all) = arguments, all["momentum"] != nil { return nil }
        return 0.1
    }
}

private let normalizationGoldens: [String: GoldenMaker] = [
    "BatchNorm1d": { .init(BatchNorm1d($0["channels"].int)) },
    "BatchNorm2d": { golden in
        .init(
            BatchNorm2d(
                golden["channels"].int, epsilon: golden.double("eps", 1e-5), momentum: golden.momentum,
                affine: golden.bool("affine", true),
                tracksRunningStatistics: golden.bool("track_running_stats", true)))
    },
    "BatchNorm3d": { .init(BatchNorm3d($0["channels"].int)) },
    "LayerNorm": { golden in
        .init(
            LayerNorm(
                Shape(golden["shape"].ints), epsilon: golden.double("eps", 1e-5),
                affine: golden.bool("elementwise_affine", true), bias: golden.bool("bias", true)))
    },
    "RMSNorm": { golden in
        .init(
            RMSNorm(
                Shape(golden["shape"].ints), epsilon: golden["eps"].optionalDouble,
                affine: golden.bool("elementwise_affine", true)))
    },
    "GroupNorm": {
        .init(GroupNorm(groups: $0["groups"].int, $0["channels"].int, affine: $0.bool("affine", true)))
    },
    "InstanceNorm1d": { .init(InstanceNorm1d($0["channels"].int, affine: $0.bool("affine", false))) },
    "InstanceNorm2d": { .init(InstanceNorm2d($0["channels"].int, affine: $0.bool("affine", false))) },
    "InstanceNorm3d": { .init(InstanceNorm3d($0["channels"].int, affine: $0.bool("affine", false))) },
]

private let activationGoldens: [String: GoldenMaker] = [
    "ReLU": { _ in .init(ReLU()) }, "ReLU6": { _ in .init(ReLU6()) }, "Sigmoid": { _ in .init(Sigmoid()) },
    "LogSigmoid": { _ in .init(LogSigmoid()) }, "Tanh": { _ in .init(Tanh()) }, "SELU": { _ in .init(SELU()) },
    "SiLU": { _ in .init(SiLU()) }, "Mish": { _ in .init(Mish()) }, "Softsign": { _ in .init(Softsign()) },
    "Hardsigmoid": { _ in .init(HardSigmoid()) }, "Hardswish": { _ in .init(HardSwish()) },
    "Tanhshrink": { _ in .init(Tanhshrink()) }, "GLU": { _ in .init(GLU()) },
    "LeakyReLU": { .init(LeakyReLU(slope: $0.double("negative_slope", 0.01))) },
    "ELU": { .init(ELU(alpha: $0.double("alpha", 1))) },
    "CELU": { .init(CELU(alpha: $0.double("alpha", 1))) },
    "Softplus": { .init(Softplus(beta: $0.double("beta", 1))) },
    "GELU": { .init(GELU(approximate: $0.string("approximate") == "tanh" ? .tanh : .none)) },
    "Hardtanh": { .init(HardTanh(low: $0.double("min_val", -1), high: $0.double("max_val", 1))) },
    "Softshrink": { _ in .init(Softshrink()) }, "Hardshrink": { _ in .init(Hardshrink()) },
    "Threshold": { .init(Threshold(threshold: $0["threshold"].double, value: $0["value"].double)) },
    "Softmax": { .init(Softmax(axis: $0["dim"].int)) }, "LogSoftmax": { .init(LogSoftmax(axis: $0["dim"].int)) },
    "Softmin": { .init(Softmin(axis: $0["dim"].int)) },
    "PReLU": { .init(PReLU($0["num_parameters"].int)) },
]

private let recurrentGoldens: [String: GoldenMaker] = [
    "RNN": { golden in
        let layer = RNN(
            3, 4, layers: golden.int("num_layers", 1),
            activation: golden.string("nonlinearity") == "relu" ? .relu : .tanh, bias: golden.bool("bias", true),
            batchFirst: golden.bool("batch_first", false), dropout: golden.double("dropout", 0),
            bidirectional: golden.bool("bidirectional", false))
        return .init(layer) { layer, inputs in
            let (output, hidden) = layer(inputs[0], hidden: inputs.count > 1 ? inputs[1] : nil)
            return [output, hidden]
        }
    },
    "GRU": { golden in
        let layer = GRU(
            3, 4, layers: golden.int("num_layers", 1), bias: golden.bool("bias", true),
            batchFirst: golden.bool("batch_first", false), dropout: golden.double("dropout", 0),
            bidirectional: golden.bool("bidirectional", false))
        return .init(layer) { layer, inputs in
            let (output, hidden) = layer(inputs[0], hidden: inputs.count > 1 ? inputs[1] : nil)
            return [output, hidden]
        }
    },
    "LSTM": { golden in
        let layer = LSTM(
            3, 4, layers: golden.int("num_layers", 1), bias: golden.bool("bias", true),
            batchFirst: golden.bool("batch_first", false), dropout: golden.double("dropout", 0),
            bidirectional: golden.bool("bidirectional", false), projection: golden["proj_size"].optionalInt)
        return .init(layer) { layer, inputs in
            let (output, hidden, cell) = layer(inputs[0], state: inputs.count > 1 ? (inputs[1], inputs[2]) : nil)
            return [output, hidden, cell]
        }
    },
    "RNNCell": { _ in .init(RNNCell(3, 4)) { [$0($1[0], hidden: $1.count > 1 ? $1[1] : nil)] } },
    "GRUCell": { _ in .init(GRUCell(3, 4)) { [$0($1[0], hidden: $1.count > 1 ? $1[1] : nil)] } },
    "LSTMCell": { _ in
        .init(LSTMCell(3, 4)) { cell, inputs in
            let (hidden, memory) = cell(inputs[0], state: inputs.count > 1 ? (inputs[1], inputs[2]) : nil)
            return [hidden, memory]
        }
    },
]

extension NNGolden {
    fileprivate var transformerActivation: TransformerActivation { string("activation") == "gelu" ? .gelu : .relu }
}

private let attentionGoldens: [String: GoldenMaker] = [
    "MultiheadAttention": { golden in
        let attention = MultiheadAttention(
            4, heads: 2, bias: golden.bool("bias", true), addsKeyValueBias: golden.bool("add_bias_kv", false),
            addsZeroAttention: golden.bool("add_zero_attn", false), keyFeatures: golden["kdim"].optionalInt,
            valueFeatures: golden["vdim"].optionalInt, batchFirst: golden.bool("batch_first", false))
        if golden.bool("self", false) {
            return .init(attention) { attention, inputs in
                let (output, weights) = attention(inputs[0], inputs[0], inputs[0])
                return [output, weights]
            }
        }
        var masks: [String] = []
        if case .list(let names) = golden["masks"] { masks = names.map(\.string) }
        return .init(attention) { attention, inputs in
            let given = Dictionary(uniqueKeysWithValues: zip(masks, inputs.dropFirst(3)))
            let (output, weights) = attention(
                inputs[0], inputs[1], inputs[2], attentionMask: given["attention"], keyPaddingMask: given["padding"],
                averagesWeights: golden.bool("average", true))
            return [output, weights]
        }
    },
    "TransformerEncoderLayer": { golden in
        .init(
            TransformerEncoderLayer(
                4, heads: 2, feedForward: 6, dropout: 0, activation: golden.transformerActivation,
                batchFirst: golden.bool("batch_first", false), normFirst: golden.bool("norm_first", false),
                bias: golden.bool("bias", true))
        ) { [$0($1[0])] }
    },
    "TransformerDecoderLayer": { golden in
        .init(
            TransformerDecoderLayer(
                4, heads: 2, feedForward: 6, dropout: 0, activation: golden.transformerActivation,
                batchFirst: golden.bool("batch_first", false), normFirst: golden.bool("norm_first", false),
                bias: golden.bool("bias", true))
        ) { [$0($1[0], memory: $1[1])] }
    },
    "TransformerEncoder": { _ in
        .init(
            TransformerEncoder(layers: 2, norm: LayerNorm(4)) {
                TransformerEncoderLayer(4, heads: 2, feedForward: 6, dropout: 0)
            }
        ) { [$0($1[0], mask: $1[1])] }
    },
    "TransformerDecoder": { _ in
        .init(
            TransformerDecoder(layers: 2, norm: LayerNorm(4)) {
                TransformerDecoderLayer(4, heads: 2, feedForward: 6, dropout: 0)
            }
        ) { [$0($1[0], memory: $1[1], mask: $1[2])] }
    },
]
