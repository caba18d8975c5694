/// The quasi-Newton method with limited memory (Liu and Nocedal 1989): for whole batches and smooth losses.
///
/// ```swift
/// let optimizer = LBFGS(model, lineSearch: .strongWolfe)
/// for _ in 0..<20 {
///     let loss = optimizer.step { valueAndGradients(model) { meanSquaredError($0(x), y) } }
/// }
/// ```
/// A step evaluates the loss several times and decides by its values how to go on, so it is no part of a compiled step; what it evaluates may be
/// compiled.
public final class LBFGS {
    /// How the length of a step is found.
    public enum LineSearch: String, Sendable, Codable {
        /// It is the learning rate.
        case none
        /// It fulfils the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6).
        case strongWolfe
    }

    /// The length of a step, the first one tried by a search.
    public var learningRate: Double
    /// The most iterations of a step, and the most evaluations of the loss.
    public let maxIterations, maxEvaluations: Int
    /// A step ends where no element of the gradient is larger.
    public let gradientTolerance: Double
    /// A step ends where neither the parameters nor the loss change by more.
    public let changeTolerance: Double
    /// How many changes are remembered.
    public let historySize: Int
    /// How the length of a step is found; none by default.
    public let lineSearch: LineSearch
    /// Whether steps go up, so that what is called the loss rises.
    public var maximizes = false
    /// Iterations so far.
    public private(set) var iterationCount = 0
    /// Evaluations of the loss so far.
    public private(set) var evaluationCount = 0

    private let parameters: [(name: String, slot: ParameterSlot)]
    private var memory = Memory()

    /// What is remembered from iteration to iteration; vectors are all parameters in a row.
    private struct Memory {
        var direction: Tensor?
        var length = 1.0
        var gradient: Tensor?
        /// `(y, s, 1 / yᵀs)`: changes of the gradient and of the parameters, the oldest first.
        var changes: [(ofGradient: Tensor, ofParameters: Tensor, factor: Double)] = []
        /// The first guess of the inverse Hessian, a multiple of the identity.
        var scale = 1.0
    }

    /// - Parameter maxEvaluations: `maxIterations · 5 / 4` by default.
    public init(
        _ model: Module, learningRate: Double = 1, maxIterations: Int = 20, maxEvaluations: Int? = nil,
        gradientTolerance: Double = 1e-7, changeTolerance: Double = 1e-9, historySize: Int = 100,
        lineSearch: LineSearch = .none
    ) {
        parameters = model.namedParameters.filter { $0.slot.isTrainable }
        self.learningRate = learningRate
        self.maxIterations = maxIterations
        self.maxEvaluations = maxEvaluations ?? maxIterations * 5 / 4
        self.gradientTolerance = gradientTolerance
        self.changeTolerance = changeTolerance
        self.historySize = historySize
        self.lineSearch = lineSearch
    }

    /// Several iterations towards a smaller loss.
    ///
    /// - Parameter closure: the loss and its gradients, at the parameters as they are then.
    /// - Returns: the loss before the step.
    @discardableResult
    public func step(_ closure: () throws -> (value: Tensor, gradients: Gradients)) rethrows -> Tensor {
        guard !parameters.isEmpty else { return try closure().value }
        var evaluations = 0
        func evaluated() throws -> (loss: Double, gradient: Tensor, value: Tensor) {
            let (value, gradients) = try closure()
            evaluations += 1
            evaluationCount += 1
            let gradient = flat(gradients)
            return maximizes
                ? (-value.item(), (-gradient).evaluated(), value) : (value.item(), gradient.evaluated(), value)
        }

        let first = try evaluated()
        var (loss, gradient) = (first.loss, first.gradient)
        guard largest(gradient) > gradientTolerance else { return first.value }
        for iteration in 1...maxIterations {
            iterationCount += 1
            let direction = newDirection(gradient)
            let before = loss
            memory.gradient = gradient
            memory.direction = direction
            memory.length = learningRate
            if iterationCount == 1 { memory.length *= min(1, 1 / abs(gradient).sum().item()) }
            let slope = dot(gradient, direction)
            if slope > -changeTolerance { break }

            let start = parameters.map { $0.slot.tensor! }
            switch lineSearch {
            case .strongWolfe:
                var search = StrongWolfeSearch(
                    loss: loss, gradient: gradient, slope: slope, extent: largest(direction),
                    tolerance: changeTolerance, maxTrials: maxEvaluations - evaluations)
                let found = try search.run(from: memory.length) { length in
                    move(from: start, by: length, along: direction)
                    let (loss, gradient, _) = try evaluated()
                    return .init(length: length, loss: loss, gradient: gradient, slope: dot(gradient, direction))
                }
                (memory.length, loss, gradient) = (found.length, found.loss, found.gradient)
                move(from: start, by: memory.length, along: direction)
            case .none:
                move(from: start, by: memory.length, along: direction)
                // Nothing looks at the last iteration's loss.
                if iteration < maxIterations { (loss, gradient, _) = try evaluated() }
            }
            let isDone =
                evaluations >= maxEvaluations || largest(gradient) <= gradientTolerance
                || largest(direction) * Swift.abs(memory.length) <= changeTolerance
                || Swift.abs(loss - before) < changeTolerance
            if isDone { break }
        }
        return first.value
    }

    /// Takes in the last change and gives minus the inverse Hessian times the gradient, by the two loops.
    private func newDirection(_ gradient: Tensor) -> Tensor {
        guard let old = memory.gradient, let step = memory.direction else { return (-gradient).evaluated() }
        let change = gradient - old
        let moved = step * memory.length
        let curvature = dot(change, moved)
        if curvature > 1e-10 {
            if memory.changes.count == historySize { memory.changes.removeFirst() }
            memory.changes.append((change.evaluated(), moved.evaluated(), 1 / curvature))
            memory.scale = curvature / dot(change, change)
        }
        var q = -gradient
        var shares: [Double] = []
        for (ofGradient, ofParameters, factor) in memory.changes.reversed() {
            let share = dot(ofParameters, q) * factor
            shares.append(share)
            q = (q - ofGradient * share).evaluated()
        }
        var direction = q * memory.scale
        for ((ofGradient, ofParameters, factor), share) in zip(memory.changes, shares.reversed()) {
            direction = (direction + ofParameters * (share - dot(ofGradient, direction) * factor)).evaluated()
        }
        return direction.evaluated()
    }

    private func move(from start: [Tensor], by length: Double, along direction: Tensor) {
        var place = 0
        for (parameter, old) in zip(parameters, start) {
            let part = direction.sliced(axis: 0, place, old.elementCount).reshaped(old.shape)
            parameter.slot.tensor = old + (part * length).cast(to: old.dtype)
            place += old.elementCount
        }
        evaluate(parameters.map { $0.slot.tensor! })
    }

    /// Parameters that the loss does not reach have gradients of 0.
    private func flat(_ gradients: Gradients) -> Tensor {
        concatenate(parameters.map { (gradients[$0.slot] ?? .zeros(like: $0.slot.tensor!)).flattened() })
    }

    private func dot(_ a: Tensor, _ b: Tensor) -> Double { (a * b).sum().item() }
    private func largest(_ x: Tensor) -> Double { abs(x).max().item() }
}

// MARK: State

extension LBFGS {
    /// Everything that resuming needs, by PyTorch's names.
    public func stateDictionary() -> StateDictionary {
        var state: StateDictionary = [
            "n_iter": Tensor(iterationCount), "func_evals": Tensor(evaluationCount),
            "learning_rate": Tensor(learningRate, dtype: .float64), "t": Tensor(memory.length, dtype: .float64),
            "H_diag": Tensor(memory.scale, dtype: .float64),
        ]
        state["d"] = memory.direction
        state["prev_flat_grad"] = memory.gradient
        for (index, change) in memory.changes.enumerated() {
            state["old_dirs.\(index)"] = change.ofGradient
            state["old_stps.\(index)"] = change.ofParameters
        }
        return state
    }

    /// Goes on from a saved state.
    ///
    /// - Throws: `StateError` where keys are missing or unknown or lengths differ; the optimizer is then as it was.
    public func load(_ state: StateDictionary) throws {
        var report = StateReport()
        let count = state.keys.count { $0.hasPrefix("old_dirs.") }
        let numbers = ["n_iter", "func_evals", "learning_rate", "t", "H_diag"]
        let vectors = (0..<count).flatMap { ["old_dirs.\($0)", "old_stps.\($0)"] }
        let optional = ["d", "prev_flat_grad"]
        report.missing = (numbers + vectors).filter { state[$0] == nil }
        report.unexpected = Set(state.keys).subtracting(numbers + vectors + optional).sorted()
        let length: Shape = [parameters.reduce(0) { $0 + $1.slot.tensor!.elementCount }]
        for key in vectors + optional {
            guard let shape = state[key]?.shape, shape != length else { continue }
            report.mismatched.append(.init(name: key, expected: length, found: shape))
        }
        guard report.isComplete else { throw StateError(report: report, kind: "LBFGS") }
        iterationCount = state["n_iter"]!.item(as: Int.self)
        evaluationCount = state["func_evals"]!.item(as: Int.self)
        learningRate = state["learning_rate"]!.item()
        memory = Memory(
            direction: state["d"], length: state["t"]!.item(), gradient: state["prev_flat_grad"],
            changes: (0..<count).map { index in
                let (y, s) = (state["old_dirs.\(index)"]!, state["old_stps.\(index)"]!)
                return (y, s, 1 / dot(y, s))
            }, scale: state["H_diag"]!.item())
    }
}
