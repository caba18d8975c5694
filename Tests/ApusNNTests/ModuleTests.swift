import ApusNN
import ApusOptim
import ApusReference
import ApusTestSupport
import Foundation
import Testing

/// Everything a module can hold.
private final class Zoo: Module {
    let stem = Linear(2, 3)
    var blocks = [Linear(3, 3), Linear(3, 3)]
    var shortcut: Linear?
    let heads = ["b": Linear(3, 1), "a": Linear(3, 2)]
    @Parameter var temperature = Tensor.ones([1])
    @Parameter var absent: Tensor?
    @Buffer var runningMean = Tensor.zeros([3])
    var loose = [Parameter(wrappedValue: Tensor.ones([4]))]
    var anyLayers: [any Layer] = [ReLU(), Linear(1, 1, bias: false)]
    /// None of these is state.
    let bare = Tensor.ones([7])
    let numbers = [1.0, 2.0]
    unowned var parent: Module?
}

private class Base: Module {
    let below = Linear(1, 1)
}

private final class Derived: Base {
    let above = Linear(1, 1)
    override func stateName(of property: String) -> String { property == "above" ? "LayerNorm" : property }
}

private final class Tied: Module {
    let embedding = Embedding(5, 3)
    let head = Linear(3, 5, bias: false)

    override init() {
        super.init()
        head.$weight.tensor = nil
    }
}

private struct Stop: Error {}

@Suite struct ModuleTests {
    @Test func statesAreNamedAsInPyTorch() {
        let zoo = Zoo()
        zoo.parent = zoo
        #expect(
            zoo.namedParameters.map(\.name) == [
                "stem.weight", "stem.bias", "blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "blocks.1.bias",
                "heads.a.weight", "heads.a.bias", "heads.b.weight", "heads.b.bias", "temperature", "loose.0",
                "any_layers.1.weight",
            ])
        #expect(zoo.namedBuffers.map(\.name) == ["running_mean"])
        zoo.shortcut = Linear(2, 2)
        zoo.absent = .ones([2])
        let names = Set(zoo.namedParameters.map(\.name))
        #expect(names.isSuperset(of: ["shortcut.weight", "absent"]))
        #expect(zoo.parameterCount == zoo.stateDictionary().values.reduce(0) { $0 + $1.elementCount } - 3)
    }

    @Test func namesCanBeOverridden() {
        #expect(
            Derived().stateDictionary().keys.sorted() == [
                "LayerNorm.bias", "LayerNorm.weight", "below.bias", "below.weight",
            ])
        #expect(
            LSTM(2, 3, bidirectional: true).namedParameters.map(\.name) == [
                "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse",
                "weight_hh_l0_reverse", "bias_ih_l0_reverse", "bias_hh_l0_reverse",
            ])
    }

    @Test func loadingIsStrict() throws {
        let model = TinyNet()
        let before = model.stateDictionary()
        var state = TinyNet(generator: Generator(seed: 2)).stateDictionary()
        state["hidden.weight"] = .zeros([8, 5])
        state["output.bias"] = nil
        state["extra"] = .zeros([1])
        let error = #expect(throws: StateError.self) { try model.load(state) }
        #expect(error?.report.missing == ["output.bias"])
        #expect(error?.report.unexpected == ["extra"])
        #expect(error?.report.mismatched == [.init(name: "hidden.weight", expected: [8, 4], found: [8, 5])])
        let message = error?.description ?? ""
        for part in ["output.bias", "extra", "hidden.weight", "[8, 4]", "[8, 5]", "TinyNet"] {
            #expect(message.contains(part))
        }
        Engine.withBackend(ReferenceBackend.shared) {
            expectClose(model.output.weight, before["output.weight"]!, .exact)

            let report = model.loadMatching(state)
            #expect(report.missing == ["output.bias"] && report.mismatched.count == 1)
            expectClose(model.output.weight, state["output.weight"]!, .exact)
            expectClose(model.hidden.weight, before["hidden.weight"]!, .exact)
        }
    }

    @Test(arguments: TestedBackend.allCases) func sharedModulesCountOnce(on backend: TestedBackend) throws {
        try backend.run {
            let layer = Linear(2, 2, bias: false)
            let model = Sequential(layer, ReLU(), layer)
            #expect(model.parameterCount == 4)
            #expect(model.stateDictionary().keys.sorted() == ["0.weight", "2.weight"])
            try model.load(["0.weight": .ones([2, 2])])
            let (_, gradients) = valueAndGradients(model) { $0(Tensor.ones([1, 2])).sum() }
            #expect(gradients.count == 1)
            // y = 2 (w x)·w: both uses count.
            expectClose(gradients["0.weight"]!, [4, 4, 4, 4])
        }
    }

    @Test(arguments: TestedBackend.allCases) func parametersAreBackAfterAThrow(on backend: TestedBackend) {
        backend.run {
            let model = Linear(2, 1)
            let weight: [Double] = model.weight.elements()
            #expect(throws: Stop.self) {
                try valueAndGradients(model) { _ -> Tensor in throw Stop() }
            }
            #expect(model.weight.elements() == weight)
            #expect(model.weight.node.scope == nil)
        }
    }

    @Test(arguments: TestedBackend.allCases) func gradientsAreValues(on backend: TestedBackend) {
        backend.run {
            let model = Linear(2, 1)
            let (_, first) = valueAndGradients(model) { $0(Tensor([[1.0, 2.0]])).sum() }
            var second = first
            second[model.$weight] = .zeros([1, 2])
            expectClose(first[model.$weight]!, [1, 2])
            expectClose((first + second)["weight"]!, [1, 2])
            expectClose((first * 3)["bias"]!, [3])
            #expect(first["nothing"] == nil)
        }
    }

    @Test(arguments: TestedBackend.allCases) func auxiliaryResultsComeAlong(on backend: TestedBackend) {
        backend.run {
            let model = TinyNet()
            let (inputs, labels) = tinyBatch()
            let (loss, correct, gradients) = valueAndGradients(model) { model in
                let logits = model(inputs)
                return (crossEntropy(logits, labels), (logits.argMax(axis: 1) .== labels).sum())
            }
            SGD(model, learningRate: 0.1).step(gradients)
            #expect(loss.node.isEvaluated && correct.node.isEvaluated && model.norm.runningMean!.node.isEvaluated)
            #expect((0...32).contains(correct.item(as: Int.self)))
        }
    }

    @Test func modesReachAllModules() {
        let model = Sequential(Linear(1, 1), Sequential(Dropout(), BatchNorm1d(1)))
        model.eval()
        #expect(model.modules.allSatisfy { !$0.isTraining })
        model.train()
        #expect(model.modules.allSatisfy { $0.isTraining })
        #expect(model.namedModules.map(\.name) == ["", "0", "1", "1.0", "1.1"])
    }

    @Test(arguments: TestedBackend.allCases) func dropoutKeepsTheMean(on backend: TestedBackend) {
        backend.run {
            let dropped: [Double] = withSeed(1) { Dropout(0.25)(.ones([100, 100])).elements() }
            let kept = dropped.count { $0 != 0 }
            #expect((7200...7800).contains(kept))
            #expect(dropped.allSatisfy { $0 == 0 || Swift.abs($0 - 4.0 / 3) < 1e-6 })
            let again: [Double] = withSeed(1) { Dropout(0.25)(.ones([100, 100])).elements() }
            #expect(again == dropped)
            let channels: [Double] = withSeed(2) { Dropout2d(0.5)(.ones([8, 8, 2, 2])).elements() }
            for start in stride(from: 0, to: channels.count, by: 4) {
                #expect(Set(channels[start..<start + 4]).count == 1)
            }
            #expect(Dropout(1)(.ones([3])).sum().item() == 0)
        }
    }

    @Test func batchNormalizationNeedsABatch() {
        #expect(throws: TensorError.self) { try withTensorErrors { BatchNorm1d(3)(.ones([1, 3])) } }
        #expect(throws: TensorError.self) { try withTensorErrors { BatchNorm2d(3)(.ones([2, 3])) } }
    }

    /// Each thread must come to the result of training alone.
    @Test func twoThreadsTrainTwoModels() async {
        @Sendable func train(_ seed: UInt64) -> [Double] {
            Engine.withBackend(ReferenceBackend.shared) {
                withSeed(seed) {
                    let model = TinyNet(generator: .current)
                    let optimizer = Adam(model, learningRate: 0.02)
                    let (inputs, labels) = tinyBatch(seed: seed)
                    for _ in 0..<10 {
                        let (_, gradients) = valueAndGradients(model) { crossEntropy($0(inputs), labels) }
                        optimizer.step(gradients)
                    }
                    return model.output.weight.elements()
                }
            }
        }
        let alone = [train(1), train(2)]
        async let first = train(1)
        async let second = train(2)
        let together = await [first, second]
        #expect(together == alone)
        #expect(alone[0] != alone[1])
    }

    @Test func summaryCountsLayersAndWork() {
        let model = Sequential {
            Conv2d(3, 8, kernelSize: 3, padding: 1)
            BatchNorm2d(8)
            relu
            MaxPool2d(kernelSize: 2)
            Flatten()
            Linear(8 * 16, 10)
        }
        let result = summary(model, inputShape: [1, 3, 8, 8])
        #expect(result.outputShape == [1, 10])
        #expect(result.parameterCount == 3 * 8 * 9 + 8 + 16 + 1280 + 10)
        #expect(result.multiplyAdds == 8 * 64 * 27 + 1280)
        #expect(result.rows.map(\.kind) == ["Conv2d", "BatchNorm2d", "Lambda", "MaxPool2d", "Flatten", "Linear"])
        #expect(result.rows[0].outputShapes == [[1, 8, 8, 8]])
        #expect(result.rows[0].multiplyAdds == 8 * 64 * 27)
        #expect(result.rows[3].outputShapes == [[1, 8, 4, 4]])
        #expect(result.description.contains("13,824"))
        #expect(model.isTraining)

        let recurrent = LSTM(4, 8, layers: 2)
        let sequence = summary(recurrent, input: .zeros([5, 2, 4])) { $0($1).output }
        #expect(sequence.rows.map(\.name) == [""])
        #expect(sequence.rows[0].parameterCount == recurrent.parameterCount)
        #expect(sequence.multiplyAdds == 5 * 2 * 32 * (4 + 8 + 8 + 8))

        let attended = summary(MultiheadAttention(8, heads: 2), input: .zeros([5, 2, 8])) { $0($1, $1, $1).output }
        // Projections of queries, keys, values and results; scores and their sums over values; scores again for the weights.
        #expect(attended.multiplyAdds == 4 * 5 * 2 * 8 * 8 + 3 * 2 * 5 * 5 * 8)
    }
}
