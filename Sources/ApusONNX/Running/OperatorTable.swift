import ApusNN

/// The functions behind operators' names.
package struct OperatorTable: Sendable {
    /// Computes a node's results from its inputs and attributes.
    typealias Function = @Sendable (OperatorCall) throws -> [ONNXValue]

    private var functions: [OperatorKey: Function] = [:]

    /// Every operator that Apus has, family by family.
    package static let standard: OperatorTable = {
        var table = OperatorTable()
        table.addElementwise()
        table.addActivations()
        table.addReductions()
        table.addMovement()
        table.addContractions()
        table.addDeformable()
        table.addNormalization()
        table.addWindows()
        table.addResize()
        table.addIndexing()
        table.addRecurrent()
        table.addQuantization()
        table.addLosses()
        table.addSignal()
        table.addText()
        table.addRandom()
        table.addControlFlow()
        table.addSequences()
        table.addOptimizers()
        return table
    }()

    subscript(key: OperatorKey) -> Function? { functions[key] }

    /// The names of ONNX's own operators, and those of other domains with it.
    package var names: [String] {
        functions.keys.map { $0.domain.isEmpty ? $0.name : "\($0.domain).\($0.name)" }.sorted()
    }

    /// An operator with any number of results.
    mutating func add(_ name: String, domain: String = "", _ function: @escaping Function) {
        functions[OperatorKey(domain: domain, name: name)] = function
    }

    /// An operator that gives one tensor.
    mutating func addTensor(
        _ name: String, domain: String = "", _ function: @escaping @Sendable (OperatorCall) throws -> Tensor
    ) {
        add(name, domain: domain) { [.tensor(try function($0))] }
    }

    /// An operator that gives several tensors.
    mutating func addTensors(
        _ name: String, domain: String = "", _ function: @escaping @Sendable (OperatorCall) throws -> [Tensor]
    ) {
        add(name, domain: domain) { try function($0).map(ONNXValue.tensor) }
    }

    /// A function of one tensor.
    mutating func addUnary(_ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor) {
        addTensor(name) { function(try $0.tensor(0)) }
    }

    /// A function of two tensors.
    mutating func addBinary(_ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) {
        addTensor(name) { function(try $0.tensor(0), try $0.tensor(1)) }
    }
}
