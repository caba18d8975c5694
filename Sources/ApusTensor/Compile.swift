/// A function of tensors that is traced once for each combination of their types and then only run.
///
/// ```swift
/// let score = compile { x, y in (x * y).sum(axes: -1) }
/// score(a, b)      // traced and planned
/// score(c, d)      // run
/// ```
/// `f` must be a function of its arguments alone. What else it reads (captured tensors, numbers, random keys) is as it was when `f` was
/// traced; pass what changes as an argument. To catch mistakes, `f` is traced again at the 2nd, 4th, 8th … call, and a
/// difference traps. Nor may `f` look at a value (`item()`, printing): that traps too.
///
/// The result is evaluated and has no gradient; inside of a gradient or another compiled function, `f` itself is called.
public func compile(_ f: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
    let compiled = CompiledFunction { [f($0[0])] }
    return { compiled([$0])[0] }
}

/// The same for a function of two tensors.
public func compile(_ f: @escaping (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) -> Tensor {
    let compiled = CompiledFunction { [f($0[0], $0[1])] }
    return { compiled([$0, $1])[0] }
}

/// The same for a function of three tensors.
public func compile(_ f: @escaping (Tensor, Tensor, Tensor) -> Tensor) -> (Tensor, Tensor, Tensor) -> Tensor {
    let compiled = CompiledFunction { [f($0[0], $0[1], $0[2])] }
    return { compiled([$0, $1, $2])[0] }
}

/// The same for any number of tensors.
public func compile(_ f: @escaping ([Tensor]) -> [Tensor]) -> ([Tensor]) -> [Tensor] {
    let compiled = CompiledFunction(f)
    return { compiled($0) }
}

/// A function of tensors with the programs that it has been traced to.
package final class CompiledFunction {
    private let function: ([Tensor]) -> [Tensor]
    private var traced: [Key: Traced] = [:]

    private struct Key: Hashable {
        let backend: ObjectIdentifier
        let types: [TensorType]
    }
    private struct Traced {
        let graph: GraphFunction
        var calls = 0
    }

    /// Combinations of types that are remembered.
    private static let capacity = 64

    package init(_ function: @escaping ([Tensor]) -> [Tensor]) { self.function = function }

    package func callAsFunction(_ arguments: [Tensor]) -> [Tensor] {
        let isPart = GraphFunction.isBeingMade || arguments.contains { $0.node.scope?.isActive ?? false }
        if isPart { return function(arguments) }
        evaluate(arguments)
        let values = arguments.map { $0.node.value! }
        do {
            let graph = try traced(arguments, values)
            let outputs = try graph.run(values)
            return graph.results.map { result in
                switch result {
                case .argument(let number): arguments[number]
                case .constant(let number): Tensor(graph.constants[number])
                case .output(let number): Tensor(Node(outputs[number], type: graph.outputTypes[number]))
                }
            }
        } catch {
            reportTensorError(error as? TensorError ?? TensorError("\(error)"))
            return function(arguments).map { .zeros(like: $0) }
        }
    }

    private func traced(_ arguments: [Tensor], _ values: [Buffer]) throws -> GraphFunction {
        let key = Key(backend: ObjectIdentifier(Engine.backend), types: arguments.map(\.node.type))
        if var known = traced[key] {
            known.calls += 1
            traced[key] = known
            // Ever more seldom, so that it costs nothing in the long run.
            if known.calls.nonzeroBitCount == 1, let difference = known.graph.difference(from: try trace(key, values)) {
                preconditionFailure(
                    "compile: called again on the same types, the function is another one: \(difference). "
                        + "Pass what changes from call to call as an argument.")
            }
            return known.graph
        }
        let graph = try trace(key, values)
        if traced.count >= Self.capacity {
            Diagnostics.warn("compile: over \(Self.capacity) combinations of input types; pad them to a few shapes")
            traced = [:]
        }
        traced[key] = Traced(graph: graph, calls: 1)
        return graph
    }

    /// Calls the function on stand-ins for its arguments.
    private func trace(_ key: Key, _ values: [Buffer]) throws -> GraphFunction {
        let standIns = zip(values, key.types).map { Node($0, type: $1) }
        return try GraphFunction.$isBeingMade.withValue(true) {
            try GraphFunction(from: standIns, to: function(standIns.map(Tensor.init)).map(\.node))
        }
    }
}
