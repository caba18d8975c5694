import Foundation

/// A running average of a model's parameters, which often generalizes better than the last ones (Polyak and Juditsky 1992):
/// `a ← a + (p − a) · (1 − decay)` after every step.
public final class ExponentialMovingAverage {
    /// The share of the old average that is kept, in 0...1; 0.999 by default.
    public let decay: Double
    /// Updates so far.
    public private(set) var updateCount = 0
    /// In the order of their names.
    private let parameters: [(name: String, slot: ParameterSlot)]
    private var averages: [Tensor]

    /// Starts from the model's parameters as they are.
    public init(_ model: Module, decay: Double = 0.999) {
        precondition((0...1).contains(decay), "ExponentialMovingAverage: decay \(decay) is not in 0...1")
        self.decay = decay
        parameters = model.namedParameters.filter { $0.slot.tensor!.dtype.isFloatingPoint }.sorted { $0.name < $1.name }
        averages = parameters.map { $0.slot.tensor! }
    }

    /// Takes in the parameters as they are now.
    public func update() {
        updateCount += 1
        Replay.current?.note { [self] in updateCount += 1 }
        for average in averages { average.node.offerMemory() }
        averages = zip(averages, parameters).map { average, parameter in
            average + (parameter.slot.tensor! - average) * Tensor(1 - decay, dtype: average.dtype)
        }
        evaluate(averages)
    }

    /// Runs `body` with the averages in the model, then puts its own parameters back.
    public func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
        let own = parameters.map { $0.slot.tensor }
        for (parameter, average) in zip(parameters, averages) { parameter.slot.tensor = average }
        defer { for (parameter, tensor) in zip(parameters, own) { parameter.slot.tensor = tensor } }
        return try body()
    }

    /// The averages under the parameters' names, and `update_count`.
    public func stateDictionary() -> StateDictionary {
        var state: StateDictionary = ["update_count": Tensor(updateCount)]
        for (parameter, average) in zip(parameters, averages) { state[parameter.name] = average }
        return state
    }

    /// Goes on from a saved state.
    ///
    /// - Throws: `StateError` where keys or shapes differ; the averages are then as they were.
    public func load(_ state: StateDictionary) throws {
        var report = StateReport()
        let names = parameters.map(\.name) + ["update_count"]
        report.missing = names.filter { state[$0] == nil }
        report.unexpected = Set(state.keys).subtracting(names).sorted()
        for (parameter, average) in zip(parameters, averages) {
            guard let found = state[parameter.name]?.shape, found != average.shape else { continue }
            report.mismatched.append(.init(name: parameter.name, expected: average.shape, found: found))
        }
        guard report.isComplete else { throw StateError(report: report, kind: "ExponentialMovingAverage") }
        updateCount = state["update_count"]!.item(as: Int.self)
        averages = zip(parameters, averages).map { state[$0.name]!.cast(to: $1.dtype) }
    }
}

extension ExponentialMovingAverage: Stateful, TensorHolder {
    /// The averages.
    public var compiledState: CompiledState { CompiledState([self], traits: []) }

    package var contents: [String: Tensor] {
        get { Dictionary(uniqueKeysWithValues: zip(parameters.map(\.name), averages)) }
        set { averages = parameters.map { newValue[$0.name]! } }
    }

    package func append(to tensors: inout [Tensor]) { tensors += averages }

    package func empty() { averages = [] }

    package func put(_ tensors: ArraySlice<Tensor>) { averages = Array(tensors) }
}
