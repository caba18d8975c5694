import ApusTestSupport
import Testing

/// Layers and losses of random sizes: `make parity`.
@Suite("Parity of layers with PyTorch")
struct LayerParityTests {
    @Test(.enabled(if: !NNGolden.drawn.isEmpty)) func layers() {
        checkParity(of: "layers", NNGolden.drawn) {
            try $0.kind == "loss" ? $0.mismatchesOfLoss() : $0.mismatchesOfLayer()
        }
    }
}
