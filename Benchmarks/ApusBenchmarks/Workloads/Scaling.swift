import Apus

/// How time grows with one size of a network while the others stay; `Peers/workloads/scaling.py` has the same points.
package enum Scaling {
    /// One size and what it is set to.
    package struct Sweep: Sendable {
        package let title: String
        package let points: [(value: Int, workload: any Workload)]
    }

    package static let sweeps = [
        sweep("mlp-batch", [16, 64, 256, 1024]) { mlp($0, batch: $1) },
        sweep("mlp-width", [64, 256, 1024, 2048]) { mlp($0, width: $1) },
        sweep("mlp-depth", [2, 4, 8, 16]) { mlp($0, depth: $1) },
        sweep("gpt-batch", [1, 2, 4, 8]) { gpt($0, batch: $1) },
        sweep("gpt-width", [192, 384, 768]) { gpt($0, width: $1) },
        sweep("gpt-sequence", [64, 128, 256, 512]) { gpt($0, sequence: $1) },
        sweep("gpt-depth", [2, 4, 8]) { gpt($0, depth: $1) },
    ]

    package static var all: [any Workload] { sweeps.flatMap { $0.points.map(\.workload) } }

    private static func sweep(
        _ title: String, _ values: [Int], _ make: (_ name: String, _ value: Int) -> any Workload
    ) -> Sweep {
        Sweep(title: title, points: values.map { ($0, make("scaling-\(title)-\($0)", $0)) })
    }

    private static func mlp(_ name: String, batch: Int = 64, width: Int = 256, depth: Int = 4) -> any Workload {
        classifier(name, input: [batch, 784]) { DeepMLP(784, width: width, depth: depth) }
    }

    private static func gpt(
        _ name: String, batch: Int = 4, width: Int = 384, sequence: Int = 128, depth: Int = 4
    ) -> any Workload {
        let configuration = GPT.Configuration(
            layers: depth, heads: width / 64, width: width, context: sequence, vocabulary: 65, bias: false)
        return languageModel(name, vocabulary: 65, tokens: [batch, sequence]) { GPT(configuration) }
    }
}

/// Hidden layers of one width with ReLU, then ten classes.
private final class DeepMLP: Module, Layer {
    let hidden: [Linear]
    let output: Linear

    init(_ inputs: Int, width: Int, depth: Int) {
        hidden = (0..<depth).map { Linear($0 == 0 ? inputs : width, width) }
        output = Linear(width, 10)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { output(hidden.reduce(x) { relu($1($0)) }) }
}
