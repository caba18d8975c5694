import ApusNN

/// Writes a program's operations as ONNX nodes, operands first, and only what the results need.
final class GraphExporter {
    let source: ExportedProgram
    let operatorSet: Int
    private(set) var writer = GraphWriter(reserved: [])
    /// The names of values that are in the graph.
    private var names: [Int: String] = [:]
    /// What several instructions are together, by the value that comes out.
    private var composites: [Int: Composite] = [:]
    /// What ONNX has no operator for, with how often it appears.
    private var problems: [String: Int] = [:]
    /// Results of nodes that have several.
    var shared: [String: [String]] = [:]

    init(_ source: ExportedProgram, operatorSet: Int) {
        self.source = source
        self.operatorSet = operatorSet
    }

    // MARK: The whole

    /// The model without its weights, and these.
    ///
    /// - Throws: `ONNXError` that lists everything for which ONNX has no operator.
    func model(inputs: [String], outputs: [String]) throws -> (ModelProto, [GraphWriter.Initializer]) {
        let weights = source.leaves.compactMap { leaf in
            if case .state(let name, _) = leaf { name } else { nil }
        }
        writer = GraphWriter(reserved: inputs + outputs + weights)
        for (value, leaf) in source.leaves.enumerated() {
            if case .argument(let number) = leaf { names[value] = inputs[number] }
        }
        let needed = neededValues()
        for value in needed.sorted() where names[value] == nil { names[value] = lowered(value) }
        nameResults(outputs)
        guard problems.isEmpty else {
            let list = problems.sorted { $0.key < $1.key }.map { "\($0.key) × \($0.value)" }.joined(separator: ", ")
            throw ONNXError(
                .unsupportedOperators(problems), file: "ONNX export",
                problem: "ONNX has no operators for \(problems.count) operations: \(list)",
                remedy: "compute them outside of the exported function")
        }
        return (modelProto(inputs: inputs, outputs: outputs), writer.initializers)
    }

    /// Values that have to be computed by nodes; `composites` says which are more than one instruction.
    private func neededValues() -> [Int] {
        let program = source.program
        var isNeeded = [Bool](repeating: false, count: program.valueCount)
        for output in program.outputs { isNeeded[output] = true }
        var computed: [Int] = []
        for value in (program.inputs.count..<max(program.inputs.count, program.valueCount)).reversed()
        where isNeeded[value] {
            let instruction = program.instruction(value)!
            if case .broadcast = instruction.operation {
                // Written only where somebody can't do without it.
                isNeeded[instruction.operands[0]] = true
                continue
            }
            if source.isFoldable(value) { continue }
            computed.append(value)
            composites[value] = Composite.found(at: value, in: source)
            for operand in composites[value]?.operands ?? instruction.operands { isNeeded[operand] = true }
        }
        return computed
    }

    /// Gives results their names; what isn't a node's own result is passed on by one.
    private func nameResults(_ outputs: [String]) {
        var given: [String: String] = [:]
        let computed = Set(writer.nodes.flatMap(\.output))
        for (value, output) in zip(source.program.outputs, outputs) {
            let name = name(value)
            if computed.contains(name) || writer.nodes.last?.output.first == name, given[name] == nil {
                given[name] = output
            } else {
                given[emit("Identity", [name])] = output
            }
        }
        writer.rename(given)
        writer.keep(needed: outputs)
    }

    private func modelProto(inputs: [String], outputs: [String]) -> ModelProto {
        var graph = GraphProto()
        graph.name = "apus"
        graph.node = writer.nodes
        let signature = source.signature
        graph.input = zip(inputs, signature.inputs.indices).map { name, index in
            let types = signature.variants.map { $0[index] }
            return valueInfo(name, types)
        }
        graph.output = zip(outputs, source.program.outputs).map { name, value in
            valueInfo(name, source.variants.map { $0.type(value) })
        }
        var model = ModelProto()
        // The versions of the format that came with the operator sets.
        model.irVersion = operatorSet < 19 ? 8 : operatorSet < 21 ? 9 : 10
        model.producerName = "apus"
        var set = OperatorSetIdProto()
        set.version = Int64(operatorSet)
        model.opsetImport = [set]
        model.graph = graph
        return model
    }

    private func valueInfo(_ name: String, _ types: [TensorType]) -> ValueInfoProto {
        var info = ValueInfoProto()
        info.name = name
        info.type.tensorType.elemType = ONNXElementType(types[0].dtype).rawValue
        info.type.tensorType.shape.dim = types[0].shape.indices.map { axis in
            let extents = types.map { $0.shape[axis] }
            var dimension = TensorShapeProto.Dimension()
            if extents.allSatisfy({ $0 == extents[0] }) {
                dimension.dimValue = Int64(extents[0])
            } else if let symbol = source.signature.symbol(of: extents) {
                dimension.dimParam = symbol
            }
            return dimension
        }
        return info
    }

    // MARK: Names

    func type(_ value: Int) -> TensorType { source.type(value) }
    func shape(_ value: Int) -> Shape { source.shape(value) }

    /// The name of a value in the graph. Constants, weights and repetitions come in where they are first used.
    func name(_ value: Int) -> String {
        if let name = names[value] { return name }
        let name: String
        if value < source.leaves.count, case .state(let weight, let tensor) = source.leaves[value] {
            name = writer.addWeight(tensor, named: weight, isReserved: true)
        } else if let instruction = source.instruction(value), case .broadcast = instruction.operation {
            name = repeated(value, instruction)
        } else if source.isFoldable(value) {
            name = constant(source.tensor(value))
        } else {
            name = failed(value, "a number that depends on the extent of a dynamic axis")
        }
        names[value] = name
        return name
    }

    func constant(_ tensor: Tensor) -> String { writer.constant(tensor) }

    /// A number in a dtype.
    func constant(_ number: Double, _ dtype: DType) -> String {
        constant(Tensor(number, dtype: .float64).cast(to: dtype).evaluated())
    }

    /// Extents, axes or places.
    func constant(_ integers: [Int]) -> String { constant(Tensor(integers, shape: [integers.count])) }

    /// Adds a tensor that was computed from weights.
    func addWeight(_ tensor: Tensor, named name: String) -> String {
        writer.addWeight(tensor.evaluated(), named: name, isReserved: false)
    }

    /// The names of operands for an operator that broadcasts by itself: repeated ones as they are before, where some operand has
    /// the result's extents.
    func broadcastingNames(_ operands: [Int]) -> [String] {
        var sources = operands.map(unrepeated)
        let isWhole = source.variants.allSatisfy { program in
            let reached = sources.reduce(Shape([])) { $0.broadcast(with: program.type($1).shape) ?? $0 }
            return reached == program.type(operands[0]).shape
        }
        if !isWhole { sources[0] = operands[0] }
        return sources.map(name)
    }

    /// A value before it was repeated.
    func unrepeated(_ value: Int) -> Int {
        var value = value
        while let instruction = source.instruction(value), case .broadcast = instruction.operation {
            value = instruction.operands[0]
        }
        return value
    }

    // MARK: Nodes

    /// Adds a node of one result.
    func emit(
        _ type: String, _ inputs: [String], _ attributes: KeyValuePairs<String, AttributeValue> = [:]
    ) -> String { writer.add(type, inputs, attributes)[0] }

    /// Adds a node of several results.
    func emit(
        _ type: String, _ inputs: [String], _ attributes: KeyValuePairs<String, AttributeValue> = [:], outputs: Int
    ) -> [String] { writer.add(type, inputs, attributes, outputs: outputs) }

    func cast(_ name: String, to dtype: DType) -> String {
        emit("Cast", [name], ["to": .int(Int(ONNXElementType(dtype).rawValue))])
    }

    /// `body` on a value in the dtype that an operator takes in place of the value's own; the result is cast back.
    func through(_ dtype: DType, _ value: Int, _ body: (String) -> String) -> String {
        let own = type(value).dtype
        return own == dtype ? body(name(value)) : cast(body(cast(name(value), to: dtype)), to: own)
    }

    /// Notes what can't be said in ONNX, and gives a name to go on with.
    func failed(_ value: Int, _ problem: String? = nil) -> String {
        problems[problem ?? source.instruction(value)?.operation.name ?? "value", default: 0] += 1
        return "missing"
    }

    // MARK: Operations

    private func lowered(_ value: Int) -> String {
        if let composite = composites[value] { return composite.write(self) }
        let instruction = source.instruction(value)!
        let operands = instruction.operands
        switch instruction.operation {
        case .variable, .stopGradient, .barrier, .customGradient: return name(operands[0])
        case .unary(let operation): return unary(operation, operands[0])
        case .binary(let operation): return binary(operation, operands[0], operands[1])
        case .compare(let comparison): return compare(comparison, operands[0], operands[1])
        case .select: return emit("Where", broadcastingNames(operands))
        case .cast(let dtype): return cast(name(operands[0]), to: dtype)
        case .iota(let shape, let axis, let dtype): return iota(value, shape, axis, dtype)

        case .reduce(let reduction, let axes): return reduce(reduction, operands[0], axes, keepingAxes: false)
        case .argReduce(let reduction, let axis): return argReduce(reduction, operands[0], axis)
        case .scan(let scan, let axis, let reverse): return self.scan(scan, operands[0], axis, reverse)
        case .softmax(let axis): return emit("Softmax", [name(operands[0])], ["axis": .int(axis)])
        case .logSoftmax(let axis): return emit("LogSoftmax", [name(operands[0])], ["axis": .int(axis)])

        case .reshape: return reshape(value, operands[0])
        case .transpose(let permutation): return transpose(name(operands[0]), permutation)
        case .broadcast: return repeated(value, instruction)
        case .slice(let ranges): return slice(value, operands[0], ranges)
        case .pad(let low, let high): return pad(operands[0], operands[1], low, high)
        case .reverse(let axes): return reverse(name(operands[0]), axes)
        case .concatenate(let axis): return emit("Concat", operands.map(name), ["axis": .int(axis)])

        case .gather(let axis): return emit("Gather", operands.map(name), ["axis": .int(axis)])
        case .gatherElements(let axis): return emit("GatherElements", operands.map(name), ["axis": .int(axis)])
        case .scatter(let mode, let axis): return scatter(mode, operands, axis)
        case .scatterElements(let mode, let axis): return scatterElements(mode, operands, axis)
        case .dynamicSlice(let sizes): return dynamicSlice(value, operands, sizes)
        case .dynamicUpdate: return dynamicUpdate(value, operands)
        case .sort(let axis, let descending): return topK(value, operands[0], axis, descending).values
        case .argSort(let axis, let descending): return topK(value, operands[0], axis, descending).indices

        case .matmul: return matmul(operands[0], operands[1])
        case .convolution(let geometry): return convolution(geometry, operands[0], operands[1], bias: nil)
        case .convolutionInputGradient(let geometry, _):
            return transposedConvolution(value, geometry, operands[0], operands[1], bias: nil)
        case .convolutionWeightGradient(let geometry, let kernel) where geometry.groups == 1:
            return convolutionWeightGradient(geometry, operands[0], operands[1], kernel)
        case .pool(let pooling): return pool(pooling, operands[0])
        case .attention(let attention): return self.attention(value, attention, operands)
        case .recurrence(let unit):
            return recurrence(value, unit)

        case .constant, .placeholder, .random, .loop, .factorization, .triangularSolve, .fourier,
            .convolutionWeightGradient, .poolGradient, .attentionGradient, .recurrenceGradient,
            .invalid:
            return failed(value)
        }
    }
}
