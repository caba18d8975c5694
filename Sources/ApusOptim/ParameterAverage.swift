/// An average of a model's parameters over its training, which often generalizes better than the last ones: what
/// `ExponentialMovingAverage` and `EqualAverage` share.
///
/// Buffers, such as running statistics, are not averaged: `updateBatchNorm` finds them for the averages.
public class ParameterAverage {
    /// Updates so far.
    public private(set) var updateCount = 0
    /// In the order of their names.
    private let parameters: [(name: String, slot: ParameterSlot)]
    private var averages: [Tensor]

    /// Starts from the model's parameters as they are.
    init(_ model: Module) {
        parameters = model.namedParameters.filter { $0.slot.tensor!.dtype.isFloatingPoint }.sorted { $0.name < $1.name }
        averages = parameters.map { $0.slot.tensor! }
    }

    /// The share of the parameters in the average after an update, the first of which is number 1.
    func share(at update: Int) -> Double { fatalError("\(type(of: self)) must say what share it takes") }

    /// Takes in the parameters as they are now.
    public final func update() {
        updateCount += 1
        Replay.current?.note { [self] in updateCount += 1 }
        func makeShare() -> Tensor { Tensor(share(at: self.updateCount), dtype: .float64) }
        let newest = makeShare()
        Replay.current?.note(newest, again: makeShare)
        for average in averages { average.node.offerMemory() }
        averages = zip(averages, parameters).map { average, parameter in
            average + (parameter.slot.tensor! - average) * newest.cast(to: average.dtype)
        }
        evaluate(averages)
    }

    /// Runs `body` with the averages in the model, then puts its own parameters back.
    public final func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
        let own = parameters.map { $0.slot.tensor }
        for (parameter, average) in zip(parameters, averages) { parameter.slot.tensor = average }
        defer { for (parameter, tensor) in zip(parameters, own) { parameter.slot.tensor = tensor } }
        return try body()
    }

    /// The averages under the parameters' names, and `update_count`.
    public final func stateDictionary() -> StateDictionary {
        var state: StateDictionary = ["update_count": Tensor(updateCount)]
        for (parameter, average) in zip(parameters, averages) { state[parameter.name] = average }
        return state
    }

    /// Goes on from a saved state.
    ///
    /// - Throws: `StateError` where keys or shapes differ; the averages are then as they were.
    public final func load(_ state: StateDictionary) throws {
        var report = StateReport()
        let names = parameters.map(\.name) + ["update_count"]
        report.missing = names.filter { state[$0] == nil }
        report.unexpected = Set(state.keys).subtracting(names).sorted()
        for (parameter, average) in zip(parameters, averages) {
            guard let found = state[parameter.name]?.shape, found != average.shape else { continue }
            report.mismatched.append(.init(name: parameter.name, expected: average.shape, found: found))
        }
        guard report.isComplete else { throw StateError(report: report, kind: "\(type(of: self))") }
        updateCount = state["update_count"]!.item(as: Int.self)
        averages = zip(parameters, averages).map { state[$0.name]!.cast(to: $1.dtype) }
    }
}

/// A running average in which later parameters count more (Polyak and Juditsky 1992): `a ← a + (p − a) · (1 − decay)` after every step.
public final class ExponentialMovingAverage: ParameterAverage {
    /// The share of the old average that is kept, in 0...1; 0.999 by default.
    public let decay: Double

    public init(_ model: Module, decay: Double = 0.999) {
        precondition((0...1).contains(decay), "ExponentialMovingAverage: decay \(decay) is not in 0...1")
        self.decay = decay
        super.init(model)
    }

    override func share(at update: Int) -> Double { 1 - decay }
}

/// The mean of all parameters that were taken in (stochastic weight averaging, Izmailov et al. 2018): `a ← a + (p − a) / n` at update n.
public final class EqualAverage: ParameterAverage {
    public override init(_ model: Module) { super.init(model) }

    override func share(at update: Int) -> Double { 1 / Double(update) }
}

extension ParameterAverage: Stateful, TensorHolder {
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
