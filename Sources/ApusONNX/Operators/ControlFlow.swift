import ApusNN

extension OperatorTable {
    /// Graphs inside nodes: branches and loops. Conditions and counts are computed on the way; a loop's passes follow each other in the
    /// graph that is run, so that gradients go through them.
    mutating func addControlFlow() {
        add("If") { call in
            let condition = try call.number(0) != 0
            return try call.run(call.graph(condition ? "then_branch" : "else_branch"), [])
        }
        add("Loop", loop)
        add("Scan", scan)
        add("SequenceMap", sequenceMap)
    }
}

/// The most passes of a loop. Each is a piece of graph; a loop whose condition never ends it has to end all the same.
private let passLimit = 1 << 20

/// A body that runs a number of times, or as long as a condition holds. Values are carried from pass to pass; what the body gives
/// beside them is stacked.
private func loop(_ call: OperatorCall) throws -> [ONNXValue] {
    let body = try call.graph("body")
    let limit = call.has(0) ? try call.integer(0) : Int.max
    var condition = call.has(1) ? try call.number(1) != 0 : true
    let carriedCount = max(0, call.inputs.count - 2)
    var carried = (0..<carriedCount).map { call.inputs[$0 + 2] ?? .absent }
    guard body.inputs.count == carriedCount + 2, body.outputs.count >= carriedCount + 1 else {
        throw call.failure("a body of \(body.inputs.count) inputs for \(carriedCount) carried values")
    }
    var stacks = [[Tensor]](repeating: [], count: body.outputs.count - 1 - carriedCount)
    var pass = 0
    while pass < limit, condition {
        guard pass < passLimit else { throw call.failure("more than \(passLimit) passes of its body") }
        let results = try call.run(body, [.tensor(Tensor(pass)), .tensor(Tensor(condition))] + carried)
        guard case .tensor(let goesOn) = results[0] else { throw call.failure("a condition that is no tensor") }
        condition = goesOn.item() != 0
        carried = Array(results[1...].prefix(carriedCount))
        for (index, result) in results.dropFirst(1 + carriedCount).enumerated() {
            guard case .tensor(let tensor) = result else { throw call.failure("only tensors can be stacked") }
            stacks[index].append(tensor)
        }
        pass += 1
    }
    let stacked = zip(stacks, body.outputs.dropFirst(1 + carriedCount)).map { parts, output in
        parts.isEmpty ? emptyStack(output.type) : stack(parts)
    }
    return carried + stacked.map(ONNXValue.tensor)
}

/// What a loop of no passes stacks: no elements of the declared type.
private func emptyStack(_ type: ONNXType) -> Tensor {
    guard case .tensor(let element, let shape) = type else { return .zeros([0]) }
    let extents = (shape ?? []).map { extent -> Int in if case .fixed(let count) = extent { count } else { 0 } }
    return .zeros(Shape([0] + extents), dtype: element?.dtype ?? .float32)
}

/// A body that runs along axes of its inputs, one element of each a pass. Version 8 has a batch axis and lengths in front.
private func scan(_ call: OperatorCall) throws -> [ONNXValue] {
    let body = try call.graph("body")
    let given = call.version < 9 ? Array(call.inputs.dropFirst()) : call.inputs
    let scanCount = try call.integer("num_scan_inputs", default: 0)
    let stateCount = given.count - scanCount
    guard scanCount > 0, stateCount >= 0, body.outputs.count >= stateCount else {
        throw call.failure("\(scanCount) scanned inputs of \(given.count)")
    }
    let values = try given.map { value in
        guard case .tensor(let tensor)? = value else { throw call.failure("an input is missing or no tensor") }
        return tensor
    }
    guard call.version < 9 else { return try Scan(call, body, stateCount).run(values).map(ONNXValue.tensor) }
    guard !call.has(0), let batch = values.first?.shape.first, batch > 0 else {
        throw call.unsupported("lengths of sequences of their own in a Scan of version 8")
    }
    let runs = try (0..<batch).map { index in
        try Scan(call, body, stateCount).run(values.map { $0.sliced(axis: 0, index, 1).squeezed(0) })
    }
    return runs[0].indices.map { output in .tensor(stack(runs.map { $0[output] })) }
}

private struct Scan {
    private let call: OperatorCall
    private let body: ONNXGraph
    private let stateCount: Int
    private let inputAxes: [Int]
    private let outputAxes: [Int]
    private let inputsBackward: [Int]
    private let outputsBackward: [Int]

    init(_ call: OperatorCall, _ body: ONNXGraph, _ stateCount: Int) throws {
        (self.call, self.body, self.stateCount) = (call, body, stateCount)
        let scanCount = try call.integer("num_scan_inputs", default: 0)
        let outputCount = body.outputs.count - stateCount
        func numbers(_ name: String, _ count: Int) throws -> [Int] {
            let list = try call.integerList(name) ?? [Int](repeating: 0, count: count)
            guard list.count == count else { throw call.failure("\(name) needs \(count) numbers") }
            return list
        }
        inputAxes = try numbers("scan_input_axes", scanCount)
        outputAxes = try numbers("scan_output_axes", outputCount)
        inputsBackward = try numbers(call.version < 9 ? "directions" : "scan_input_directions", scanCount)
        outputsBackward = try numbers("scan_output_directions", outputCount)
    }

    func run(_ values: [Tensor]) throws -> [Tensor] {
        var state = Array(values.prefix(stateCount))
        let sequences = try zip(values.dropFirst(stateCount), inputAxes).map { value, axis in
            value.movingAxis(try call.axis(axis, rank: value.rank), to: 0)
        }
        guard let length = sequences.first?.shape.first, sequences.allSatisfy({ $0.shape[0] == length }) else {
            throw call.failure("scanned inputs of different lengths")
        }
        var stacks = [[Tensor]](repeating: [], count: outputAxes.count)
        for step in 0..<length {
            let elements = sequences.enumerated().map { index, sequence in
                sequence.sliced(axis: 0, inputsBackward[index] == 1 ? length - 1 - step : step, 1).squeezed(0)
            }
            let results = try call.run(body, (state + elements).map(ONNXValue.tensor)).map { result in
                guard case .tensor(let tensor) = result else { throw call.failure("the body gives no tensor") }
                return tensor
            }
            state = Array(results.prefix(stateCount))
            for (index, result) in results.dropFirst(stateCount).enumerated() { stacks[index].append(result) }
        }
        let outputs = stacks.enumerated().map { index, parts -> Tensor in
            guard !parts.isEmpty else { return emptyStack(body.outputs[stateCount + index].type) }
            return stack(outputsBackward[index] == 1 ? parts.reversed() : parts, axis: outputAxes[index])
        }
        return state + outputs
    }
}

/// A body on each element of sequences that go together; inputs that are no sequences stay the same.
private func sequenceMap(_ call: OperatorCall) throws -> [ONNXValue] {
    let body = try call.graph("body")
    let first = try call.sequence(0)
    var results = [[ONNXValue]](repeating: [], count: body.outputs.count)
    for index in first.indices {
        let arguments = try call.inputs.map { value -> ONNXValue in
            guard case .sequence(let elements)? = value else { return value ?? .absent }
            guard elements.count == first.count else { throw call.failure("sequences of different lengths") }
            return elements[index]
        }
        for (output, result) in try call.run(body, arguments).enumerated() { results[output].append(result) }
    }
    return results.map(ONNXValue.sequence)
}
