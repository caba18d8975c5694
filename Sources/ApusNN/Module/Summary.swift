import Synchronization

/// What a model consists of and costs, found by calling it on an input of a given shape without computing anything.
public struct Summary: Sendable, Codable, Hashable {
    /// One module.
    public struct Row: Sendable, Codable, Hashable {
        /// The path in the model, `layer1.0.conv1`.
        public let name: String
        /// The module's type.
        public let kind: String
        /// The shapes of what its last call gave; empty if calls of this module are not traced.
        public let outputShapes: [Shape]
        /// Numbers in its own parameters, without those of submodules.
        public let parameterCount: Int
        /// Multiply–adds of the matrix products and convolutions in its calls, without those of submodules' calls.
        public let multiplyAdds: Int
    }

    /// The model's type.
    public let kind: String
    /// The input's shape, with the batch axis.
    public let inputShape: Shape
    /// The output's shape, with the batch axis.
    public let outputShape: Shape
    /// The modules, one row each.
    public let rows: [Row]
    /// Numbers in all parameters.
    public let parameterCount: Int
    /// Numbers in the parameters that are not frozen.
    public let trainableParameterCount: Int
    /// Multiply–adds of all matrix products and convolutions, traced or not. Two floating-point operations each.
    public let multiplyAdds: Int
}

/// A model's layers, output shapes, parameters and multiply–adds. The model is called in evaluation mode; nothing is computed.
///
/// - Parameter inputShape: with the batch axis, for example `[1, 3, 224, 224]`.
public func summary<Model: Layer>(_ model: Model, inputShape: Shape, dtype: DType = .float32) -> Summary {
    summary(model, input: .zeros(inputShape, dtype: dtype)) { model, x in model(x) }
}

/// The same for a model of any call.
public func summary<Model: Module>(_ model: Model, input: Tensor, _ call: (Model, Tensor) -> Tensor) -> Summary {
    let ignored = model.uniqueSlots.compactMap(\.slot.tensor) + [input]
    let tracer = CallTracer(ignoring: ignored.map(\.node))
    let output = model.evaluating { CallTracer.$current.withValue(tracer) { call(model, input) } }
    let rest = tracer.multiplyAdds(behind: [output])
    let calls = tracer.calls

    let parameterCounts = ownParameterCounts(model)
    var rows: [Summary.Row] = []
    var seen: Set<String> = []
    // A module that is a part of another one under the same name has no row of its own.
    for (name, module) in model.namedModules where seen.insert(name).inserted {
        let call = calls[ObjectIdentifier(module)]
        if name.isEmpty && call == nil && parameterCounts[name] == nil { continue }
        rows.append(
            .init(
                name: name, kind: "\(type(of: module))", outputShapes: call?.outputShapes ?? [],
                parameterCount: parameterCounts[name] ?? 0, multiplyAdds: call?.multiplyAdds ?? 0))
    }
    let trainable = model.parameters.filter(\.isTrainable).reduce(0) { $0 + ($1.tensor?.elementCount ?? 0) }
    return Summary(
        kind: "\(type(of: model))", inputShape: input.shape, outputShape: output.shape, rows: rows,
        parameterCount: model.parameterCount, trainableParameterCount: trainable,
        multiplyAdds: calls.values.reduce(rest) { $0 + $1.multiplyAdds })
}

extension Module {
    /// Runs the body of a layer's call; where a `summary` is being made, notes its outputs and its cost.
    public final func traced<Output>(_ inputs: Tensor..., body: () -> Output) -> Output {
        let output = body()
        CallTracer.current?.record(self, inputs: inputs, outputs: tensors(in: output))
        return output
    }
}

/// How many numbers each module's own parameters hold, by the modules' names.
private func ownParameterCounts(_ model: Module) -> [String: Int] {
    let modules = Set(model.namedModules.map(\.name))
    var counts: [String: Int] = [:]
    for (name, slot) in model.namedParameters {
        var owner = name
        repeat { owner = owner.lastIndex(of: ".").map { String(owner[..<$0]) } ?? "" } while !modules.contains(owner)
        counts[owner, default: 0] += slot.tensor?.elementCount ?? 0
    }
    return counts
}

/// Notes the calls of layers. Costs are read off the graph that a call made, so they count what is really done.
final class CallTracer: Sendable {
    @TaskLocal static var current: CallTracer?

    struct Call {
        var outputShapes: [Shape]
        var multiplyAdds: Int
    }

    private struct State {
        var calls: [ObjectIdentifier: Call] = [:]
        var counted: [ObjectIdentifier: Node] = [:]
    }
    private let state = Mutex(State())

    /// - Parameter nodes: not looked behind: the model's parameters and its input.
    init(ignoring nodes: [Node]) {
        state.withLock { state in for node in nodes { state.counted[ObjectIdentifier(node)] = node } }
    }

    var calls: [ObjectIdentifier: Call] { state.withLock { $0.calls } }

    func record(_ module: Module, inputs: [Tensor], outputs: [Tensor]) {
        let id = ObjectIdentifier(module)
        let cost = multiplyAdds(behind: outputs, before: inputs)
        state.withLock { state in
            state.calls[id] = Call(
                outputShapes: outputs.map(\.shape), multiplyAdds: (state.calls[id]?.multiplyAdds ?? 0) + cost)
        }
    }

    /// The cost of what was not counted yet behind `outputs`, no further than `inputs`.
    func multiplyAdds(behind outputs: [Tensor], before inputs: [Tensor] = []) -> Int {
        state.withLock { state in
            // The way leads through what inner layers have counted: there may be more behind it.
            var passed = Set(inputs.map { ObjectIdentifier($0.node) })
            var stack = outputs.map(\.node)
            var total = 0
            while let node = stack.popLast() {
                let id = ObjectIdentifier(node)
                guard passed.insert(id).inserted else { continue }
                let operands = node.operands
                if state.counted.updateValue(node, forKey: id) == nil {
                    total += node.operation.multiplyAdds(operands.map(\.type), result: node.type)
                }
                stack += operands
            }
            return total
        }
    }
}

extension Operation {
    /// Multiplications that are summed up; 0 for all but contractions.
    fileprivate func multiplyAdds(_ operands: [TensorType], result: TensorType) -> Int {
        func perChannel(_ weight: TensorType) -> Int {
            weight.shape[0] == 0 ? 0 : weight.shape.elementCount / weight.shape[0]
        }
        switch self {
        case .matmul: return result.shape.elementCount * operands[0].shape[operands[0].shape.rank - 1]
        case .convolution: return result.shape.elementCount * perChannel(operands[1])
        case .convolutionInputGradient: return operands[0].shape.elementCount * perChannel(operands[1])
        case .convolutionWeightGradient: return operands[1].shape.elementCount * perChannel(result)
        case .attention:
            let keys = operands[1].shape[operands[1].shape.rank - 2]
            return keys * (operands[0].shape.elementCount + result.shape.elementCount)
        case .recurrence: return operands[0].shape.elementCount * operands[1].shape[1]
        default: return 0
        }
    }
}

// MARK: As text

extension Summary: CustomStringConvertible {
    /// A table: name, type, output shape, parameters, multiply–adds.
    public var description: String {
        let header = ["layer", "type", "output shape", "parameters", "multiply-adds"]
        let body = rows.map { row in
            [
                row.name.isEmpty ? "(model)" : row.name, row.kind,
                row.outputShapes.map(\.description).joined(separator: " "),
                row.parameterCount == 0 ? "" : grouped(row.parameterCount),
                row.multiplyAdds == 0 ? "" : grouped(row.multiplyAdds),
            ]
        }
        let widths = header.indices.map { column in ([header] + body).map { $0[column].count }.max()! }
        func line(_ cells: [String]) -> String {
            let padded = cells.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column < 3 ? cell + space : space + cell
            }
            return padded.joined(separator: "  ")
        }
        let rule = String(repeating: "-", count: widths.reduce(2 * (widths.count - 1), +))
        let totals = [
            "\(kind): \(inputShape) → \(outputShape)",
            "parameters: \(grouped(parameterCount)), of these trainable: \(grouped(trainableParameterCount))",
            "multiply-adds: \(grouped(multiplyAdds))",
        ]
        return ([line(header), rule] + body.map(line) + [rule] + totals).joined(separator: "\n")
    }
}

/// 1234567 → "1,234,567"
private func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
    return String(digits)
}
