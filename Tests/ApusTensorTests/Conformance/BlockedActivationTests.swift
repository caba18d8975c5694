import ApusCPU
import ApusTensor
import ApusTestSupport
import Testing

/// Programs whose activations the backend blocks by 16 channels, and what happens at the borders of the blocks.
@Suite("Blocked activations")
struct BlockedActivationTests {
    private let maker = TensorMaker(seed: 7)
    /// All passes, and each without some: what they compute must be the same.
    private static let disabled: [Set<EngineOptions.Pass>] = [
        [], [.winograd], [.blockedActivations], [.fusion], [.fusion, .winograd],
    ]

    private func outputs(without disabled: Set<EngineOptions.Pass>, _ body: () -> [Tensor]) -> [Tensor] {
        Engine.withBackend(CPUBackend(options: EngineOptions(disabled: disabled))) {
            let tensors = body()
            evaluate(tensors)
            return tensors
        }
    }

    /// `values(inputs)` in float32 with every set of passes against float64, whose convolutions are matrix products.
    private func expectEqual(_ inputs: [Tensor], slack: Double, _ values: ([Tensor]) -> [Tensor]) {
        let expected = outputs(without: []) {
            values(inputs.map { $0.cast(to: .float64) }).map { $0.cast(to: .float32) }
        }
        for passes in Self.disabled {
            let actual = outputs(without: passes) { values(inputs) }
            for (index, (actual, expected)) in zip(actual, expected).enumerated() {
                // Sums of many products: what is left of a cancellation is rounded as the terms were.
                let scale = ApusTensor.abs(expected).max().item(as: Double.self)
                let tolerance = Tolerance(relative: 2e-5 * slack, absolute: 1e-6 * slack * max(1, scale))
                expectClose(actual, expected, tolerance, "output \(index) without \(passes.map(\.rawValue))")
            }
        }
    }

    /// A scalar's value and its gradients by everything.
    private func differentiated(_ inputs: [Tensor], _ f: ([Tensor]) -> Tensor) -> [Tensor] {
        let (value, gradients) = valueAndGradients(at: inputs, f)
        return [value] + gradients
    }

    @Test func winogradLayersAndTheirGradients() {
        let x = maker.uniform([16, 64, 8, 8]), w = maker.uniform([80, 64, 3, 3], in: -0.1...0.1)
        let seed = maker.uniform([16, 80, 8, 8])
        expectEqual([x, w], slack: 20) { inputs in
            [convolution(inputs[0], inputs[1], padding: 1)]
                + differentiated(inputs) { (convolution($0[0], $0[1], padding: 1) * seed.cast(to: x.dtype)).sum() }
        }
    }

    @Test(arguments: [[9, 7], [6, 11], [4, 4]]) func oddExtents(_ size: [Int]) {
        let x = maker.uniform(Shape([22, 64] + size)), w = maker.uniform([64, 64, 3, 3], in: -0.1...0.1)
        expectEqual([x, w], slack: 20) { inputs in
            differentiated(inputs) { tanh(convolution($0[0], $0[1], padding: 1)).sum() }
        }
    }

    /// A small residual network: image, normalization, pooling, residual, strided and pointwise layers, a layer of odd
    /// channels.
    @Test func aNetworkAndItsGradients() {
        let x = maker.uniform([16, 3, 8, 8])
        let weights: [Tensor] = [
            maker.uniform([64, 3, 3, 3], in: -0.3...0.3), maker.uniform([64, 64, 3, 3], in: -0.1...0.1),
            maker.uniform([128, 64, 3, 3], in: -0.1...0.1), maker.uniform([128, 64, 1, 1], in: -0.2...0.2),
            maker.uniform([24, 128, 1, 1], in: -0.2...0.2), maker.uniform([64], in: 0.5...1.5),
        ]
        expectEqual([x] + weights, slack: 100) { inputs in
            differentiated(inputs) { v in
                let stem = tanh(normalized(convolution(v[0], v[1], padding: 1), scale: v[6]))  // (16, 64, 8, 8)
                let residual = stem + convolution(stem, v[2], padding: 1)
                let wide = tanh(convolution(residual, v[3], stride: 2, padding: 1))  // (16, 128, 4, 4)
                let pooled = wide + convolution(avgPool2d(residual, 2), v[4])
                let odd = tanh(convolution(pooled, v[5]))  // (16, 24, 4, 4)
                return (odd.flattened(from: 1) * 0.5).sum() + square(pooled.mean(axes: 2, 3)).sum()
            }
        }
    }

    private func normalized(_ x: Tensor, scale: Tensor) -> Tensor {
        let mean = x.mean(axes: 0, 2, 3, keepingAxes: true)
        let variance = square(x - mean).mean(axes: 0, 2, 3, keepingAxes: true)
        return (x - mean) / sqrt(variance + 1e-5) * scale.reshaped(1, scale.shape[0], 1, 1)
    }

    /// Whole and broken blocks, transposes, concatenations, and pooling: on numbers without rounding the layouts agree
    /// bit by bit.
    @Test func movements() {
        let x = maker.eighths([16, 64, 8, 8]), w = maker.eighths([64, 64, 3, 3])
        let results = [[EngineOptions.Pass.winograd], [.winograd, .blockedActivations]].map { passes in
            outputs(without: Set(passes)) {
                let y = convolution(x, w, padding: 1)
                let pooled = maxPool2d(y, 3, stride: 2, padding: 1)
                let both = concatenate([y, y * 2, y[0..., 0..<16]], axis: 1)
                return [
                    pooled, gradient(at: x) { maxPool2d(convolution($0, w, padding: 1), 2).sum() },
                    both + 1, concatenate([y, y], axis: 0) * 3, concatenate([y, x], axis: 3),
                    y[0..., 16..<48] * 2, y[0..., 3..<40, 1...] * 2, y[0..., 0..., 2..<5] * 2,
                    y.transposed(0, 2, 1, 3) * 2 + 1, y.transposed(0, 2, 3, 1) * 2 + 1, y.flattened(from: 1) - 1,
                    y.sum(axes: 1), y.sum(axes: 2, 3), y.max(axes: 0, 3), y + y.mean(axes: 2, 3, keepingAxes: true),
                    y.reshaped(16, 4, 16, 8, 8).sum(axes: 1), y.cast(to: .int32), maximum(y, x),
                    convolution(y, w, padding: 1, groups: 1), avgPool2d(y, 2),
                ]
            }
        }
        for (index, (blocked, plain)) in zip(results[0], results[1]).enumerated() {
            expectClose(blocked, plain, .exact, "result \(index)")
        }
    }
}
