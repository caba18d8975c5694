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
    /// How many tensors in the user's hands show this node. A shown node is worth keeping when it is computed along the way.
    private let holders = Atomic<Int>(0)
    /// Creation order, and that of the oldest node without a value that this one needs: their distance bounds the work pending.
    private let serial: Int
    private let oldestPending: Int

    private struct State {
        var operands: [Node]
        var value: Buffer?
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
            if !operand.isEvaluated { oldest = min(oldest, operand.oldestPending) }
            if let other = operand.scope, other.isActive, innermost.map({ $0.depth < other.depth }) ?? true {
                innermost = other
            }
        }
        oldestPending = oldest
        if case .stopGradient = operation { innermost = scope }
        self.scope = innermost
        state = Mutex(State(operands: operands, value: nil))
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
    }

    /// An operation on operands, its result type inferred. A mistake is reported and gives an `.invalid` node.
    public static func make(_ operation: Operation, _ operands: [Node]) -> Node {
        do throws(TensorError) {
            let type = try operation.resultType(operands.map(\.type))
            let node = Node(operation, operands, type: type)
            if node.serial - node.oldestPending > Evaluator.pendingLimit { Evaluator.evaluate([node]) }
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

    /// What the node was computed from, as long as it is remembered.
    public var operands: [Node] { state.withLock { $0.operands } }

    /// The value, if it is known by now.
    public var value: Buffer? { state.withLock { $0.value } }

    /// Whether the value is known by now.
    public var isEvaluated: Bool { state.withLock { $0.value != nil } }

    /// Both at one moment: another thread may be completing this node.
    var snapshot: (operands: [Node], value: Buffer?) { state.withLock { ($0.operands, $0.value) } }

    /// Gives the node its value. A second value (two threads evaluated the same node) is ignored: it is equal.
    func complete(_ value: Buffer) {
        let keepsOperands = scope?.isActive ?? false
        let released = state.withLock { state -> [Node] in
            if state.value == nil { state.value = value }
            if keepsOperands { return [] }
            defer { state.operands = [] }
            return state.operands
        }
        Self.release(released)
    }

    /// Lets go of the operands of a node that has its value and whose gradient is done.
    func forgetHistory() {
        guard scope != nil, !(scope!.isActive) else { return }
        let released = state.withLock { state -> [Node] in
            guard state.value != nil else { return [] }
            defer { state.operands = [] }
            return state.operands
        }
        Self.release(released)
    }

    // MARK: Holders

    /// A tensor shows this node from now on.
    public func retainForUser() { holders.add(1, ordering: .relaxed) }
    /// A tensor no longer shows this node.
    public func releaseForUser() { holders.subtract(1, ordering: .relaxed) }
    var isShown: Bool { holders.load(ordering: .relaxed) > 0 }

    deinit {
        Self.release(
            state.withLock { state in
                let operands = state.operands; state.operands = []; return operands
            })
    }

    /// Frees a graph without recursion: a chain of a million nodes would overflow the stack.
    private static func release(_ nodes: consuming [Node]) {
        var stack = nodes
        while var node = stack.popLast() {
            guard isKnownUniquelyReferenced(&node) else { continue }
            stack += node.state.withLock { state in
                let operands = state.operands; state.operands = []; return operands
            }
        }
    }
}

/// The time during which a gradient is being taken. Nodes made from its variables remember their operands while it is active.
public final class GradientScope: Sendable {
    /// The gradient that this one is taken inside of.
    public let parent: GradientScope?
    /// 1 for the outermost gradient.
    public let depth: Int
    private let open = Atomic<Bool>(true)

    public init(parent: GradientScope?) {
        self.parent = parent
        depth = (parent?.depth ?? 0) + 1
    }

    /// Whether this gradient, or one around it, is still being taken.
    public var isActive: Bool { open.load(ordering: .relaxed) || (parent?.isActive ?? false) }

    /// Ends the gradient.
    public func close() { open.store(false, ordering: .relaxed) }
}
