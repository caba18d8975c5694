// Reverse mode, from graph to graph: a gradient is more graph, so gradients of gradients need nothing else.

extension GradientScope {
    /// The innermost gradient being taken by this task.
    @TaskLocal static var current: GradientScope?
}

/// The value of `f` and its gradients `∂f/∂inputs`.
///
/// - Parameter f: gives a scalar; it sees variables in place of `inputs`.
/// - Returns: the value, and a gradient shaped like each input: zeros where `f` doesn't depend on it.
public func valueAndGradients(
    at inputs: [Tensor], _ f: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
    let (value, _, gradients) = try valueAndGradients(at: inputs) { variables in (try f(variables), ()) }
    return (value, gradients)
}

/// The same for a function that gives something else beside the scalar (predictions, metrics).
public func valueAndGradients<Auxiliary>(
    at inputs: [Tensor], _ f: ([Tensor]) throws -> (Tensor, Auxiliary)
) rethrows -> (value: Tensor, auxiliary: Auxiliary, gradients: [Tensor]) {
    try withVariables(inputs) { variables, _ in
        let (value, auxiliary) = try f(variables)
        if value.elementCount != 1 || !value.dtype.isFloatingPoint {
            reportTensorError(
                TensorError(
                    "gradient: of a \(value.node.type): a single floating-point number is needed; sum or average first")
            )
        }
        let gradients = vectorJacobianProduct(of: [value], with: [.ones(like: value)], by: variables)
        return (value, auxiliary, gradients)
    }
}

/// `∂f/∂x` of a scalar function.
public func gradient(at x: Tensor, _ f: (Tensor) throws -> Tensor) rethrows -> Tensor {
    try valueAndGradients(at: [x]) { try f($0[0]) }.gradients[0]
}

/// The outputs of `f` and `Σ outputGradients · ∂outputs/∂inputs`.
///
/// - Parameter outputGradients: from the outputs to a gradient shaped like each of them.
public func vectorJacobianProduct(
    at inputs: [Tensor], _ f: ([Tensor]) throws -> [Tensor], with outputGradients: ([Tensor]) -> [Tensor]
) rethrows -> (outputs: [Tensor], gradients: [Tensor]) {
    try withVariables(inputs) { variables, _ in
        let outputs = try f(variables)
        return (outputs, vectorJacobianProduct(of: outputs, with: outputGradients(outputs), by: variables))
    }
}

/// Runs `body` on the inputs as variables of a gradient, which ends with it.
func withVariables<Result>(
    _ inputs: [Tensor], _ body: (_ variables: [Tensor], _ scope: GradientScope) throws -> Result
) rethrows -> Result {
    let scope = GradientScope(parent: .current)
    defer { scope.close() }
    return try GradientScope.$current.withValue(scope) {
        try body(inputs.map { variable($0, in: scope) }, scope)
    }
}

/// `x` as something to differentiate by.
func variable(_ x: Tensor, in scope: GradientScope) -> Tensor {
    Tensor(Node(.variable, [x.node], type: x.node.type, scope: scope))
}

/// Walks the graph backward from `outputs`, each node after all that use it, and hands every operand its share of the gradient.
func vectorJacobianProduct(of outputs: [Tensor], with seeds: [Tensor], by variables: [Tensor]) -> [Tensor] {
    let path = GradientPath(from: variables.map(\.node), to: outputs.map(\.node))
    var gradients = [Tensor?](repeating: nil, count: path.nodes.count)  // by place on the path

    func add(_ gradient: Tensor, at place: Int) {
        gradients[place] = gradients[place].map { $0 + gradient } ?? gradient
    }
    for (output, seed) in zip(outputs, seeds) {
        if let place = path.place(of: output.node) { add(seed, at: place) }
    }

    // What slices hand back to a node is put together when all of them are there.
    var sliced: [Int: SlicedGradient] = [:]
    // A loop hands its operands their shares when the gradients of all its results are there.
    var loops = LoopCalls(path.nodes)

    for place in path.nodes.indices.reversed() {
        if !sliced.isEmpty, let parts = sliced.removeValue(forKey: place) { add(parts.total, at: place) }
        let node = path.nodes[place]
        let operands = node.operands
        let places = operands.map { path.place(of: $0) }
        func handOut(_ shares: [Tensor?]) {
            for (place, share) in zip(places, shares) {
                if let place, let share { add(share, at: place) }
            }
        }
        if case .loop(let loop, let result) = node.operation {
            guard let all = loops.gradients(at: place, result, gradients[place]) else { continue }
            handOut(loopGradients(loop, operands.map(Tensor.init), all, isWanted: places.map { $0 != nil }))
            continue
        }
        guard place >= variables.count, let gradient = gradients[place] else { continue }
        gradients[place] = nil
        if case .slice(let ranges) = node.operation, let source = places[0] {
            sliced[source, default: SlicedGradient(shape: operands[0].shape)].add(ranges, gradient)
            continue
        }
        handOut(operandGradients(of: node, operands.map(Tensor.init), gradient))
    }
    return variables.indices.map { gradients[$0] ?? .zeros(like: variables[$0]) }
}

/// The nodes that depend on a variable and that an output depends on, operands before users: first the variables, in their order.
private struct GradientPath: ~Copyable {
    private(set) var nodes: [Node] = []
    /// The places of nodes on the path, −1 for others that were met.
    private var numbers = NodeNumbers()

    init(from variables: [Node], to outputs: [Node]) {
        for variable in variables { append(variable) }
        // Depth first with an explicit stack; a node is met again, with its operands, when those are done.
        var stack: [(node: Node, operands: [Node]?)] = outputs.map { ($0, nil) }
        while let (node, expanded) = stack.popLast() {
            guard numbers[node] == nil else { continue }
            if let operands = expanded {
                if operands.contains(where: { numbers[$0]! >= 0 }) { append(node) } else { numbers[node] = -1 }
            } else if Self.passesGradients(node) {
                let operands = node.operands
                stack.append((node, operands))
                for operand in operands where numbers[operand] == nil { stack.append((operand, nil)) }
            } else {
                numbers[node] = -1
            }
        }
    }

    /// Only what was made from a variable of a gradient under way has a scope.
    private static func passesGradients(_ node: Node) -> Bool {
        if case .stopGradient = node.operation { return false }
        return node.scope != nil
    }

    private mutating func append(_ node: Node) {
        numbers[node] = Int32(nodes.count)
        nodes.append(node)
    }

    /// Where a node is on the path, nil for one that is not.
    func place(of node: Node) -> Int? { numbers[node].flatMap { $0 >= 0 ? Int($0) : nil } }
}

// MARK: Shaping gradients

/// `x` as a constant: gradients stop here.
public func stopGradient(_ x: Tensor) -> Tensor { Tensor(.stopGradient, x) }

/// `f(inputs)` with the gradients that `rule` gives.
///
/// - Parameter rule: from the inputs, the output and the gradient of the output to a gradient for each input (nil: none).
public func withCustomGradient(
    _ inputs: [Tensor], _ f: ([Tensor]) -> Tensor,
    rule: @escaping @Sendable (_ inputs: [Tensor], _ output: Tensor, _ gradient: Tensor) -> [Tensor?]
) -> Tensor {
    let output = f(inputs.map(stopGradient))
    let custom = CustomGradient { node, gradient in
        let inputs = node.operands.dropFirst().map(Tensor.init)
        return [nil] + rule(inputs, Tensor(node), Tensor(gradient)).map { $0?.node }
    }
    return Tensor(Node.make(.customGradient(custom), [output.node] + inputs.map(\.node)))
}

/// `f(inputs)`, whose inner values are computed again for the gradient rather than kept: less memory for about a third more time.
///
/// Gradients reach `inputs` and whatever else `f` reads. (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost")
public func checkpoint(_ inputs: [Tensor], _ f: ([Tensor]) -> Tensor) -> Tensor {
    // A loop's gradient computes its steps again anyway.
    if !LoopPositions.current.isEmpty { return f(inputs) }
    // The cut marks where copying for the second computation ends.
    let cuts = inputs.map { Tensor(.barrier, $0) }
    let output = f(cuts)
    guard output.node.scope != nil else { return output }
    let cutIDs = cuts.map { ObjectIdentifier($0.node) }
    let captured = boundary(of: output.node, stoppingAt: Set(cutIDs))
    // The rule sees the operands as they are then; the first computation's graph is kept by this closure alone.
    let original = output.node
    let custom = CustomGradient { node, gradient in
        let operands = node.operands.dropFirst().map(Tensor.init)
        let (_, gradients) = vectorJacobianProduct(at: Array(operands)) { variables in
            let fresh = variables.map { Tensor(.barrier, $0) }
            let sources = Dictionary(
                zip(captured.map(ObjectIdentifier.init), fresh.map(\.node)), uniquingKeysWith: { first, _ in first })
            return [Tensor(copy(of: original, replacing: sources))]
        } with: { _ in
            [Tensor(gradient)]
        }
        return [nil] + gradients.map(\.node)
    }
    return Tensor(Node.make(.customGradient(custom), [stopGradient(output).node] + captured))
}

/// Where a checkpointed computation begins: the cuts, and variables it reads besides.
private func boundary(of output: Node, stoppingAt cuts: Set<ObjectIdentifier>) -> [Node] {
    var seen: Set<ObjectIdentifier> = []
    var result: [Node] = []
    var stack = [output]
    while let node = stack.popLast() {
        guard seen.insert(ObjectIdentifier(node)).inserted, node.scope != nil else { continue }
        if cuts.contains(ObjectIdentifier(node)) || node.operation == .variable {
            result.append(node)
        } else {
            stack += node.operands
        }
    }
    return result
}

/// The graph behind `output` made anew on other sources.
private func copy(of output: Node, replacing sources: [ObjectIdentifier: Node]) -> Node {
    var copies = sources
    var stack: [(node: Node, operands: [Node]?)] = [(output, nil)]
    while let (node, expanded) = stack.popLast() {
        let id = ObjectIdentifier(node)
        if copies[id] != nil { continue }
        if let operands = expanded {
            copies[id] = Node(node.operation, operands.map { copies[ObjectIdentifier($0)]! }, type: node.type)
        } else if node.scope == nil || node.operands.isEmpty {
            copies[id] = node
        } else {
            let operands = node.operands
            stack.append((node, operands))
            for operand in operands { stack.append((operand, nil)) }
        }
    }
    return copies[ObjectIdentifier(output)]!
}
