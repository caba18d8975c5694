/// A part of a graph that is computed again and again, each time from what the time before left: what a scan or a while loop repeats.
///
/// The operation `.loop` takes `(state…, sequences…, ending?, captured…)`. Step by step the body makes the next state and some outputs of the
/// state, of one element of each sequence along its first axis, and of what it captured, which is the same in all steps. Whatever of a body
/// depends on neither state nor elements is captured: it is computed once.
///
/// A loop has several results. Each is a node of its own with the same operands; a backend computes those that a program needs at once.
public final class Loop: Hashable, Sendable {
    /// When a loop is over.
    public enum Ending: Hashable, Sendable {
        /// After `stepCount` steps.
        case atCount
        /// After as many steps as an operand says: `int64 []`, at most `stepCount`.
        case atOperand
        /// After the step in which the body's last result, `bool []`, is false, or after `stepCount` steps. An operand says whether there
        /// is a first step.
        case whenFalse
    }

    /// What a loop computes.
    public enum Result: Hashable, Sendable {
        /// A part of the state after the last step.
        case state(Int)
        /// `(stepCount, …)`: what each step put out; zeros for steps that weren't taken.
        case output(Int)
        /// `(stepCount, …)`: a part of the state before each step; zeros for steps that weren't taken. Gradients need it.
        case history(Int)
        /// How many steps were taken: `int64 []`.
        case count
    }

    /// One step: `(position: int64 [], state…, elements…, captured…) → (state…, outputs…, goes on?)`.
    public let body: Program
    /// Parts of the state.
    public let stateCount: Int
    /// Sequences.
    public let sequenceCount: Int
    /// The most steps that there are: the extent of the sequences' first axes.
    public let stepCount: Int
    /// Whether the first step is at the last position.
    public let isReversed: Bool
    /// When it is over.
    public let ending: Ending
    private let hash: Int

    public init(
        body: Program, stateCount: Int, sequenceCount: Int, stepCount: Int, isReversed: Bool = false,
        ending: Ending = .atCount
    ) {
        self.body = body
        self.stateCount = stateCount
        self.sequenceCount = sequenceCount
        self.stepCount = stepCount
        self.isReversed = isReversed
        self.ending = ending
        var hasher = Hasher()
        hasher.combine(body)
        hasher.combine([stateCount, sequenceCount, stepCount])
        hasher.combine(isReversed)
        hasher.combine(ending)
        hash = hasher.finalize()
    }

    public static func == (a: Loop, b: Loop) -> Bool {
        a === b
            || a.hash == b.hash && a.stateCount == b.stateCount && a.sequenceCount == b.sequenceCount
                && a.stepCount == b.stepCount && a.isReversed == b.isReversed && a.ending == b.ending
                && a.body == b.body
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// Whether an operand says when the loop is over.
    public var hasEndingOperand: Bool { ending != .atCount }

    /// What each step puts out beside the state.
    public var outputCount: Int { body.outputs.count - stateCount - (ending == .whenFalse ? 1 : 0) }

    // MARK: Operands

    /// The places of the state at first among the operands.
    public var stateOperands: Range<Int> { 0..<stateCount }
    /// Those of the sequences.
    public var sequenceOperands: Range<Int> { stateCount..<(stateCount + sequenceCount) }
    /// That of what says when the loop is over, where `hasEndingOperand`.
    public var endingOperand: Int { stateCount + sequenceCount }
    /// Those of what the body captured.
    public var capturedOperands: Range<Int> {
        let first = endingOperand + (hasEndingOperand ? 1 : 0)
        return first..<(first + body.inputs.count - 1 - stateCount - sequenceCount)
    }

    /// The types of the operands.
    public var operandTypes: [TensorType] {
        let inputs = body.inputs.dropFirst()
        let state = inputs.prefix(stateCount)
        let elements = inputs.dropFirst(stateCount).prefix(sequenceCount)
        let captured = inputs.dropFirst(stateCount + sequenceCount)
        let end: [TensorType] =
            switch ending {
            case .atCount: []
            case .atOperand: [TensorType([], .int64)]
            case .whenFalse: [TensorType([], .bool)]
            }
        return state + elements.map(stacked) + end + captured
    }

    /// A value of each step, all in one.
    private func stacked(_ type: TensorType) -> TensorType {
        TensorType(Shape([stepCount] + type.shape.dimensions), type.dtype)
    }

    /// The type of a result.
    public func type(of result: Result) -> TensorType {
        switch result {
        case .state(let part): body.inputs[1 + part]
        case .output(let number): stacked(body.type(body.outputs[stateCount + number]))
        case .history(let part): stacked(body.inputs[1 + part])
        case .count: TensorType([], .int64)
        }
    }

    // MARK: Steps

    /// The position of a step, counted from the first that is taken, when `count` are.
    public func position(of step: Int, count: Int) -> Int { isReversed ? count - 1 - step : step }
}

extension Loop: CustomStringConvertible {
    /// `loop of 100 steps, backward`
    public var description: String {
        let bound = stepCount == .max ? "loop" : "loop of \(ending == .atCount ? "" : "at most ")\(stepCount) steps"
        return bound + (isReversed ? ", backward" : "")
    }
}
