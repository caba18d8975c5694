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
    /// Whether steps go up the gradient, so that what is called the loss rises.
    public var maximizes = false
    /// Steps taken so far.
    public private(set) var stepCount = 0

    private let initialLearningRate: Double
    /// The parameters of all groups in order, each with its group.
    private let members: [(slot: ParameterSlot, group: Int)]
    /// What is remembered of each of them; nil before its first step.
    private var states: [ParameterState?]

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
        members = groups.enumerated().flatMap { index, group in group.parameters.map { ($0.slot, index) } }
        states = [ParameterState?](repeating: nil, count: members.count)
    }

    /// Changes every parameter that has a gradient. The new values, the optimizer's state, the loss and the model's buffers are computed
    /// at once, now.
    public final func step(_ gradients: consuming Gradients) {
        // A compiled step goes through this once, and then only takes the counts on.
        let replay = Replay.current
        stepCount += 1
        replay?.note { [self] in stepCount += 1 }
        var results = gradients.stepResults
        var steps: [StepKey: UpdateStep] = [:]
        for (index, (slot, group)) in members.enumerated() where slot.isTrainable {
            guard let gradient = gradients[slot], let parameter = slot.tensor else { continue }
            let state = states[index] ?? ParameterState()
            states[index] = state
            state.stepCount += 1
            replay?.note { state.stepCount += 1 }
            let key = StepKey(group: group, count: state.stepCount, dtype: parameter.dtype)
            let step = steps[key] ?? UpdateStep(of: state, in: group, by: self, parameter.dtype)
            steps[key] = step

            // The new values take the places of the old ones, unless somebody still holds those.
            parameter.node.offerMemory()
            for tensor in state.named.values { tensor.node.offerMemory() }
            let slope = gradient.cast(to: parameter.dtype)
            let changed = update(parameter, maximizes ? -slope : slope, &state.named, step)
            slot.tensor = changed
            results.append(changed)
            results += state.named.values
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

    /// The shape of what the rule remembers under a name, where it is a tensor and no number.
    func stateShape(of name: String, for parameter: Shape) -> Shape { parameter }

    private struct StepKey: Hashable {
        let group: Int
        let count: Int
        let dtype: DType
    }

    /// The learning rate of a group at this step.
    fileprivate func learningRate(of group: Int) -> Double {
        guard let own = groups[group].learningRate else { return learningRate }
        return initialLearningRate == 0 ? own : learningRate * (own / initialLearningRate)
    }
}

/// What a rule remembers of one parameter.
private final class ParameterState {
    /// Steps that changed this parameter: bias corrections count from its first.
    var stepCount: Int
    /// By PyTorch's names.
    var named: [String: Tensor]
    /// The names in order, found anew where there are others.
    private var names: [String] = []

    init(stepCount: Int = 0, _ named: [String: Tensor] = [:]) {
        self.stepCount = stepCount
        self.named = named
    }
}

extension ParameterState: TensorHolder {
    var contents: [String: Tensor] {
        get { named }
        set { named = newValue }
    }

    func append(to tensors: inout [Tensor]) {
        if names.count != named.count { names = named.keys.sorted() }
        for name in names { tensors.append(named[name]!) }
    }

    func empty() { named.removeAll(keepingCapacity: true) }

    func put(_ tensors: ArraySlice<Tensor>) {
        for (name, tensor) in zip(names, tensors) { named[name] = tensor }
    }
}

extension Optimizer: Stateful {
    /// The parameters and what is remembered of them; what of them is trained, and how many steps each has missed.
    public var compiledState: CompiledState {
        var (holders, traits) = (members.map { $0.slot as any TensorHolder }, [maximizes ? 1 : 0])
        for (member, state) in zip(members, states) {
            traits.append(member.slot.isTrainable ? 1 : 0)
            guard let state else { continue }
            holders.append(state)
            traits.append(stepCount - state.stepCount)
        }
        return CompiledState(holders, traits: traits)
    }
}

/// The numbers of one step for parameters that are treated alike.
///
/// A number enters the graph as a tensor, made once and shared: an input of the program, so that a new learning rate runs the old plan.
public final class UpdateStep {
    /// The weight decay of these parameters, 0 for none.
    public let weightDecay: Double
    private let state: ParameterState
    private let group: Int
    private let optimizer: Optimizer
    private let dtype: DType
    private var made: [String: Tensor] = [:]

    /// - Parameter state: that of one of the parameters, which have all taken equally many steps.
    fileprivate init(of state: ParameterState, in group: Int, by optimizer: Optimizer, _ dtype: DType) {
        weightDecay = optimizer.groups[group].weightDecay ?? optimizer.weightDecay
        (self.state, self.group, self.optimizer, self.dtype) = (state, group, optimizer, dtype)
    }

    /// 1 at a parameter's first step.
    public var count: Int { state.stepCount }
    /// The rate of these parameters at this step.
    public var learningRate: Double { optimizer.learningRate(of: group) }

    /// A number as a tensor, the same one for every parameter of the step. `name` tells it from the others.
    public func callAsFunction(_ name: String, _ value: @autoclosure () -> Double) -> Tensor {
        if let known = made[name] { return known }
        let tensor = Tensor(value(), dtype: dtype)
        made[name] = tensor
        return tensor
    }

    /// A number that is another one at each step. A compiled step computes it anew at each call.
    public func callAsFunction(_ name: String, _ value: @escaping (UpdateStep) -> Double) -> Tensor {
        if let known = made[name] { return known }
        func make() -> Tensor { Tensor(value(self), dtype: dtype) }
        let tensor = make()
        made[name] = tensor
        Replay.current?.note(tensor, again: make)
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
        weightDecay == 0 ? parameter : parameter * self("decay") { 1 - $0.learningRate * $0.weightDecay }
    }

    var rate: Tensor { self("learning rate", \.learningRate) }
}

// MARK: State

extension Optimizer {
    /// Everything that resuming to equal bits needs: `step_count`, `learning_rate`, and `<parameter>.step` and
    /// `<parameter>.<name>` for every parameter that has been changed.
    public func stateDictionary() -> StateDictionary {
        var state: StateDictionary = [
            "step_count": Tensor(stepCount), "learning_rate": Tensor(learningRate, dtype: .float64),
        ]
        for ((name, _), own) in zip(groups.flatMap(\.parameters), states) {
            guard let own else { continue }
            state[name + ".step"] = Tensor(own.stepCount)
            for (key, tensor) in own.named { state[name + "." + key] = tensor }
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
        var loaded = [ParameterState?](repeating: nil, count: members.count)
        // Longer names first: `a.b.exp_avg` belongs to the parameter `a.b`, not to `a`.
        let parameters = groups.flatMap(\.parameters).enumerated().sorted {
            $0.element.name.count > $1.element.name.count
        }
        for (place, (name, slot)) in parameters {
            let keys = rest.keys.filter { $0.hasPrefix(name + ".") }
            guard !keys.isEmpty else { continue }
            guard let steps = take(name + ".step") else { continue }
            let own = ParameterState(stepCount: steps.item(as: Int.self))
            for key in keys where key != name + ".step" {
                guard let tensor = take(key) else { continue }
                let plain = String(key.dropFirst(name.count + 1))
                let expected = slot.tensor.map { stateShape(of: plain, for: $0.shape) }
                if let expected, tensor.rank > 0, tensor.shape != expected {
                    report.mismatched.append(.init(name: key, expected: expected, found: tensor.shape))
                }
                own.named[plain] = tensor
            }
            loaded[place] = own
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
