import ApusNN

extension OperatorTable {
    /// Recurrent layers: one along the sequence, one against it, or both.
    mutating func addRecurrent() {
        addTensors("RNN") { try RecurrentNode($0, .plain).results() }
        addTensors("GRU") { try RecurrentNode($0, .gru).results() }
        addTensors("LSTM") { try RecurrentNode($0, .lstm).results() }
    }
}

/// A node of RNN, GRU or LSTM.
///
/// - Input: `X (T, B, I)`, `W (D, gates · H, I)`, `R (D, gates · H, H)`, bias `(D, 2 · gates · H)`, lengths `(B)`, first states
///   `(D, B, H)`, LSTM's peepholes `(D, 3 · H)`; D is 2 for both directions. With `layout` 1 the batch comes first.
/// - Output: `Y (T, D, B, H)` and the last states `(D, B, H)`.
private struct RecurrentNode {
    enum Kind {
        case plain, gru, lstm

        var gateCount: Int {
            switch self {
            case .plain: 1
            case .gru: 3
            case .lstm: 4
            }
        }

        var defaultActivations: [String] {
            switch self {
            case .plain: ["Tanh"]
            case .gru: ["Sigmoid", "Tanh"]
            case .lstm: ["Sigmoid", "Tanh", "Tanh"]
            }
        }
    }

    private let call: OperatorCall
    private let kind: Kind
    private let x: Tensor
    private let hiddenSize: Int
    private let directions: [Bool]
    private let batchFirst: Bool
    /// The steps of each sequence `(B)`, where they differ.
    private let lengths: Tensor?

    init(_ call: OperatorCall, _ kind: Kind) throws {
        self.call = call
        self.kind = kind
        batchFirst = try call.integer("layout", default: 0) == 1
        let given = try call.tensor(0), weight = try call.tensor(1), recurrent = try call.tensor(2)
        x = batchFirst ? given.swappingAxes(0, 1) : given
        hiddenSize = recurrent.shape.last ?? 0
        switch try call.string("direction", default: "forward") {
        case "forward": directions = [false]
        case "reverse": directions = [true]
        case "bidirectional": directions = [false, true]
        case let other: throw call.unsupported("the direction \(other)")
        }
        let rows = kind.gateCount * hiddenSize
        guard x.rank == 3, weight.shape == [directions.count, rows, x.shape[2]],
            recurrent.shape == [directions.count, rows, hiddenSize], x.shape[0] > 0
        else { throw call.failure("input \(given.shape), weights \(weight.shape) and \(recurrent.shape)") }
        lengths = try call.optional(4)?.cast(to: .int64)
    }

    func results() throws -> [Tensor] {
        let runs = try directions.indices.map(run)
        // (T, D, B, H), or (B, T, D, H)
        let outputs = stack(runs.map(\.outputs), axis: 1)
        let states = runs[0].final.indices.map { part in stack(runs.map { $0.final[part] }, axis: batchFirst ? 1 : 0) }
        return [batchFirst ? outputs.transposed(2, 0, 1, 3) : outputs] + states
    }

    /// A direction's part of a tensor whose first axis is of directions.
    private func part(_ tensor: Tensor, _ direction: Int) -> Tensor { tensor.sliced(axis: 0, direction, 1).squeezed(0) }

    private func initialState(_ input: Int, _ direction: Int) throws -> Tensor {
        guard let given = try call.optional(input) else {
            return .zeros([x.shape[1], hiddenSize], dtype: x.dtype)
        }
        return batchFirst ? given.sliced(axis: 1, direction, 1).squeezed(1) : part(given, direction)
    }

    private func run(_ direction: Int) throws -> (outputs: Tensor, final: [Tensor]) {
        let rows = kind.gateCount * hiddenSize
        let weight = part(try call.tensor(1), direction), recurrent = part(try call.tensor(2), direction)
        let bias = try call.optional(3).map { part($0, direction) } ?? .zeros([2 * rows], dtype: x.dtype)
        var state = [try initialState(5, direction)]
        if kind == .lstm { state.append(try initialState(6, direction)) }
        // The inputs' part of the gates is one product for all steps: (T, B, gates · H)
        let projected = matmul(x, weight.T) + bias.sliced(axis: 0, 0, rows)
        let recurrentBias = bias.sliced(axis: 0, rows, rows)
        let unit = try RecurrentStep(
            call, kind: kind, hiddenSize: hiddenSize, direction: direction, weight: recurrent, bias: recurrentBias)
        if lengths == nil, let known = unit.builtIn {
            let ordered = unit.reordered(directions[direction] ? projected.reversed(axes: 0) : projected, axis: 2)
            let (outputs, final) = recurrence(
                known, ordered, weight: unit.reordered(recurrent, axis: 0),
                bias: unit.reordered(recurrentBias, axis: 0),
                initial: state)
            return (directions[direction] ? outputs.reversed(axes: 0) : outputs, final)
        }
        return try unrolled(projected, state, unit, backward: directions[direction])
    }

    /// One step after the other. A sequence that has ended keeps its state, and gives zeros.
    private func unrolled(
        _ projected: Tensor, _ initial: [Tensor], _ unit: RecurrentStep, backward: Bool
    ) throws -> (outputs: Tensor, final: [Tensor]) {
        let steps = projected.shape[0]
        var state = initial
        var outputs = [Tensor?](repeating: nil, count: steps)
        for step in backward ? Array((0..<steps).reversed()) : Array(0..<steps) {
            let next = try unit.next(projected.sliced(axis: 0, step, 1).squeezed(0), state)
            guard let lengths else {
                state = next
                outputs[step] = next[0]
                continue
            }
            let isRunning = (lengths .> step).expandingDims(1)
            state = zip(next, state).map { `where`(isRunning, $0, $1) }
            outputs[step] = `where`(isRunning, next[0], Tensor.zeros([], dtype: x.dtype))
        }
        return (stack(outputs.compactMap { $0 }), state)
    }
}

/// One step of one direction.
private struct RecurrentStep {
    private let kind: RecurrentNode.Kind
    private let hiddenSize: Int
    private let weight: Tensor
    private let bias: Tensor
    private let activations: [(Tensor) -> Tensor]
    private let clip: Double?
    /// Whether GRU's reset gate comes behind the hidden state's product.
    private let linearBeforeReset: Bool
    private let couplesInputForget: Bool
    private let peepholes: Tensor?
    /// The unit of the engine that computes the same, if there is one.
    let builtIn: RecurrentUnit?

    init(
        _ call: OperatorCall, kind: RecurrentNode.Kind, hiddenSize: Int, direction: Int, weight: Tensor, bias: Tensor
    ) throws {
        (self.kind, self.hiddenSize, self.weight, self.bias) = (kind, hiddenSize, weight, bias)
        let count = kind.defaultActivations.count
        let all = try call.stringList("activations") ?? []
        let names = all.isEmpty ? kind.defaultActivations : Array(all.dropFirst(direction * count).prefix(count))
        guard names.count == count else { throw call.failure("\(all.count) activations") }
        let alphas = try call.floatList("activation_alpha") ?? [], betas = try call.floatList("activation_beta") ?? []
        activations = try names.enumerated().map { index, name in
            let place = direction * count + index
            return try activation(
                name, alpha: place < alphas.count ? alphas[place] : nil, beta: place < betas.count ? betas[place] : nil,
                call)
        }
        clip = try call.float("clip")
        linearBeforeReset = try call.flag("linear_before_reset")
        couplesInputForget = try call.flag("input_forget")
        peepholes = try call.optional(7).map { $0.sliced(axis: 0, direction, 1).squeezed(0) }
        let isDefault = names.map { $0.lowercased() } == kind.defaultActivations.map { $0.lowercased() }
        let isPlain = clip == nil && !couplesInputForget && peepholes == nil
        switch kind {
        case .plain where isPlain && isDefault: builtIn = .tanh
        case .plain where isPlain && names[0].lowercased() == "relu": builtIn = .relu
        case .gru where isPlain && isDefault && linearBeforeReset: builtIn = .gru
        case .lstm where isPlain && isDefault: builtIn = .lstm
        default: builtIn = nil
        }
    }

    /// The gates in the engine's order: LSTM's i, o, f, c are i, f, c, o there, and GRU's z, r, h are r, z, h.
    func reordered(_ x: Tensor, axis: Int) -> Tensor {
        let order: [Int]
        switch kind {
        case .plain: return x
        case .gru: order = [1, 0, 2]
        case .lstm: order = [0, 2, 3, 1]
        }
        return concatenate(order.map { x.sliced(axis: axis, $0 * hiddenSize, hiddenSize) }, axis: axis)
    }

    /// - Parameter projected: the input's part of the gates, `(B, gates · H)`.
    func next(_ projected: Tensor, _ state: [Tensor]) throws -> [Tensor] {
        switch kind {
        case .plain: return [activations[0](clipped(projected + matmul(state[0], weight.T) + bias))]
        case .gru: return [gru(projected, state[0])]
        case .lstm: return lstm(projected, state[0], state[1])
        }
    }

    private func clipped(_ x: Tensor) -> Tensor { clip.map { x.clamped(-$0, $0) } ?? x }

    private func gate(_ x: Tensor, _ index: Int) -> Tensor {
        x.sliced(axis: x.rank - 1, index * hiddenSize, hiddenSize)
    }

    private func gru(_ projected: Tensor, _ hidden: Tensor) -> Tensor {
        let product = matmul(hidden, weight.T) + bias
        let update = activations[0](clipped(gate(projected, 0) + gate(product, 0)))
        let reset = activations[0](clipped(gate(projected, 1) + gate(product, 1)))
        let candidate: Tensor
        if linearBeforeReset {
            candidate = gate(projected, 2) + reset * gate(product, 2)
        } else {
            let rows = weight.sliced(axis: 0, 2 * hiddenSize, hiddenSize)
            candidate = gate(projected, 2) + matmul(reset * hidden, rows.T) + gate(bias, 2)
        }
        return (1 - update) * activations[1](clipped(candidate)) + update * hidden
    }

    private func lstm(_ projected: Tensor, _ hidden: Tensor, _ cell: Tensor) -> [Tensor] {
        let gates = projected + matmul(hidden, weight.T) + bias
        func peeping(_ index: Int, _ cell: Tensor) -> Tensor {
            guard let peepholes else { return gate(gates, index) }
            return gate(gates, index) + gate(peepholes, index) * cell
        }
        let input = activations[0](clipped(peeping(0, cell)))
        let forget = couplesInputForget ? 1 - input : activations[0](clipped(peeping(2, cell)))
        let candidate = activations[1](clipped(gate(gates, 3)))
        let newCell = forget * cell + input * candidate
        let output = activations[0](clipped(peeping(1, newCell)))
        return [output * activations[2](newCell), newCell]
    }
}

private func activation(
    _ name: String, alpha: Double?, beta: Double?, _ call: OperatorCall
) throws -> (Tensor) -> Tensor {
    switch name.lowercased() {
    case "tanh": return { tanh($0) }
    case "relu": return { relu($0) }
    case "sigmoid": return { sigmoid($0) }
    case "softsign": return { softsign($0) }
    case "softplus": return { softplus($0) }
    case "leakyrelu": return { leakyReLU($0, slope: alpha ?? 0.01) }
    case "thresholdedrelu": return { `where`($0 .> (alpha ?? 1), $0, 0) }
    case "elu": return { elu($0, alpha: alpha ?? 1) }
    case "affine": return { $0 * (alpha ?? 1) + (beta ?? 0) }
    case "scaledtanh": return { tanh($0 * (beta ?? 1)) * (alpha ?? 1) }
    case "hardsigmoid": return { ($0 * (alpha ?? 0.2) + (beta ?? 0.5)).clamped(0, 1) }
    default: throw call.unsupported("the activation \(name)")
    }
}
