import ApusNN

/// An operator's view of its node: the values that it takes, and its attributes.
struct OperatorCall {
    let node: ONNXNode
    let attributes: [String: ONNXAttribute]
    /// The version of the operator set that the node means.
    let version: Int
    /// Values in order; nil for an optional input that is left out.
    let inputs: [ONNXValue?]
    let scope: Scope
    let context: RunContext
    /// The operator sets that graphs inside the node mean.
    let operatorSets: [String: Int]

    var isTraining: Bool { context.isTraining }

    func failure(
        _ problem: String, kind: ONNXError.Kind = .failedNode,
        remedy: String = "check the shapes of the inputs and the model"
    ) -> ONNXError {
        ONNXError(kind, file: context.graph.file, location: node.place, problem: problem, remedy: remedy)
    }

    func unsupported(_ problem: String) -> ONNXError {
        failure(problem, kind: .unsupported, remedy: "export the model without it")
    }

    // MARK: Inputs

    /// Whether an input is given.
    func has(_ index: Int) -> Bool {
        guard index < inputs.count, let value = inputs[index] else { return false }
        if case .absent = value { return false }
        return true
    }

    /// A value of any kind.
    func value(_ index: Int) throws -> ONNXValue {
        guard index < inputs.count, let value = inputs[index] else { throw failure("input \(index) is missing") }
        return value
    }

    func tensor(_ index: Int) throws -> Tensor {
        guard case .tensor(let tensor) = try value(index) else {
            throw failure("input \(index) is no tensor of numbers")
        }
        return tensor
    }

    func optional(_ index: Int) throws -> Tensor? { has(index) ? try tensor(index) : nil }

    func tensors() throws -> [Tensor] { try inputs.indices.map(tensor) }

    func sequence(_ index: Int) throws -> [ONNXValue] {
        guard case .sequence(let values) = try value(index) else { throw failure("input \(index) is no sequence") }
        return values
    }

    func strings(_ index: Int) throws -> StringTensor {
        guard case .strings(let strings) = try value(index) else { throw failure("input \(index) has no strings") }
        return strings
    }

    /// The elements of an input that says what shape to make or where to look: computed now.
    func integers(_ index: Int) throws -> [Int] { try tensor(index).elements(as: Int.self) }

    func integers(ifGiven index: Int) throws -> [Int]? { has(index) ? try integers(index) : nil }

    /// The only element of an input, computed now.
    func integer(_ index: Int) throws -> Int {
        guard let value = try integers(index).first else { throw failure("input \(index) is empty") }
        return value
    }

    /// The only element of an input, computed now.
    func number(_ index: Int) throws -> Double {
        guard let value = try tensor(index).elements(as: Double.self).first else {
            throw failure("input \(index) is empty")
        }
        return value
    }

    /// A shape given as an input, if it is one that memory can hold.
    func shape(_ index: Int) throws -> Shape { try checked(Shape(try integers(index))) }

    /// The most elements, and the largest number of an attribute, that arithmetic on extents has to deal with.
    static let limit = 1 << 40

    /// A computed shape, if memory can hold it.
    @discardableResult
    func checked(_ shape: Shape) throws -> Shape {
        var count = 1
        for extent in shape {
            let (product, overflowed) = count.multipliedReportingOverflow(by: max(extent, 1))
            guard extent >= 0, !overflowed, product <= Self.limit else {
                throw failure("the shape \(shape) can't be made")
            }
            count = product
        }
        return shape
    }

    /// Numbers of an attribute or input that are added to extents, or multiplied with them.
    func requireSmall(_ numbers: [Int], _ name: String) throws {
        guard numbers.allSatisfy({ abs(max($0, -Int.max)) <= 1 << 28 }) else { throw failure("\(name) \(numbers)") }
    }

    /// The file's element type of an input, which may be narrower than the dtype.
    func elementType(_ index: Int) throws -> ONNXElementType {
        guard has(index) else { throw failure("input \(index) is missing") }
        return try context.graph.elementTypes[node.inputs[index]] ?? ONNXElementType(tensor(index).dtype)
    }

    // MARK: Attributes

    func integer(_ name: String) throws -> Int? {
        switch attributes[name] {
        case nil: return nil
        case .integer(let value)?: return value
        case _?: throw failure("the attribute \(name) is no integer")
        }
    }

    func integer(_ name: String, default value: Int) throws -> Int { try integer(name) ?? value }

    func flag(_ name: String, default value: Bool = false) throws -> Bool {
        try integer(name).map { $0 != 0 } ?? value
    }

    func float(_ name: String) throws -> Double? {
        switch attributes[name] {
        case nil: return nil
        case .float(let value)?: return Double(value)
        case .integer(let value)?: return Double(value)
        case _?: throw failure("the attribute \(name) is no number")
        }
    }

    func float(_ name: String, default value: Double) throws -> Double { try float(name) ?? value }

    func string(_ name: String, default value: String) throws -> String {
        switch attributes[name] {
        case nil: return value
        case .string(let value)?: return value
        case _?: throw failure("the attribute \(name) is no string")
        }
    }

    func integerList(_ name: String) throws -> [Int]? {
        switch attributes[name] {
        case nil: return nil
        case .integers(let values)?: return values
        case _?: throw failure("the attribute \(name) is no list of integers")
        }
    }

    func floatList(_ name: String) throws -> [Double]? {
        switch attributes[name] {
        case nil: return nil
        case .floats(let values)?: return values.map(Double.init)
        case _?: throw failure("the attribute \(name) is no list of numbers")
        }
    }

    func stringList(_ name: String) throws -> [String]? {
        switch attributes[name] {
        case nil: return nil
        case .strings(let values)?: return values
        case _?: throw failure("the attribute \(name) is no list of strings")
        }
    }

    func graph(_ name: String) throws -> ONNXGraph {
        guard case .graph(let graph)? = attributes[name] else { throw failure("the graph \(name) is missing") }
        return graph
    }

    /// The type that an attribute such as `dtype` or `to` names.
    func elementType(named name: String) throws -> ONNXElementType? {
        guard let number = try integer(name) else { return nil }
        guard let type = Int32(exactly: number).flatMap(ONNXElementType.init(rawValue:)) else {
            throw unsupported("elements of type \(number)")
        }
        return type
    }

    /// The dtype that an attribute such as `dtype` names.
    func dtype(named name: String) throws -> DType? {
        guard let type = try elementType(named: name) else { return nil }
        guard let dtype = type.dtype else { throw unsupported("elements of type \(type)") }
        return dtype
    }

    // MARK: Axes

    /// A negative axis counts from the last.
    func axis(_ axis: Int, rank: Int) throws -> Int {
        guard (-rank..<rank).contains(axis) || (rank == 0 && (axis == 0 || axis == -1)) else {
            throw failure("axis \(axis) of a tensor of \(rank) axes")
        }
        return axis < 0 ? max(0, axis + rank) : axis
    }

    /// Axes without repeats, in order.
    func axes(_ axes: [Int], rank: Int) throws -> [Int] { Set(try axes.map { try axis($0, rank: rank) }).sorted() }

    /// The attribute `axis`, resolved.
    func axis(default value: Int, rank: Int) throws -> Int { try axis(integer("axis", default: value), rank: rank) }

    // MARK: Graphs inside the node

    /// Runs a graph that sees the values around the node.
    func run(_ graph: ONNXGraph, _ inputs: [ONNXValue]) throws -> [ONNXValue] {
        guard inputs.count == graph.inputs.count else {
            throw failure("the graph \"\(graph.name)\" takes \(graph.inputs.count) values, not \(inputs.count)")
        }
        let inner = Scope(parent: scope)
        for initializer in graph.initializers { inner[initializer.name] = initializer.constant.value }
        for (info, value) in zip(graph.inputs, inputs) { inner[info.name] = value }
        try context.run(graph.nodes, in: inner, operatorSets: operatorSets)
        return try graph.outputs.map { output in
            guard let value = inner[output.name] else { throw failure("nothing computes \"\(output.name)\"") }
            return value
        }
    }
}
