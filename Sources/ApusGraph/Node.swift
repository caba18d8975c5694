import Synchronization

/// A value in the graph: an operation on other nodes, computed when somebody looks.
///
/// A node is immutable but for two changes, each made once: it receives its value, and it lets go of its operands, which
/// happens as soon as it has the value, unless a gradient may still be asked of it (`GradientScope`).
public final class Node: Sendable {
    /// What computes the value.
    public let operation: Operation
    /// The value's shape and dtype.
    public let type: TensorType
    /// The innermost gradient under construction that this node takes part in.
    public let scope: GradientScope?

    private let state: Mutex<State>
    private let hasValue: Atomic<Bool>
    private let audience = Atomic<Int>(0)
    /// The number in the trace under way: only for the thread that has the right to write it (`NodeNumbers`).
    nonisolated(unsafe) var mark = NodeNumbers.Mark()
    /// Creation order, and that of the oldest node without a value that this one needs: their distance bounds the work pending.
    private let serial: Int
    private let oldestPending: Int

    private struct State {
        var operands: [Node]
        var value: Buffer?
        /// Who took the value's memory to write its own results there.
        var taker: Evaluation?
    }

    private static let counter = Atomic<Int>(0)

    /// A node with an operation's result type already known.
    public init(_ operation: Operation, _ operands: [Node], type: TensorType, scope: GradientScope? = nil) {
        self.operation = operation
        self.type = type
        serial = Self.counter.add(1, ordering: .relaxed).newValue
        var oldest = serial
        var innermost = scope
        for operand in operands {
            operand.audience.add(Self.user, ordering: .relaxed)
            if !operand.isEvaluated { oldest = min(oldest, operand.oldestPending) }
            if let other = operand.scope, other !== innermost, other.isActive {
                innermost = innermost.map { $0.joined(with: other) } ?? other
            }
        }
        oldestPending = oldest
        if case .stopGradient = operation { innermost = scope }
        self.scope = innermost
        state = Mutex(State(operands: operands))
        hasValue = Atomic(false)
    }

    /// A known value.
    public init(_ value: Buffer, type: TensorType) {
        precondition(value.byteCount >= type.byteCount, "a buffer of \(value.byteCount) bytes for \(type)")
        operation = .constant
        self.type = type
        scope = nil
        serial = 0
        oldestPending = Int.max
        state = Mutex(State(operands: [], value: value))
        hasValue = Atomic(true)
    }

    /// An operation on operands, its result type inferred. A mistake is reported and gives an `.invalid` node.
    public static func make(_ operation: Operation, _ operands: [Node]) -> Node {
        do throws(TensorError) {
            var plain = operation.plainResultType(operands)
            if plain == nil { plain = try operation.resultType(operands.map(\.type)) }
            let type = plain!
            let node = Node(operation, operands, type: type)
            if node.serial - node.oldestPending > Evaluator.pendingLimit, !GraphFunction.isBeingMade {
                Evaluator.evaluate([node])
            }
            return node
        } catch {
            return invalid(error, like: operands.first?.type ?? TensorType([], .float32))
        }
    }

    /// Reports a mistake; inside `withTensorErrors` work goes on with this node in place of the result.
    public static func invalid(_ error: TensorError, like type: TensorType) -> Node {
        reportTensorError(error)
        return Node(.invalid(type), [], type: type)
    }

    /// The value's shape.
    public var shape: Shape { type.shape }
    /// The value's dtype.
    public var dtype: DType { type.dtype }

    /// Whether the node was made before another, so that it does not depend on it.
    func isOlder(than other: Node) -> Bool { serial < other.serial }

    /// What the node was computed from, as long as it is remembered.
    public var operands: [Node] { state.withLock { $0.operands } }

    /// The value, if it is known by now.
    public var value: Buffer? { state.withLock { $0.value } }

    /// Whether the value is known by now.
    public var isEvaluated: Bool { hasValue.load(ordering: .acquiring) }

    /// What an evaluation finds.
    enum Snapshot {
        case value(Buffer)
        case pending([Node])
        /// The value's memory was taken: whoever may still see this node waits for what is computed there.
        case taken(by: Evaluation)
    }

    /// All at one moment: another thread may be completing this node.
    var snapshot: Snapshot {
        state.withLock { state in
            if let value = state.value { return .value(value) }
            if let taker = state.taker { return .taken(by: taker) }
            return .pending(state.operands)
        }
    }

    /// Gives the node its value. A second value (two threads evaluated the same node) is ignored: it is equal.
    func complete(_ value: Buffer) {
        let keepsOperands = isInActiveScope
        let released = state.withLock { state -> [Node] in
            if state.value == nil { state.value = value }
            return keepsOperands ? [] : exchange(&state.operands, [])
        }
        hasValue.store(true, ordering: .releasing)
        Self.release(released)
    }

    /// Lets go of the operands of a node that has its value and whose gradient is done.
    func forgetHistory() {
        guard scope != nil, !isInActiveScope else { return }
        let released = state.withLock { state in state.value == nil ? [] : exchange(&state.operands, []) }
        Self.release(released)
    }

    /// Whether a gradient may still be asked of the node, so that it remembers its operands.
    package var isInActiveScope: Bool { scope?.isActive ?? false }

    /// Whether a gradient that may still be asked for would have to compute the value again, at some cost.
    var isWorthSaving: Bool { operation.isCostly && isInActiveScope }

    // MARK: Audience

    // Who may ask for the value: nodes that have this one as an operand in the lower half, tensors in the user's hands in the
    // upper half, and the sign says that the memory is offered.
    private static let user = 1
    private static let holder = 1 << 32
    private static let offer = Int.min

    /// A tensor shows this node from now on.
    public func retainForUser() { audience.add(Self.holder, ordering: .relaxed) }
    /// A tensor no longer shows this node.
    public func releaseForUser() { audience.subtract(Self.holder, ordering: .relaxed) }

    /// Whether a tensor shows this node. It is then worth keeping when it is computed along the way.
    var isShown: Bool { audience.load(ordering: .relaxed) & ~Self.offer >= Self.holder }

    /// How many operands this node is.
    var userCount: Int { audience.load(ordering: .relaxed) & (Self.holder - 1) }

    /// Says that this value is about to be replaced by one of the same size. Once nothing but the program that computes the
    /// new one can see the old one, the new one is written in its place.
    ///
    /// Only for values that are reached through tensors: nobody may keep the node itself.
    public func offerMemory() { audience.bitwiseOr(Self.offer, ordering: .relaxed) }

    var offersMemory: Bool { audience.load(ordering: .relaxed) < 0 }

    /// The value's memory, if nobody else holds it: this node has no value from now on.
    func takeMemory(for evaluation: Evaluation) -> Buffer? {
        state.withLock { state in
            guard isKnownUniquelyReferenced(&state.value), state.value!.isReusable else { return nil }
            state.taker = evaluation
            hasValue.store(false, ordering: .relaxed)
            return exchange(&state.value, nil)
        }
    }

    /// Undoes `takeMemory`: nothing was written.
    func giveBack(_ value: Buffer) {
        state.withLock { state in
            state.taker = nil
            state.value = value
        }
        hasValue.store(true, ordering: .releasing)
    }

    /// The value's memory, if nothing but one tensor can see it: this node, which has no value from now on, is to be forgotten.
    package func surrender() -> Buffer? {
        guard audience.load(ordering: .relaxed) & ~Self.offer == Self.holder else { return nil }
        let memory = state.withLock { state -> Buffer? in
            guard isKnownUniquelyReferenced(&state.value), state.value!.isReusable else { return nil }
            return exchange(&state.value, nil)
        }
        if memory != nil { EngineStatistics.counters.overwrittenInputs.add(1, ordering: .relaxed) }
        return memory
    }

    deinit {
        Self.release(state.withLock { exchange(&$0.operands, []) })
    }

    /// Frees a graph without recursion: a chain of a million nodes would overflow the stack.
    private static func release(_ nodes: consuming [Node]) {
        var stack = nodes
        while var node = stack.popLast() {
            node.audience.subtract(user, ordering: .relaxed)
            guard isKnownUniquelyReferenced(&node) else { continue }
            stack += node.state.withLock { exchange(&$0.operands, []) }
        }
    }
}

/// Puts a new value in the place of the old one, which it returns.
private func exchange<Value>(_ place: inout Value, _ new: Value) -> Value {
    let old = place
    place = new
    return old
}

/// The time during which a gradient is being taken. Nodes made from its variables remember their operands while it is active.
public final class GradientScope: Sendable {
    /// The gradient that this one is taken inside of.
    public let parent: GradientScope?
    /// 1 for the outermost gradient.
    public let depth: Int
    private let open = Atomic<Bool>(true)
    /// Whether something in it was made from a variable of another gradient, so that this one may be differentiated in its turn.
    private let isShared = Atomic<Bool>(false)

    public init(parent: GradientScope?) {
        self.parent = parent
        depth = (parent?.depth ?? 0) + 1
    }

    /// Whether this gradient, or one around it that it takes part in, is still being taken.
    public var isActive: Bool {
        open.load(ordering: .relaxed) || (isShared.load(ordering: .relaxed) && (parent?.isActive ?? false))
    }

    /// The inner one of two gradients that a node takes part in.
    func joined(with other: GradientScope) -> GradientScope {
        let inner = depth < other.depth ? other : self
        var scope: GradientScope? = inner
        while let next = scope {
            next.isShared.store(true, ordering: .relaxed)
            scope = next.parent
        }
        return inner
    }

    /// Ends the gradient.
    public func close() { open.store(false, ordering: .relaxed) }
}
