import ApusNN
import ApusTestSupport
import Testing

extension NNGolden {
    /// Loads PyTorch's state strictly, so names and shapes are tested too: what differs in outputs, gradients and buffers.
    func mismatchesOfLayer() throws -> [String] {
        let make = try #require(goldenLayers[name], "no layer \(name) is known")
        let layer = make(self)
        try layer.module.load(tensors("state"))
        layer.module.train(training)

        let (inputs, places) = (inputs, differentiatedInputs)
        var (results, byInputs): ([Tensor], [Tensor]) = ([], [])
        let (_, gradients) = valueAndGradients(layer.module) { _ in
            let (_, outputs, gradients) = valueAndGradients(at: places.map { inputs[$0] }) { variables in
                var arguments = inputs
                for (place, variable) in zip(places, variables) { arguments[place] = variable }
                let outputs = layer.call(arguments)
                return (outputs.map(weightedSum).reduce(Tensor(0.0), +), outputs)
            }
            (results, byInputs) = (outputs, gradients)
            return outputs.map(weightedSum).reduce(Tensor(0.0), +)
        }
        guard results.count == outputs.count else {
            return ["\(name): \(results.count) outputs, expected \(outputs.count)"]
        }
        var mismatches = zip(results, outputs).enumerated().compactMap { mismatch("output \($0)", $1.0, $1.1) }
        mismatches += mismatchesOfInputs(byInputs)
        for (parameter, expected) in tensors("gradient") {
            let found = try #require(gradients[parameter], "\(name): no gradient by \(parameter)")
            mismatches += [mismatch("gradient by \(parameter)", found, expected)].compactMap { $0 }
        }
        let after = tensors("after")
        return mismatches + layer.module.namedBuffers.compactMap { mismatch($0, $1.tensor!, after[$0]!) }
    }

    /// What differs in a loss and its gradients.
    func mismatchesOfLoss() throws -> [String] {
        let loss = try #require(goldenLosses[name], "no loss \(name) is known")
        let (inputs, places) = (inputs, differentiatedInputs)
        let (_, output, gradients) = valueAndGradients(at: places.map { inputs[$0] }) { variables in
            var arguments = inputs
            for (place, variable) in zip(places, variables) { arguments[place] = variable }
            let output = loss(self, arguments)
            return (weightedSum(output), output)
        }
        return [mismatch("loss", output, outputs[0])].compactMap { $0 } + mismatchesOfInputs(gradients)
    }

    private var differentiatedInputs: [Int] { tensors("inGradient").keys.compactMap { Int($0) }.sorted() }

    private func mismatchesOfInputs(_ gradients: [Tensor]) -> [String] {
        let expected = tensors("inGradient")
        return zip(differentiatedInputs, gradients).compactMap { place, gradient in
            mismatch("gradient by input \(place)", gradient, expected[String(place)]!)
        }
    }

    private func mismatch(_ what: String, _ found: Tensor, _ expected: Tensor) -> String? {
        difference(found, expected, goldenTolerance).map { "\(testDescription), \(what): \($0)" }
    }
}
