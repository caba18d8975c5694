import ApusNN
import ApusONNX
import ApusOptim
import ApusTestSupport
import Foundation
import Testing

/// The exported function is the same after it was read again.
@discardableResult
func expectRoundTrip(
    _ inputs: [Tensor], of module: Module? = nil, options: ONNXExportOptions = ONNXExportOptions(),
    _ tolerance: Tolerance? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    function: ([Tensor]) throws -> [Tensor]
) throws -> ONNXModel {
    let expected = try module?.evaluating { try function(inputs) } ?? function(inputs)
    let names = inputs.indices.map { "x\($0)" }
    let results = expected.indices.map { "y\($0)" }
    let export = try ONNXExport(
        module, named: zip(names, inputs).map { (key: $0, value: $1) }, outputs: results, options: options,
        function: function)
    let model = try ONNXModel(export.data())
    let values = try ONNXModule(model)(Dictionary(uniqueKeysWithValues: zip(names, inputs)))
    for (name, value) in zip(results, expected) {
        expectClose(try #require(values[name]), value, tolerance, name, sourceLocation: sourceLocation)
    }
    return model
}

extension ONNXModel {
    fileprivate var operators: [String] { graph.nodes.map(\.operatorType) }
}

private func normal(_ shape: Shape, seed: UInt64 = 1, dtype: DType = .float32) -> Tensor {
    .normal(shape, dtype: dtype, generator: Generator(seed: seed))
}

@Suite struct ExportTests {
    // MARK: Layers become operators

    /// The operators of a layer's call.
    private func operators(_ layer: some Layer, _ x: Tensor) throws -> [String] {
        try expectRoundTrip([x], of: layer) { [layer($0[0])] }.operators
    }

    @Test func productsTakeWeightsAsTheyLie() throws {
        let network = Sequential(Linear(8, 16), ReLU(), Linear(16, 4, bias: false))
        let model = try expectRoundTrip([normal([3, 8])], of: network) { [network($0[0])] }
        #expect(model.operators == ["Gemm", "Relu", "Gemm"])
        #expect(Set(model.graph.initializers.map(\.name)) == ["0.weight", "0.bias", "2.weight"])
        #expect(try operators(Linear(8, 4), normal([2, 3, 8])) == ["Transpose", "MatMul", "Add"])
    }

    @Test func convolutionsTakeTheirBiasAndNormsTheirStatistics() throws {
        let norm = BatchNorm2d(6)
        norm.runningMean = normal([6])
        norm.runningVar = abs(normal([6], seed: 2)) + 0.5
        let network = Sequential {
            Conv2d(3, 6, kernelSize: 3, stride: 2, padding: 1)
            norm
            ReLU()
            MaxPool2d(kernelSize: 2)
            ConvTranspose2d(6, 2, kernelSize: 2, stride: 2)
            AdaptiveAvgPool2d(1)
            Flatten()
        }
        let model = try expectRoundTrip([normal([2, 3, 16, 16])], of: network) { [network($0[0])] }
        #expect(
            model.operators == [
                "Conv", "BatchNormalization", "Relu", "MaxPool", "ConvTranspose", "GlobalAveragePool", "Reshape",
            ])
        #expect(model.graph.initializers.map(\.name).contains("1.running_mean"))
        #expect(try operators(BatchNorm1d(4, affine: false).eval(), normal([3, 4])) == ["BatchNormalization"])
    }

    @Test func normsAreOneOperator() throws {
        #expect(try operators(LayerNorm(8), normal([2, 3, 8])) == ["LayerNormalization"])
        #expect(try operators(LayerNorm(8, affine: false), normal([2, 8])) == ["LayerNormalization"])
        #expect(try operators(LayerNorm([3, 8], bias: false), normal([2, 3, 8])) == ["LayerNormalization"])
        #expect(try operators(InstanceNorm2d(3, affine: true), normal([2, 3, 4, 5])) == ["InstanceNormalization"])
        #expect(try operators(GroupNorm(groups: 2, 4), normal([2, 4, 3, 3])).count < 14)
    }

    @Test func activationsAreOneOperator() throws {
        let x = normal([4, 5]) * 4
        let layers: [(any Layer, String)] = [
            (Softplus(), "Softplus"), (ReLU6(), "Clip"), (HardTanh(), "Clip"), (LeakyReLU(slope: 0.1), "LeakyRelu"),
            (ELU(), "Elu"), (HardSigmoid(), "HardSigmoid"), (HardSwish(), "HardSwish"), (Softmax(), "Softmax"),
            (LogSoftmax(axis: 0), "LogSoftmax"), (PReLU(), "PRelu"), (Sigmoid(), "Sigmoid"),
        ]
        for (layer, name) in layers { #expect(try operators(layer, x) == [name]) }
        _ = try operators(GELU(), x)
        let clamped = try expectRoundTrip([x]) { [$0[0].clamped(-1, 2), $0[0].clamped(0.5), $0[0].clamped(nil, 1)] }
        #expect(clamped.operators == ["Clip", "Clip", "Clip"])
    }

    @Test func recurrentLayersAreOneOperatorEach() throws {
        let x = normal([5, 2, 3])
        let lstm = LSTM(3, 4, layers: 2)
        let model = try expectRoundTrip([x], of: lstm) {
            let (output, hidden, cell) = lstm($0[0])
            return [output, hidden, cell]
        }
        #expect(model.operators.filter { $0 == "LSTM" }.count == 2)
        #expect(!model.operators.contains("MatMul"))
        let gru = GRU(3, 4, batchFirst: true, bidirectional: true)
        let both = try expectRoundTrip([x], of: gru) { [gru($0[0]).output] }
        #expect(both.operators.filter { $0 == "GRU" }.count == 2)
        let rnn = RNN(3, 4, activation: .relu, bias: false)
        #expect(try expectRoundTrip([x], of: rnn) { [rnn($0[0]).output] }.operators.contains("RNN"))
        // The state is given; the gates are asked for by a gradient, for which there is no operator.
        let state = [normal([1, 2, 4]), normal([1, 2, 4], seed: 3)]
        let single = LSTM(3, 4)
        try expectRoundTrip([x] + state, of: single) { [single($0[0], state: ($0[1], $0[2])).hidden] }
    }

    @Test func attentionIsWrittenOut() throws {
        let attention = MultiheadAttention(8, heads: 2, batchFirst: true)
        let model = try expectRoundTrip([normal([2, 5, 8])], of: attention) { x in
            [attention(x[0], x[0], x[0], isCausal: true).output]
        }
        #expect(model.operators.filter { $0 == "Softmax" }.count == 1)
        let mask = normal([5, 5]) .> 0
        try expectRoundTrip([normal([2, 5, 8]), mask]) { x in
            [scaledDotProductAttention(x[0], x[0], x[0], mask: x[1])]
        }
    }

    @Test func ordersAreOneOperator() throws {
        let model = try expectRoundTrip([normal([4, 9])]) {
            let (values, indices) = $0[0].topK(3)
            return [values, indices]
        }
        #expect(model.operators == ["TopK"])
        try expectRoundTrip([normal([4, 9])]) {
            [$0[0].sorted(axis: 0), $0[0].argSort(axis: 0, descending: true), $0[0].cumulativeMax(axis: 1)]
        }
    }

    // MARK: Values

    @Test func everyDTypeIsWritten() throws {
        for dtype in DType.allCases {
            let x = (normal([3, 4]) * 3).cast(to: dtype)
            let held = Tensor.range(4).cast(to: dtype).evaluated()
            try expectRoundTrip([x]) { [$0[0].transposed(1, 0), concatenate([$0[0], held.expandingDims(0)])] }
        }
    }

    @Test func resultsMayBeInputsConstantsOrOneAnother() throws {
        let x = normal([2, 2])
        let held = normal([3])
        try expectRoundTrip([x]) { [$0[0], held, $0[0] + 1, Tensor.zeros([2, 3])] }
        try expectRoundTrip([x]) {
            let y = relu($0[0])
            return [y, y]
        }
    }

    @Test func whatDependsOnNoInputIsComputedBefore() throws {
        let model = try expectRoundTrip([normal([3, 4])]) {
            [$0[0] * (Tensor.range(4).cast(to: .float32) * 2 + 1)]
        }
        #expect(model.operators == ["Mul"])
    }

    @Test func bothVersionsOfReductionsAreRight() throws {
        for version in [17, 18, 21] {
            var options = ONNXExportOptions()
            options.operatorSet = version
            let model = try expectRoundTrip([normal([3, 4, 2])], options: options) {
                [$0[0].max(axes: 1), $0[0].mean(axes: 0, 2, keepingAxes: true), $0[0].product(axes: 0)]
            }
            #expect(model.operatorSets == ["": version])
        }
    }

    // MARK: Dynamic axes

    @Test func axesMayBeOfAnyExtent() throws {
        let network = Sequential {
            Conv2d(1, 4, kernelSize: 3, padding: 1)
            BatchNorm2d(4)
            ReLU()
            AvgPool2d(kernelSize: 2)
            Flatten()
            Linear(4 * 4 * 4, 8)
            LayerNorm(8)
        }
        network.eval()
        var options = ONNXExportOptions()
        options.dynamicAxes = ["x0": [0: "batch"]]
        let model = try expectRoundTrip([normal([2, 1, 8, 8])], of: network, options: options) { [network($0[0])] }
        #expect(model.graph.inputs[0].type.description == "float32[batch, 1, 8, 8]")
        #expect(model.graph.outputs[0].type.description == "float32[batch, 8]")
        let module = try ONNXModule(model)
        for batch in [1, 5] {
            let x = normal([batch, 1, 8, 8])
            expectClose(try module(x), network(x))
        }
    }

    @Test func severalAxesMayBeOfAnyExtent() throws {
        let block = TransformerEncoderLayer(8, heads: 2, feedForward: 16, batchFirst: true)
        block.eval()
        var options = ONNXExportOptions()
        options.dynamicAxes = ["x0": [0: "batch", 1: "time"]]
        let model = try expectRoundTrip([normal([2, 3, 8])], of: block, options: options) {
            [block($0[0]).mean(axes: 1)]
        }
        let x = normal([4, 7, 8])
        expectClose(try ONNXModule(model)(x), block(x).mean(axes: 1))

        let lstm = LSTM(3, 4)
        options.dynamicAxes = ["x0": [0: "time", 1: "batch"]]
        let recurrent = try expectRoundTrip([normal([5, 2, 3])], of: lstm, options: options) { [lstm($0[0]).hidden] }
        let sequence = normal([9, 3, 3])
        expectClose(try ONNXModule(recurrent)(sequence), lstm(sequence).hidden)
    }

    @Test func whatDependsOnAnExtentIsNamed() throws {
        var options = ONNXExportOptions()
        options.dynamicAxes = ["x0": [0: "n"]]
        expectONNXError(
            .unsupportedOperators(["the indices of a dynamic axis": 1]), mentioning: "indices of a dynamic axis × 1"
        ) {
            try expectRoundTrip([normal([3, 2])], options: options) {
                [$0[0] + Tensor.iota([$0[0].shape[0], 2], axis: 0, dtype: .float32)]
            }
        }
        expectONNXError(.unsupported, mentioning: "something else") {
            try expectRoundTrip([normal([3, 2])], options: options) { [$0[0].shape[0] % 2 == 0 ? $0[0] : relu($0[0])] }
        }
    }

    // MARK: Mistakes

    @Test func whatONNXHasNotIsListedAtOnce() {
        let shifts = Tensor([1, 2, 3])
        expectONNXError(
            .unsupportedOperators(["erfinv": 2, "random": 1, "shiftLeft on int64": 1]), mentioning: "erfinv × 2",
            "random × 1"
        ) {
            try expectRoundTrip([normal([3])]) {
                [erfinv($0[0]), erfinv($0[0] * 0.5), $0[0] + Tensor.uniform([3]), $0[0].cast(to: .int64) << shifts]
            }
        }
    }

    @Test func looksAtValuesAreErrors() {
        #expect(throws: TensorError.self) {
            try ONNXExport(inputs: ["x": normal([3])]) { [$0[0] * $0[0].sum().item()] }
        }
        // What depends on no input may be looked at.
        #expect(throws: Never.self) {
            try ONNXExport(inputs: ["x": normal([3])]) { [$0[0] * normal([2]).sum().item()] }
        }
    }

    @Test func argumentsAreChecked() {
        let x = normal([2])
        expectONNXError(.wrongInput, mentioning: "2 results") {
            try ONNXExport(inputs: ["x": x]) { [$0[0], $0[0]] }
        }
        expectONNXError(.wrongInput, mentioning: "name") {
            try ONNXExport(inputs: ["x": x], outputs: ["x"]) { [$0[0]] }
        }
        var options = ONNXExportOptions()
        options.operatorSet = 9
        expectONNXError(.wrongInput, mentioning: "17 to 21") {
            try ONNXExport(inputs: ["x": x], options: options) { [$0[0]] }
        }
    }

    // MARK: Files

    @Test func largeWeightsLieInAFileBesideTheModel() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-export-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = folder.appendingPathComponent("model.onnx")
        let layer = Linear(16, 16)
        let x = normal([2, 16])
        var options = ONNXExportOptions()
        options.externalDataThreshold = 100
        try layer.exportONNX(to: url, input: x, options: options)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                "model.onnx", "model.onnx.data",
            ])
        expectClose(try ONNXModule(contentsOf: url)(x), layer(x))
    }

    @Test func anImportedModelIsExportedAgain() throws {
        let network = Sequential(Linear(4, 3), Softmax())
        let x = normal([2, 4])
        let first = try ONNXModule(ONNXExport(network, inputs: ["x": x]) { [network($0[0])] }.model())
        let second = try expectRoundTrip([x], of: first) { [try first($0[0])] }
        #expect(second.operators == ["Gemm", "Softmax"])
        #expect(Set(second.graph.initializers.map(\.name)) == ["0.weight", "0.bias"])
    }

    /// A network of convolutions, batch norms and a residual learns on after it was exported and imported.
    @Test func anImportedNetworkTrainsFurther() throws {
        final class Block: Module, Layer {
            let conv1 = Conv2d(1, 4, kernelSize: 3, padding: 1, bias: false), norm1 = BatchNorm2d(4)
            let conv2 = Conv2d(4, 4, kernelSize: 3, padding: 1, bias: false), norm2 = BatchNorm2d(4)
            let head = Linear(4, 2)
            func callAsFunction(_ x: Tensor) -> Tensor {
                let stem = relu(norm1(conv1(x)))
                return head(relu(norm2(conv2(stem)) + stem).mean(axes: 2, 3))
            }
        }
        let x = normal([16, 1, 6, 6])
        let labels = Tensor.range(16) % 2
        let images = x + (labels.reshaped(16, 1, 1, 1) * 2 - 1).cast(to: .float32)
        let block = Block()
        let module = try ONNXModule(ONNXExport(block, inputs: ["x": x]) { [block($0[0])] }.model())
        #expect(module.namedParameters.count == block.namedParameters.count)
        #expect(
            Set(module.namedBuffers.map(\.name))
                == Set(block.namedBuffers.map(\.name).filter { $0.contains("running") }))
        module.train()
        let optimizer = AdamW(module, learningRate: 0.02)
        var losses: [Double] = []
        for _ in 0..<30 {
            let (loss, gradients) = try valueAndGradients(module) { crossEntropy(try $0(images), labels) }
            optimizer.step(gradients)
            losses.append(loss.item())
        }
        #expect(losses.last! < losses.first! / 4, "\(losses.first!) → \(losses.last!)")
    }
}

/// Random programs of all operations.
@Suite struct ExportedProgramTests {
    /// What random programs have and ONNX has not.
    private static let missing: Set<String> = [
        "attentionGradient", "average pool gradient", "maximum pool gradient", "convolutionWeightGradient",
    ]

    @Test(arguments: 0..<80) func roundTrip(_ seed: Int) throws {
        let dtype = [DType.float64, .float32][seed % 2]
        let graph = RandomProgram(seed: UInt64(seed), dtype: dtype, moves: 8)
        func function(_ arguments: [Tensor]) -> [Tensor] {
            var nodes = arguments.map(\.node)
            for instruction in graph.program.instructions {
                nodes.append(Node.make(instruction.operation, instruction.operands.map { nodes[$0] }))
            }
            return graph.program.outputs.map { Tensor(nodes[$0]) }
        }
        let names = graph.inputs.indices.map { "x\($0)" }, results = graph.program.outputs.indices.map { "y\($0)" }
        do {
            let export = try ONNXExport(
                named: zip(names, graph.inputs).map { (key: $0, value: $1) }, outputs: results, function: function)
            let values = try ONNXModule(export.model())(Dictionary(uniqueKeysWithValues: zip(names, graph.inputs)))
            for (place, expected) in function(graph.inputs).enumerated() {
                let tolerance = graph.traits[graph.program.outputs[place]].tolerance(slack: 100)
                guard let difference = difference(try #require(values[results[place]]), expected, tolerance) else {
                    continue
                }
                Issue.record("seed \(seed), %\(graph.program.outputs[place]): \(difference)\n\(graph.program)")
            }
        } catch let error as ONNXError {
            guard case .unsupportedOperators(let operations) = error.kind else { throw error }
            #expect(Set(operations.keys).isSubset(of: Self.missing), "\(error)")
        }
    }
}
