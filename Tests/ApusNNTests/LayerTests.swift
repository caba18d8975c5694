import ApusNN
import ApusTestSupport
import Testing

@Suite("Layers as in PyTorch") struct LayerTests {
    /// Loads PyTorch's state strictly, so names and shapes are tested too, and compares outputs, all gradients and the buffers.
    @Test(arguments: NNGolden.all("layer"), TestedBackend.allCases)
    func golden(_ golden: NNGolden, on backend: TestedBackend) throws {
        try backend.run {
            for mismatch in try golden.mismatchesOfLayer() { Issue.record(Comment(rawValue: mismatch)) }
        }
    }

    @Test func everyLayerOfTheGoldensIsKnown() {
        let names = Set(NNGolden.all("layer").map(\.name))
        #expect(names.subtracting(goldenLayers.keys).isEmpty)
        #expect(NNGolden.all("layer").count >= 130)
    }
}
