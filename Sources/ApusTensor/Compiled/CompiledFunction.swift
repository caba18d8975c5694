/// A function of tensors, and of state that it changes, with the programs that it has been traced to.
package final class CompiledFunction {
    private let function: ([Tensor]) -> [Tensor]
    private let parts: [any Stateful]
    /// The last used first.
    private var known: [TracedFunction] = []

    /// Combinations of types that are remembered.
    private static let capacity = 64

    package init(changing parts: [any Stateful] = [], _ function: @escaping ([Tensor]) -> [Tensor]) {
        self.parts = parts
        self.function = function
    }

    package func callAsFunction(_ arguments: [Tensor]) -> [Tensor] {
        do {
            guard let (traced, numbers) = try prepare(arguments) else { return function(arguments) }
            return try traced.run(arguments, numbers)
        } catch {
            reportTensorError(error as? TensorError ?? TensorError("\(error)"))
            return CompiledState(joining: parts).restored { function(arguments).map { .zeros(like: $0) } }
        }
    }

    /// The program for these arguments and the state as it is, and the numbers of this call; nil where the function is a part of a
    /// gradient or of another compiled function.
    ///
    /// What this has seen of the state is let go when it returns, so that the state's memory can be overwritten.
    private func prepare(_ arguments: [Tensor]) throws -> (TracedFunction, numbers: [Tensor])? {
        let state = CompiledState(joining: parts)
        var inputs = arguments
        for holder in state.holders { holder.append(to: &inputs) }
        if GraphFunction.isBeingMade || inputs.contains(where: { $0.node.isInActiveScope }) { return nil }
        if inputs.contains(where: { !$0.node.isEvaluated }) { evaluate(inputs) }

        guard let place = known.firstIndex(where: { $0.fits(state, inputs) }) else {
            let new = try trace(state, inputs, argumentCount: arguments.count)
            if new.keepsState { remember(new) }
            return (new, new.replay.numbers)
        }
        let traced = known[place]
        if place > 0 { known.swapAt(place, 0) }
        traced.calls += 1
        // A look at whether the function is still the same; ever more seldom, so that it costs nothing in the long run.
        guard traced.calls.nonzeroBitCount == 1 else { return (traced, traced.replay.run()) }
        let new = try trace(state, inputs, argumentCount: arguments.count)
        if let difference = traced.difference(from: new) {
            preconditionFailure(
                "compile: called again on the same types, the function is another one: \(difference). "
                    + "Pass what changes from call to call as an argument.")
        }
        return (traced, new.replay.numbers)
    }

    private func remember(_ traced: TracedFunction) {
        if known.count >= Self.capacity {
            Diagnostics.warn("compile: over \(Self.capacity) combinations of input types; pad them to a few shapes")
            known = []
        }
        known.insert(traced, at: 0)
    }

    /// Calls the function on stand-ins for its arguments and its state.
    private func trace(_ state: CompiledState, _ inputs: [Tensor], argumentCount: Int) throws -> TracedFunction {
        let standIns = inputs.map { Tensor(Node($0.node.value!, type: $0.node.type)) }
        let start = Node.placeholder(TensorType([], .bool))
        let replay = Replay()
        let names = state.holders.map { $0.contents.keys.sorted() }
        return try state.restored {
            var rest = standIns.dropFirst(argumentCount)
            for (holder, names) in zip(state.holders, names) {
                holder.put(rest.prefix(names.count))
                rest = rest.dropFirst(names.count)
            }
            return try GraphFunction.$isBeingMade.withValue(true) {
                try Replay.$current.withValue(replay) {
                    let results = function(Array(standIns.prefix(argumentCount)))
                    return try TracedFunction(
                        replay, of: standIns, argumentCount: argumentCount, results, from: state, names: names,
                        to: CompiledState(joining: parts).holders, madeSince: start)
                }
            }
        }
    }
}
