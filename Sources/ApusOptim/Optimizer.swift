@_exported import ApusNN

/// Parameters that an optimizer treats alike.
public struct ParameterGroup {
    /// Parameters by the names that the optimizer's state is saved under.
    public let parameters: [(name: String, slot: ParameterSlot)]
    /// The group's own learning rate at first, in place of the optimizer's. It stays in proportion when the optimizer's changes.
    public let learningRate: Double?
    /// The group's own weight decay, in place of the optimizer's.
    public let weightDecay: Double?

    public init(
        _ parameters: [(name: String, slot: ParameterSlot)], learningRate: Double? = nil, weightDecay: Double? = nil
    ) {
        self.parameters = parameters
        self.learningRate = learningRate
        self.weightDecay = weightDecay
    }

    /// All parameters of a model.
    public init(_ model: Module, learningRate: Double? = nil, weightDecay: Double? = nil) {
        self.init(model.namedParameters, learningRate: learningRate, weightDecay: weightDecay)
    }
}

/// Changes parameters so that a loss falls.
///
/// ```swift
/// let optimizer = AdamW(model, learningRate: 1e-3)
/// let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(images), labels) }
/// optimizer.step(gradients)
/// ```
/// A rule of one's own is a subclass that overrides `update`.
open class Optimizer {
    /// The parameters that it changes, each in one group.
    public let groups: [ParameterGroup]
    /// May be set before every step; a schedule does so.
    public var learningRate: Double
    /// The decay of groups without their own, 0 for none; the rule says how it acts.
    public let weightDecay: Double
    /// Steps taken so far.
    public private(set) var stepCount = 0

    private let initialLearningRate: Double
    private var states: [ObjectIdentifier: ParameterState] = [:]

    private struct ParameterState {
        /// Steps that changed this parameter: bias corrections count from its first.
        var stepCount = 0
        var tensors: [String: Tensor] = [:]
    }

    public init(_ groups: [ParameterGroup], learningRate: Double, weightDecay: Double = 0) {
        let slots = groups.flatMap { $0.parameters.map { ObjectIdentifier($0.slot) } }
        let names = groups.flatMap { $0.parameters.map(\.name) }
        precondition(Set(slots).count == slots.count, "Optimizer: a parameter is in two groups")
        precondition(Set(names).count == names.count, "Optimizer: two parameters have one name")
        precondition(learningRate >= 0, "Optimizer: learning rate \(learningRate)")
        self.groups = groups
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        initialLearningRate = learningRate
    }

    /// Changes every parameter that has a gradient. The new values, the optimizer's state, the loss and the model's buffers are computed
    /// at once, now.
    public final func step(_ gradients: consuming Gradients) {
        stepCount += 1
        var results = gradients.stepResults
        var steps: [StepKey: UpdateStep] = [:]
        for (index, group) in groups.enumerated() {
            for (_, slot) in group.parameters where slot.isTrainable {
                guard let gradient = gradients[slot], let parameter = slot.tensor else { continue }
                let id = ObjectIdentifier(slot)
                var state = states[id] ?? ParameterState()
                state.stepCount += 1
                let key = StepKey(group: index, count: state.stepCount, dtype: parameter.dtype)
                let step = steps[key] ?? makeStep(group, state.stepCount, parameter.dtype)
                steps[key] = step

                // The new values take the places of the old ones, unless somebody still holds those.
                parameter.node.offerMemory()
                for tensor in state.tensors.values { tensor.node.offerMemory() }
                let changed = update(parameter, gradient.cast(to: parameter.dtype), &state.tensors, step)
                slot.tensor = changed
                states[id] = state
                results.append(changed)
                results += state.tensors.values
            }
        }
        // Gradients that nobody looks at afterwards need no memory of their own: the update reads them once.
        _ = consume gradients
        evaluate(results)
    }

    /// The new value of a parameter.
    ///
    /// - Parameters:
    ///   - state: what the rule remembers of this parameter from step to step, by PyTorch's names; empty at first.
    ///   - step: the numbers that go with this step.
    open func update(
        _ parameter: Tensor, _ gradient: Tensor, _ state: inout [String: Tensor], _ step: UpdateStep
    ) -> Tensor {
        fatalError("\(type(of: self)) must override update")
    }

    private struct StepKey: Hashable {
        let group: Int
        let count: Int
        let dtype: DType
    }

    private func makeStep(_ group: ParameterGroup, _ count: Int, _ dtype: DType) -> UpdateStep {
        let own = group.learningRate.map { initialLearningRate == 0 ? $0 : learningRate * ($0 / initialLearningRate) }
        return UpdateStep(
            count: count, learningRate: own ?? learningRate, weightDecay: group.weightDecay ?? weightDecay, dtype: dtype
        )
    }
}

/// The numbers of one step for parameters that are treated alike.
///
/// A number enters the graph as a tensor, made once and shared: an input of the program, so that a new learning rate runs the old plan.
public final class UpdateStep {
    /// 1 at a parameter's first step.
    public let count: Int
    /// The rate of these parameters at this step.
    public let learningRate: Double
    /// The weight decay of these parameters, 0 for none.
    public let weightDecay: Double
    private let dtype: DType
    private var made: [String: Tensor] = [:]

    init(count: Int, learningRate: Double, weightDecay: Double, dtype: DType) {
        self.count = count
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.dtype = dtype
    }

    /// A number as a tensor, the same one for every parameter of the step. `name` tells it from the others.
    public func callAsFunction(_ name: String, _ value: @autoclosure () -> Double) -> Tensor {
        if let known = made[name] { return known }
        let tensor = Tensor(value(), dtype: dtype)
        made[name] = tensor
        return tensor
    }
}

extension UpdateStep {
    /// `gradient + weightDecay · parameter`: decay as an L2 penalty.
    func penalized(_ gradient: Tensor, _ parameter: Tensor) -> Tensor {
        weightDecay == 0 ? gradient : gradient + parameter * self("weight decay", weightDecay)
    }

    /// `(1 − learningRate · weightDecay) · parameter`: decoupled decay.
    func decayed(_ parameter: Tensor) -> Tensor {
        weightDecay == 0 ? parameter : parameter * self("decay", 1 - learningRate * weightDecay)
    }

    var rate: Tensor { self("learning rate", learningRate) }
}

// MARK: State

extension Optimizer {
    /// Everything that resuming to equal bits needs: `step_count`, `learning_rate`, and `<parameter>.step` and
    /// `<parameter>.<name>` for every parameter that has been changed.
    public func stateDictionary() -> StateDictionary {
        var state: StateDictionary = [
            "step_count": Tensor(stepCount), "learning_rate": Tensor(learningRate, dtype: .float64),
        ]
        for (name, slot) in groups.flatMap(\.parameters) {
            guard let own = states[ObjectIdentifier(slot)] else { continue }
            state[name + ".step"] = Tensor(own.stepCount)
            for (key, tensor) in own.tensors { state[name + "." + key] = tensor }
        }
        return state
    }

    /// Goes on from a saved state.
    ///
    /// - Throws: `StateError` where keys belong to none of the parameters or shapes differ; the optimizer is then as it was.
    public func load(_ state: StateDictionary) throws {
        var report = StateReport()
        var rest = state
        func take(_ key: String) -> Tensor? {
            let value = rest.removeValue(forKey: key)
            if value == nil { report.missing.append(key) } else { report.loaded.append(key) }
            return value
        }
        let count = take("step_count")
        let rate = take("learning_rate")
        var loaded: [ObjectIdentifier: ParameterState] = [:]
        // Longer names first: `a.b.exp_avg` belongs to the parameter `a.b`, not to `a`.
        for (name, slot) in groups.flatMap(\.parameters).sorted(by: { $0.name.count > $1.name.count }) {
            let keys = rest.keys.filter { $0.hasPrefix(name + ".") }
            guard !keys.isEmpty else { continue }
            guard let steps = take(name + ".step") else { continue }
            var own = ParameterState(stepCount: steps.item(as: Int.self))
            for key in keys where key != name + ".step" {
                guard let tensor = take(key) else { continue }
                if let shape = slot.tensor?.shape, tensor.rank > 0, tensor.shape != shape {
                    report.mismatched.append(.init(name: key, expected: shape, found: tensor.shape))
                }
                own.tensors[String(key.dropFirst(name.count + 1))] = tensor
            }
            loaded[ObjectIdentifier(slot)] = own
        }
        report.unexpected = rest.keys.sorted()
        guard report.isComplete, let count, let rate else {
            throw StateError(report: report, kind: "\(type(of: self))")
        }
        stepCount = count.item(as: Int.self)
        learningRate = rate.item()
        states = loaded
    }
}
