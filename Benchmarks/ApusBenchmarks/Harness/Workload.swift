import Apus

/// Something that is timed in Apus and in its peers: the same mathematics under the same name.
public protocol Workload: Sendable {
    /// What the peers know it by, too.
    var name: String { get }
    var kind: WorkloadKind { get }
    /// What contractions are computed in. It decides the peak to compare with, and how far outputs may differ.
    var precision: Precision { get }
    /// Floating-point operations of one step that the mathematics needs: two for each multiply–add of the matrix products
    /// and convolutions, and three times the forward pass for training. 0 where there are none.
    var flops: Double { get }
    /// Bytes that a step has to move at least, where memory is its limit; 0 where arithmetic is.
    var bytes: Double { get }
    /// What a step gets done, where time alone does not say it: 32 tokens.
    var items: (count: Double, name: String)? { get }
    /// Whether steps run through `compile`, our counterpart of `torch.compile`. Where not, they are written as most write them.
    var isCompiled: Bool { get }

    /// Makes everything ready for steps.
    ///
    /// - Parameter state: the peer's initial values: its state dictionary under `model.NAME`, its inputs under
    ///   `input.NAME`. Where it is empty the runner makes random ones.
    /// - Throws: `StateError` where the peer's state dictionary is not the model's.
    func makeRunner(state: [String: Tensor]) throws -> any Runner
}

extension Workload {
    public var precision: Precision { .float32 }
    public var bytes: Double { 0 }
    public var items: (count: Double, name: String)? { nil }
    public var isCompiled: Bool { false }
}

/// What a step is.
public enum WorkloadKind: String, Sendable, Codable, CaseIterable {
    /// Forward, backward, Adam.
    case training
    /// A forward pass.
    case inference
    /// One operation.
    case kernel
}

/// A workload in memory.
public protocol Runner: AnyObject {
    /// Runs one step and gives the loss, or the output's first element where nothing is trained.
    func step() -> Double
    /// What the last step computed, to be compared with the peer's; nil where losses are compared.
    var output: Tensor? { get }
}

extension Runner {
    public var output: Tensor? { nil }
}

/// An input that the peer makes; Apus makes a similar one where there is no peer.
public enum Input: Sendable {
    /// Standard normal numbers.
    case normal(Shape, DType = .float32)
    /// Whole numbers from 0 to below a bound.
    case integers(Shape, below: Int)

    var shape: Shape {
        switch self {
        case .normal(let shape, _), .integers(let shape, _): shape
        }
    }

    func make() -> Tensor {
        switch self {
        case .normal(let shape, let dtype): Tensor.normal(shape).cast(to: dtype)
        case .integers(let shape, let bound): .randomIntegers(shape, in: 0..<bound)
        }
    }
}

extension [String: Input] {
    /// The peer's inputs, checked for their shapes, or random ones where there is no peer.
    func tensors(from state: [String: Tensor]) throws -> [String: Tensor] {
        if state.isEmpty { return mapValues { $0.make().evaluated() } }
        let given = state.under("input")
        for (name, input) in self {
            guard let tensor = given[name] else { throw BenchmarkError("the peer gives no input \(name)") }
            guard tensor.shape == input.shape else {
                throw BenchmarkError("the peer's input \(name) is \(tensor.shape), not \(input.shape)")
            }
        }
        return given
    }
}

extension [String: Tensor] {
    /// The tensors whose names begin with `prefix.`, without it.
    func under(_ prefix: String) -> [String: Tensor] {
        let start = prefix + "."
        let pairs = compactMap { name, tensor in
            name.hasPrefix(start) ? (String(name.dropFirst(start.count)), tensor) : nil
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}

/// Why something can't be measured.
public struct BenchmarkError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
