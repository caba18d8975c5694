import ApusGraph

/// The results of loops on a gradient's path. Results of one loop are several nodes; their gradients are taken in one loop backward.
struct LoopCalls {
    private struct Call: Hashable {
        let loop: Loop
        let operands: [ObjectIdentifier]
    }

    /// For each result on the path the call's first place there, where all gradients of its results have arrived.
    private var firsts: [Int: Int] = [:]
    private var gradients: [Int: [Loop.Result: Tensor]] = [:]

    /// - Parameter path: operands before users.
    init(_ path: [Node]) {
        var known: [Call: Int] = [:]
        for (place, node) in path.enumerated() {
            guard case .loop(let loop, _) = node.operation else { continue }
            let call = Call(loop: loop, operands: node.operands.map(ObjectIdentifier.init))
            firsts[place] = known[call] ?? place
            known[call] = firsts[place]
        }
    }

    /// Takes a result's gradient, if it has one, and gives those of all results at the last of them.
    mutating func gradients(at place: Int, _ result: Loop.Result, _ gradient: Tensor?) -> [Loop.Result: Tensor]? {
        let first = firsts[place]!
        if let gradient { gradients[first, default: [:]][result] = gradient }
        return place == first ? gradients.removeValue(forKey: first) : nil
    }
}

/// The gradients of a loop: a loop that takes its steps backward, each computed anew from the state before it.
///
/// With a step `(hₜ₊₁, yₜ) = f(hₜ, xₜ, w)`:
/// `∂hₜ, ∂xₜ, δw = (∂hₜ₊₁, ∂yₜ) · f′(hₜ, xₜ, w)`, and `∂w = Σ δw`, summed in float32 at least.
///
/// - Parameters:
///   - results: the gradients of the loop's results.
///   - isWanted: for each operand whether its gradient is asked for.
func loopGradients(
    _ loop: Loop, _ operands: [Tensor], _ results: [Loop.Result: Tensor], isWanted: [Bool]
) -> [Tensor?] {
    if loop.stepCount == .max {
        reportTensorError(
            TensorError("whileLoop: its gradient needs the state before each step: give a limit to the number of steps")
        )
        return operands.map { _ in nil }
    }
    func result(_ result: Loop.Result) -> Tensor {
        Tensor(Node.make(.loop(loop, result: result), operands.map(\.node)))
    }
    func isDifferentiable(_ operand: Int) -> Bool { operands[operand].dtype.isFloatingPoint }
    let states = loop.stateOperands.filter(isDifferentiable)
    let sequences = loop.sequenceOperands.filter { isDifferentiable($0) && isWanted[$0] }
    let captured = loop.capturedOperands.filter { isDifferentiable($0) && isWanted[$0] }
    let outputs = (0..<loop.outputCount).filter { results[.output($0)] != nil }
    let histories = loop.stateOperands.filter { results[.history($0)] != nil }

    let stateGradients = states.map { results[.state($0)] ?? .zeros(like: operands[$0]) }
    let sums = captured.map { Tensor.zeros(operands[$0].shape, dtype: operands[$0].dtype.accumulator) }
    let elements =
        loop.stateOperands.map { result(.history($0)) } + operands[loop.sequenceOperands]
        + outputs.map { results[.output($0)]! } + histories.map { results[.history($0)]! }
    // A loop that ends by a condition has taken as many steps as it says.
    let count = loop.ending == .whenFalse ? result(.count) : loop.hasEndingOperand ? operands[loop.endingOperand] : nil

    let backward = TracedLoop(
        stateGradients + sums, over: elements, stepCount: loop.stepCount, isReversed: !loop.isReversed, count: count
    ) { position, carried, elements in
        let known = Array(elements.prefix(loop.stateCount + loop.sequenceCount)) + operands[loop.capturedOperands]
        // Of the body's inputs behind the position: states, sequences, then what was captured.
        let shift = loop.hasEndingOperand ? 1 : 0
        let places = states + sequences + captured.map { $0 - shift }
        let arriving = elements.dropFirst(loop.stateCount + loop.sequenceCount)
        let (_, gradients) = vectorJacobianProduct(at: places.map { known[$0] }) { variables in
            var inputs = known
            for (place, variable) in zip(places, variables) { inputs[place] = variable }
            let results = loop.body.nodes(on: ([position] + inputs).map(\.node)).map(Tensor.init)
            return states.map { results[$0] } + outputs.map { results[loop.stateCount + $0] }
        } with: { _ in
            Array(carried.prefix(states.count)) + arriving.prefix(outputs.count)
        }
        var byState = Array(gradients.prefix(states.count))
        for (state, gradient) in zip(histories, arriving.dropFirst(outputs.count)) {
            let place = states.firstIndex(of: state)!
            byState[place] = byState[place] + gradient
        }
        let bySequence = gradients.dropFirst(states.count).prefix(sequences.count)
        let byCaptured = gradients.suffix(captured.count)
        let sums = zip(carried.suffix(captured.count), byCaptured).map { $0 + $1.cast(to: $0.dtype) }
        return (byState + sums, Array(bySequence))
    }

    var shares = [Tensor?](repeating: nil, count: operands.count)
    for (place, state) in states.enumerated() { shares[state] = backward.state(place) }
    for (place, sequence) in sequences.enumerated() { shares[sequence] = backward.output(place) }
    for (place, operand) in captured.enumerated() {
        shares[operand] = backward.state(states.count + place).cast(to: operands[operand].dtype)
    }
    return shares
}

extension DType {
    /// What many small numbers of this dtype are summed in.
    fileprivate var accumulator: DType { self == .bfloat16 || self == .float16 ? .float32 : self }
}
