import ApusCPU
import ApusTensor
import ApusTestSupport
import Testing

/// What depends on unchanged inputs alone is computed once; a change of any of them must be seen.
@Suite("Kept values")
struct KeptValueTests {
    private let maker = TensorMaker(seed: 11)
    private let keeping = CPUBackend(options: EngineOptions())
    private let forgetting = CPUBackend(options: EngineOptions(disabled: [.keptValues]))

    /// Weights in a layout of their own, and a scale that depends on nothing but parameters.
    private func model(_ x: Tensor, _ w: Tensor, _ v: Tensor) -> Tensor {
        let y = convolution(x, w, padding: 1) * rsqrt(exp(v) + 1).reshaped(1, 64, 1, 1)
        return matmul(y.mean(axes: 2, 3), w[0..., 0..., 1, 1])
    }

    private func expectEqual(_ x: Tensor, _ w: Tensor, _ v: Tensor, _ comment: String) {
        let results = [keeping, forgetting].map { backend in
            Engine.withBackend(backend) {
                let y = model(x, w, v)
                evaluate([y])
                return y
            }
        }
        expectClose(results[0], results[1], Tolerance(relative: 1e-4, absolute: 1e-4), comment)
    }

    @Test func changesAreSeen() {
        let (w, v) = (maker.uniform([64, 64, 3, 3], in: -0.1...0.1), maker.uniform([64]))
        let (w2, v2) = (maker.uniform([64, 64, 3, 3], in: -0.1...0.1), maker.uniform([64]))
        evaluate([w, v, w2, v2])
        // Long enough to be kept, with new values in between, and back.
        let sequence = [
            (w, v), (w, v), (w, v), (w, v), (w2, v), (w, v), (w2, v2), (w2, v2), (w2, v2), (w2, v2), (w, v2),
        ]
        for (round, (w, v)) in sequence.enumerated() {
            expectEqual(maker.uniform([2, 64, 9, 9]).evaluated(), w, v, "round \(round)")
        }
    }

    @Test func memoryThatIsWrittenOverCountsAsChanged() {
        let (w, v) = (maker.uniform([64, 64, 3, 3], in: -0.1...0.1), maker.uniform([64]))
        evaluate([w, v])
        for round in 0..<10 {
            if round % 5 == 4 {
                w.buffer.contentWillChange()
                for index in 0..<1000 { w.buffer.elements(as: Float.self)[index] += 0.25 }
            }
            expectEqual(maker.uniform([2, 64, 9, 9]).evaluated(), w, v, "round \(round)")
        }
    }

    @Test(arguments: [false, true]) func companionsAreFreedWithTheContents(areOverwritten: Bool) {
        final class Companion: Sendable {}
        weak var companion: Companion?
        var buffer: Buffer? = Buffer(byteCount: 64)
        do {
            let object = Companion()
            companion = object
            buffer!.keep(object, for: keeping)
        }
        #expect(companion != nil)
        if areOverwritten { buffer!.contentWillChange() } else { buffer = nil }
        #expect(companion == nil)
    }
}
