import ApusNN

/// The values of a graph while it runs. A graph inside a node sees those around it.
final class Scope {
    private var values: [String: ONNXValue]
    private let parent: Scope?

    init(_ values: [String: ONNXValue] = [:], parent: Scope? = nil) {
        self.values = values
        self.parent = parent
    }

    subscript(name: String) -> ONNXValue? {
        get { values[name] ?? parent?[name] }
        set { values[name] = newValue }
    }
}

/// What a model's nodes share while they run.
final class RunContext {
    let graph: ImportedGraph
    /// Whether batch normalization and dropout behave as in training.
    let isTraining: Bool
    /// New values of running statistics, by initializer.
    private(set) var statistics: [String: Tensor] = [:]

    init(_ graph: ImportedGraph, isTraining: Bool) {
        self.graph = graph
        self.isTraining = isTraining
    }

    func track(_ name: String, _ value: Tensor) { statistics[name] = value }

    /// Runs nodes one after the other; their results go into `scope`.
    ///
    /// - Parameter arguments: inside a function, the attributes of the node that called it.
    func run(
        _ nodes: [ONNXNode], in scope: Scope, operatorSets: [String: Int], arguments: [String: ONNXAttribute]? = nil
    ) throws {
        for node in nodes {
            let call = OperatorCall(
                node: node, attributes: Self.bound(node.attributes, to: arguments),
                version: operatorSets[node.domain] ?? 1,
                inputs: node.inputs.map { $0.isEmpty ? nil : scope[$0] }, scope: scope, context: self,
                operatorSets: operatorSets)
            let results = try run(call)
            for (name, result) in zip(node.outputs, results) where !name.isEmpty { scope[name] = result }
        }
    }

    private func run(_ call: OperatorCall) throws -> [ONNXValue] {
        do {
            if let function = graph.functions[call.node.key] { return try run(function, call) }
            guard let run = OperatorTable.standard[call.node.key] else { throw call.failure("the operator is unknown") }
            return try withTensorErrors { try run(call) }
        } catch let error as TensorError {
            throw call.failure(error.message)
        }
    }

    private func run(_ function: ONNXFunction, _ call: OperatorCall) throws -> [ONNXValue] {
        let scope = Scope()
        for (name, value) in zip(function.inputs, call.inputs) { scope[name] = value }
        try run(
            function.nodes, in: scope, operatorSets: function.operatorSets,
            arguments: function.defaults.merging(call.attributes) { _, given in given })
        return function.outputs.map { scope[$0] ?? .absent }
    }

    /// Attributes with references to the caller's replaced; those that the caller leaves out are absent.
    private static func bound(
        _ attributes: [String: ONNXAttribute], to arguments: [String: ONNXAttribute]?
    ) -> [String: ONNXAttribute] {
        guard let arguments else { return attributes }
        return attributes.compactMapValues { attribute in
            if case .reference(let name) = attribute { arguments[name] } else { attribute }
        }
    }
}
