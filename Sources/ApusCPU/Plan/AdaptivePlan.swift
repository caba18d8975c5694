import ApusGraph
import Synchronization

/// A plan that stops doing again what it has done before.
///
/// A model that is only used has the same weights in every run, and what depends on nothing else comes out the same:
/// weights in the layout that convolutions want, their casts to bfloat16, the scale and shift of a normalization. When
/// a set of inputs has been the same in three runs, the program is planned anew: the steps that depend on these inputs
/// alone run once, their results are kept beside the inputs and freed with them.
final class AdaptivePlan: Executable {
    private let general: CPUPlan
    private let specialize: @Sendable (_ constants: Set<Int>) throws -> SplitPlan?
    private let state = Mutex(State())

    /// Inputs that change now and then don't make the plan anew for ever.
    private static let maximumPlans = 3

    /// - Parameter specialize: plans for inputs that stay the same; nil where no step depends on them alone.
    init(_ general: CPUPlan, specialize: @escaping @Sendable (_ constants: Set<Int>) throws -> SplitPlan?) {
        self.general = general
        self.specialize = specialize
    }

    func run(_ inputs: [Buffer]) throws -> [Buffer] {
        switch state.withLock({ $0.choice(inputs) }) {
        case .general:
            return try general.run(inputs)
        case .kept(let plan, let values):
            return try run(plan, values, inputs)
        case .keep(let constants, let known):
            guard let plan = try known ?? specialize(Set(constants)) else { return try general.run(inputs) }
            let values = KeptValues(constants, of: inputs, buffers: try plan.once.run(inputs), plan.finite)
            let owner = constants.map { inputs[$0] }.max { $0.byteCount < $1.byteCount }!
            owner.keep(values, for: self)
            state.withLock { $0.keep(values, plan, constants) }
            return try run(plan, values, inputs)
        }
    }

    /// Runs the rest of a plan, unless it relies on numbers to be finite that aren't.
    private func run(_ plan: SplitPlan, _ values: KeptValues, _ inputs: [Buffer]) throws -> [Buffer] {
        let isFinite = values.areFinite && plan.finite.inputs.allSatisfy { inputs[$0.number].isFinite($0.dtype) }
        return try isFinite ? plan.rest.run(inputs + values.buffers) : general.run(inputs)
    }

    private enum Choice {
        case general
        case kept(SplitPlan, KeptValues)
        /// Compute what depends on these inputs alone, with a plan that may be there already.
        case keep(constants: [Int], SplitPlan?)
    }

    private struct State {
        private var lastContents: [UInt64] = []
        /// The inputs that were the same in the last two runs.
        private var constants: [Int] = []
        private var special: (constants: [Int], plan: SplitPlan)?
        private weak var values: KeptValues?
        private var planCount = 0

        mutating func choice(_ inputs: [Buffer]) -> Choice {
            if let special, let values, values.hold(for: inputs) { return .kept(special.plan, values) }
            let contents = inputs.map(\.identity)
            let same = lastContents.isEmpty ? [] : contents.indices.filter { contents[$0] == lastContents[$0] }
            // Who repeats everything measures: there is no work to save for others then.
            let lasted = !same.isEmpty && same.count < inputs.count && same == constants
            (lastContents, constants) = (contents, same)
            guard lasted else { return .general }
            if let special, special.constants == same { return .keep(constants: same, special.plan) }
            guard planCount < maximumPlans else { return .general }
            planCount += 1
            return .keep(constants: same, nil)
        }

        mutating func keep(_ values: KeptValues, _ plan: SplitPlan, _ constants: [Int]) {
            self.values = values
            special = (constants, plan)
        }
    }
}

extension AdaptivePlan: CustomStringConvertible {
    var description: String { general.description }
}

/// A plan in two: what depends on constant inputs alone, and the rest, whose inputs are all inputs and then the results
/// of the first.
struct SplitPlan: Sendable {
    let once: CPUPlan
    let rest: CPUPlan
    /// What the rest relies on.
    let finite: FiniteMemories
}

/// Results of what runs once, and the inputs that they were computed from.
private final class KeptValues: Sendable {
    let buffers: [Buffer]
    /// Whether they hold what the plan relies on.
    let areFinite: Bool
    private let contents: [(input: Int, number: UInt64)]

    init(_ constants: [Int], of inputs: [Buffer], buffers: [Buffer], _ finite: FiniteMemories) {
        self.buffers = buffers
        areFinite =
            finite.keptValues.allSatisfy { buffers[$0.number].isFinite($0.dtype) }
            && finite.constants.allSatisfy { inputs[$0.number].isFinite($0.dtype) }
        contents = constants.map { ($0, inputs[$0].identity) }
    }

    func hold(for inputs: [Buffer]) -> Bool { contents.allSatisfy { inputs[$0.input].identity == $0.number } }
}

extension Buffer {
    /// What differs between contents that differ: a number's bits, for the numbers in a model's code are new tensors in
    /// every run, and the content number of anything larger.
    fileprivate var identity: UInt64 {
        switch byteCount {
        case 4: UInt64(elements(as: UInt32.self)[0])
        case 8: elements(as: UInt64.self)[0]
        default: contentNumber
        }
    }
}
