import ApusGraph

// Loops that are one operation of the graph: however many steps there are, the graph and its plan stay as small as a step.

/// Runs `step` for one element after another along the first axis of the sequences, and hands a state from each to the next.
///
/// ```swift
/// // The running mean of a signal (T, C):
/// let (_, means) = scan(.zeros([C]), over: signal) { mean, x in
///     let next = mean * 0.9 + x * 0.1
///     return (next, next)
/// }
/// ```
/// The step is traced once. It must be a function of its arguments, of tensors that it captures, and of nothing that changes; it may not
/// look at a value. Parts of the state keep their shapes and dtypes. Random numbers are others in each step. The gradient runs the steps
/// backward and computes each anew from the state before it, which is all that is kept: `O(T · state)` memory.
///
/// JAX's `lax.scan`.
///
/// - Parameters:
///   - initial: the state before the first step.
///   - sequences: `(T, …)` each.
///   - reversed: from the last element to the first; the outputs stay at their elements' places.
/// - Returns: the state after the last step, and the outputs of all steps `(T, …)`.
public func scan(
    _ initial: [Tensor], over sequences: [Tensor], reversed: Bool = false,
    _ step: (_ state: [Tensor], _ elements: [Tensor]) throws -> (state: [Tensor], outputs: [Tensor])
) rethrows -> (state: [Tensor], outputs: [Tensor]) {
    guard let count = sequences.first?.shape.first, sequences.allSatisfy({ $0.shape.first == count }) else {
        let shapes = sequences.map(\.shape)
        reportTensorError(
            TensorError(
                "scan: over \(shapes): one sequence at least, and first axes of one extent; `repeated` takes a count"))
        return (initial, [])
    }
    let loop = try TracedLoop(initial, over: sequences, stepCount: count, isReversed: reversed) { _, state, elements in
        try step(state, elements)
    }
    return (loop.states, loop.outputs)
}

/// The same for one state, one sequence and one output.
public func scan(
    _ initial: Tensor, over sequence: Tensor, reversed: Bool = false,
    _ step: (_ state: Tensor, _ element: Tensor) throws -> (state: Tensor, output: Tensor)
) rethrows -> (state: Tensor, outputs: Tensor) {
    let (states, outputs) = try scan([initial], over: [sequence], reversed: reversed) { state, elements in
        let (next, output) = try step(state[0], elements[0])
        return ([next], [output])
    }
    return (states[0], outputs.first ?? initial)
}

/// Runs `step` `count` times, and hands a state from each to the next: `scan` without sequences, JAX's `lax.fori_loop`.
///
/// - Parameter step: from the step's number, `int64 []`, and the state to the next state.
public func repeated(
    _ count: Int, _ initial: [Tensor], _ step: (_ number: Tensor, _ state: [Tensor]) throws -> [Tensor]
) rethrows -> [Tensor] {
    precondition(count >= 0, "repeated: \(count) times")
    return try TracedLoop(initial, over: [], stepCount: count) { position, state, _ in
        (try step(position, state), [])
    }.states
}

/// Runs `step` on the state as long as `condition` is true of it, JAX's `lax.while_loop`.
///
/// ```swift
/// // Newton's method for √a:
/// let root = whileLoop([a], limit: 50) { abs($0[0] * $0[0] - a).max() .> 1e-6 } step: { [($0[0] + a / $0[0]) * 0.5] }[0]
/// ```
/// Both are traced once; see `scan` for what they may do.
///
/// - Parameters:
///   - limit: the most steps. Where there is one the loop has a gradient, which keeps so many states.
///   - condition: a single bool.
/// - Returns: the first state that the condition is false of, or the one after `limit` steps.
public func whileLoop(
    _ initial: [Tensor], limit: Int? = nil, while condition: ([Tensor]) throws -> Tensor,
    step: ([Tensor]) throws -> [Tensor]
) rethrows -> [Tensor] {
    func goesOn(_ state: [Tensor]) throws -> Tensor {
        let isTrue = try condition(state)
        if isTrue.elementCount == 1, isTrue.dtype == .bool { return isTrue.reshaped([]) }
        reportTensorError(TensorError("whileLoop: the condition is a \(isTrue.node.type), not a single bool"))
        return Tensor(false)
    }
    let first = try goesOn(initial)
    return try TracedLoop(initial, over: [], stepCount: limit ?? .max, goesOn: first) { _, state, _ in
        let next = try step(state)
        return (next, [try goesOn(next)])
    }.states
}

/// A loop whose step has been traced, and its operands.
struct TracedLoop {
    private let loop: Loop
    private let operands: [Node]

    /// - Parameters:
    ///   - stepCount: the most steps.
    ///   - count: how many there are, where it isn't `stepCount`.
    ///   - goesOn: whether there is a first step; the step's last output then tells whether there is another.
    init(
        _ initial: [Tensor], over sequences: [Tensor], stepCount: Int, isReversed: Bool = false, count: Tensor? = nil,
        goesOn: Tensor? = nil,
        _ step: (_ position: Tensor, _ state: [Tensor], _ elements: [Tensor]) throws -> ([Tensor], [Tensor])
    ) rethrows {
        let types =
            [TensorType([], .int64)] + initial.map(\.node.type)
            + sequences.map { TensorType(Shape(Array($0.shape.dropFirst())), $0.dtype) }
        let placeholders = types.map { Tensor(Node.placeholder($0)) }
        let elements = placeholders.dropFirst(1 + initial.count)
        var (next, outputs) = try GraphFunction.$isBeingMade.withValue(true) {
            try LoopPositions.$current.withValue(LoopPositions.current + [placeholders[0]]) {
                try step(placeholders[0], Array(placeholders.dropFirst().prefix(initial.count)), Array(elements))
            }
        }
        next = Self.checked(next, like: initial)
        let (body, captured) = Program.body(from: placeholders.map(\.node), to: (next + outputs).map(\.node))
        loop = Loop(
            body: body, stateCount: initial.count, sequenceCount: sequences.count, stepCount: stepCount,
            isReversed: isReversed, ending: goesOn != nil ? .whenFalse : count != nil ? .atOperand : .atCount)
        let ending = (goesOn ?? count).map { [$0] } ?? []
        operands = (initial + sequences + ending).map(\.node) + captured
    }

    /// The next state, or the one before where they don't fit, which is reported.
    private static func checked(_ next: [Tensor], like initial: [Tensor]) -> [Tensor] {
        let (types, wanted) = (next.map(\.node.type), initial.map(\.node.type))
        if types == wanted { return next }
        reportTensorError(TensorError("loop: the state is \(wanted) before a step and \(types) after it"))
        return initial
    }

    /// A part of the state after the last step.
    func state(_ part: Int) -> Tensor { self[.state(part)] }
    /// What the steps put out.
    func output(_ number: Int) -> Tensor { self[.output(number)] }

    var states: [Tensor] { (0..<loop.stateCount).map(state) }
    var outputs: [Tensor] { (0..<loop.outputCount).map(output) }

    private subscript(result: Loop.Result) -> Tensor { Tensor(Node.make(.loop(loop, result: result), operands)) }
}

/// The positions of the loops whose steps are being traced, the outermost first.
enum LoopPositions {
    @TaskLocal static var current: [Tensor] = []

    /// A key for random numbers that are others in each step.
    static func mixed(into key: Tensor) -> Tensor {
        current.reduce(key) { key, position in
            key * Tensor(Int(truncatingIfNeeded: 0x9E37_79B9_7F4A_7C15 as UInt64)) + position
        }
    }
}
