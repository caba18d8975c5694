import Apus
import Foundation

/// Whether Apus computes what a peer computes: nothing is timed before that is so.
package struct Agreement {
    /// How far the first loss may be off, in proportion.
    let firstTolerance: Double
    /// How far later losses may, in proportion to the first: Adam's first steps divide gradients by their own size, and
    /// so make rounding larger.
    let laterTolerance: Double
    /// How far elements of an output may be off, in proportion to the largest.
    let outputTolerance: Double

    package init(_ workload: any Workload) {
        let isExact = workload.precision == .float32
        firstTolerance = isExact ? 1e-4 : 1e-2
        laterTolerance = isExact ? 5e-3 : 5e-2
        outputTolerance = isExact ? 1e-3 : 5e-2
    }

    /// - Throws: `BenchmarkError` saying what differs.
    func check(_ losses: [Double]?, _ expectedLosses: [Double]?, output: URL?, expected: URL?) throws {
        if let output, let expected {
            try check(try read(output), try read(expected))
        } else {
            try check(losses ?? [], expectedLosses ?? [])
        }
    }

    package func check(_ losses: [Double], _ expected: [Double]) throws {
        guard !losses.isEmpty, losses.count == expected.count else {
            throw BenchmarkError("\(losses.count) losses, the peer's are \(expected.count)")
        }
        for (step, (loss, other)) in zip(losses, expected).enumerated() {
            let tolerance = step == 0 ? firstTolerance : laterTolerance
            let isClose = (loss - other).magnitude <= tolerance * expected[0].magnitude
            if !isClose { throw BenchmarkError("the loss of step \(step + 1) is \(loss), the peer's is \(other)") }
        }
    }

    package func check(_ output: Tensor, _ expected: Tensor) throws {
        guard output.shape == expected.shape else {
            throw BenchmarkError("the output is \(output.shape), the peer's is \(expected.shape)")
        }
        let (a, b) = (output.elements(as: Double.self), expected.elements(as: Double.self))
        let scale = b.reduce(0) { Swift.max($0, $1.magnitude) }
        var difference = zip(a, b).reduce(0) { Swift.max($0, ($1.0 - $1.1).magnitude) }
        if a.contains(where: \.isNaN) { difference = .nan }
        guard difference <= outputTolerance * scale else {
            throw BenchmarkError("the output differs from the peer's by up to \(difference), of \(scale)")
        }
    }

    private func read(_ url: URL) throws -> Tensor {
        try SafetensorsFile(contentsOf: url).tensor("output").cast(to: .float64)
    }
}
