import ApusNN
import ApusTestSupport
import Testing

@Suite("Layers as in PyTorch") struct LayerTests {
    /// Loads PyTorch's state strictly, so names and shapes are tested too, and compares outputs, all gradients and the buffers.
    @Test(arguments: NNGolden.all("layer"), TestedBackend.allCases)
    func golden(_ golden: NNGolden, on backend: TestedBackend) throws {
        try backend.run {
            let make = try #require(goldenLayers[golden.name])
            let layer = make(golden)
            try layer.module.load(golden.tensors("state"))
            layer.module.train(golden.training)

            let inputGradients = golden.tensors("inGradient")
            let places = inputGradients.keys.compactMap { Int($0) }.sorted()
            let inputs = golden.inputs
            var outputs: [Tensor] = []
            var ofInputs: [Tensor] = []
            let (_, gradients) = valueAndGradients(layer.module) { _ in
                let (_, results, gradients) = valueAndGradients(at: places.map { inputs[$0] }) { variables in
                    var arguments = inputs
                    for (place, variable) in zip(places, variables) { arguments[place] = variable }
                    let results = layer.call(arguments)
                    return (results.map(weightedSum).reduce(Tensor(0.0), +), results)
                }
                (outputs, ofInputs) = (results, gradients)
                return results.map(weightedSum).reduce(Tensor(0.0), +)
            }

            let expected = golden.outputs
            try #require(outputs.count == expected.count)
            for (index, output) in outputs.enumerated() {
                expectClose(output, expected[index], goldenTolerance, "output \(index)")
            }
            for (place, gradient) in zip(places, ofInputs) {
                expectClose(gradient, inputGradients[String(place)]!, goldenTolerance, "gradient by input \(place)")
            }
            let parameterGradients = golden.tensors("gradient")
            for (name, gradient) in parameterGradients {
                let found = try #require(gradients[name], "no gradient by \(name)")
                expectClose(found, gradient, goldenTolerance, "gradient by \(name)")
            }
            let after = golden.tensors("after")
            for (name, slot) in layer.module.namedBuffers {
                expectClose(slot.tensor!, after[name]!, goldenTolerance, name)
            }
        }
    }

    @Test func everyLayerOfTheGoldensIsKnown() {
        let names = Set(NNGolden.all("layer").map(\.name))
        #expect(names.subtracting(goldenLayers.keys).isEmpty)
        #expect(NNGolden.all("layer").count >= 130)
    }
}
