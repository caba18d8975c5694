/// A recurrent unit and its weights: what RNNCell, LSTMCell and GRUCell share.
///
/// - Parameters: `weight_ih (gates · hidden, inputs)`, `weight_hh (gates · hidden, hidden)`, `bias_ih`, `bias_hh (gates · hidden)`,
///   all uniform in ±1/√hidden at first.
public class RecurrentCell: Module {
    @Parameter public var weightIh: Tensor
    @Parameter public var weightHh: Tensor
    @Parameter public var biasIh: Tensor?
    @Parameter public var biasHh: Tensor?
    /// The features of the hidden state.
    public let hiddenSize: Int
    /// What is computed at each step.
    let unit: RecurrentUnit
    /// What a layer of several cells appends to the names: `_l0`, `_l0_reverse`.
    private let suffix: String

    init(_ unit: RecurrentUnit, _ inputs: Int, _ hidden: Int, bias: Bool, suffix: String, generator: Generator) {
        let gates = unit.gateCount
        self.unit = unit
        hiddenSize = hidden
        self.suffix = suffix
        weightIh = .fanInUniform([gates * hidden, inputs], fanIn: hidden, generator: generator)
        weightHh = .fanInUniform([gates * hidden, hidden], fanIn: hidden, generator: generator)
        biasIh = bias ? .fanInUniform([gates * hidden], fanIn: hidden, generator: generator) : nil
        biasHh = bias ? .fanInUniform([gates * hidden], fanIn: hidden, generator: generator) : nil
    }

    public override func stateName(of property: String) -> String { super.stateName(of: property) + suffix }

    /// The unit along a sequence `(T, B, inputs)`, or against it; the inputs' part of the gates is one product for all steps.
    final func run(
        _ sequence: Tensor, _ initial: [Tensor], backward: Bool = false
    ) -> (outputs: Tensor, final: [Tensor]) {
        let (inputBias, stateBias) = biases
        let projected = linear(sequence, weightIh, inputBias)  // (T, B, gates · hidden)
        let (outputs, final) = recurrence(
            unit, backward ? projected.reversed(axes: 0) : projected, weight: weightHh, bias: stateBias,
            initial: initial)
        return (backward ? outputs.reversed(axes: 0) : outputs, final)
    }

    /// The biases of the inputs' part of the gates and of the hidden state's. But for GRU, whose reset gate stands between the two, only
    /// their sum counts, and the kernel adds it on its way.
    private var biases: (input: Tensor?, state: Tensor?) {
        if unit != .gru, let biasIh, let biasHh { return (nil, biasIh + biasHh) }
        return (biasIh, biasHh)
    }

    /// The state after one step on `x (B, inputs)`.
    final func advance(_ x: Tensor, _ state: [Tensor]) -> [Tensor] { run(x.expandingDims(0), state).final }

    final func zeroState(for x: Tensor) -> Tensor { .zeros([x.shape[0], hiddenSize], dtype: x.dtype) }
}

/// `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or with ReLU in place of tanh (Elman 1990).
///
/// - Input: `x (B, inputs)`, `hidden (B, hidden)`, zeros by default. Output: `(B, hidden)`.
public final class RNNCell: RecurrentCell {
    /// The nonlinearity of a plain recurrent step.
    public enum Activation: String, Sendable, Codable { case tanh, relu }
    /// What the sum passes through; tanh by default.
    public let activation: Activation

    public convenience init(
        _ inputs: Int, _ hidden: Int, activation: Activation = .tanh, bias: Bool = true, generator: Generator = .current
    ) {
        self.init(inputs, hidden, activation: activation, bias: bias, suffix: "", generator: generator)
    }

    init(_ inputs: Int, _ hidden: Int, activation: Activation, bias: Bool, suffix: String, generator: Generator) {
        self.activation = activation
        super.init(
            activation == .tanh ? .tanh : .relu, inputs, hidden, bias: bias, suffix: suffix, generator: generator)
    }

    public func callAsFunction(_ x: Tensor, hidden: Tensor? = nil) -> Tensor {
        traced(x) { advance(x, [hidden ?? zeroState(for: x)])[0] }
    }
}

/// Long short-term memory (Hochreiter and Schmidhuber 1997): gates i, f, g, o in this order,
/// `c' = σ(f) c + σ(i) tanh(g)`, `h' = σ(o) tanh(c')`.
///
/// - Input: `x (B, inputs)`, state `(B, hidden)` each, zeros by default. Output: the new state.
public final class LSTMCell: RecurrentCell {
    public convenience init(_ inputs: Int, _ hidden: Int, bias: Bool = true, generator: Generator = .current) {
        self.init(inputs, hidden, bias: bias, suffix: "", generator: generator)
    }

    init(_ inputs: Int, _ hidden: Int, bias: Bool, suffix: String, generator: Generator) {
        super.init(.lstm, inputs, hidden, bias: bias, suffix: suffix, generator: generator)
    }

    public func callAsFunction(
        _ x: Tensor, state: (hidden: Tensor, cell: Tensor)? = nil
    ) -> (hidden: Tensor, cell: Tensor) {
        traced(x) {
            let state = state ?? (zeroState(for: x), zeroState(for: x))
            let next = advance(x, [state.hidden, state.cell])
            return (next[0], next[1])
        }
    }
}

/// Gated recurrent unit (Cho et al. 2014): gates r, z, n in this order, `n = tanh(W_in x + b_in + σ(r) (W_hn h + b_hn))`,
/// `h' = (1 − σ(z)) n + σ(z) h`.
///
/// - Input: `x (B, inputs)`, `hidden (B, hidden)`, zeros by default. Output: `(B, hidden)`.
public final class GRUCell: RecurrentCell {
    public convenience init(_ inputs: Int, _ hidden: Int, bias: Bool = true, generator: Generator = .current) {
        self.init(inputs, hidden, bias: bias, suffix: "", generator: generator)
    }

    init(_ inputs: Int, _ hidden: Int, bias: Bool, suffix: String, generator: Generator) {
        super.init(.gru, inputs, hidden, bias: bias, suffix: suffix, generator: generator)
    }

    public func callAsFunction(_ x: Tensor, hidden: Tensor? = nil) -> Tensor {
        traced(x) { advance(x, [hidden ?? zeroState(for: x)])[0] }
    }
}

// MARK: Over sequences

/// Layers of cells run along a sequence, in one or both directions: what RNN, LSTM and GRU share.
public class RecurrentLayer: Module {
    /// Layer by layer, forward before reverse.
    let cells: [RecurrentCell]
    /// How many layers are stacked, each reading the outputs of the one below.
    public let layerCount: Int
    /// Whether each layer also runs from the end to the start, which doubles its output features.
    public let isBidirectional: Bool
    /// Whether sequences are `(B, T, features)` rather than `(T, B, features)`.
    public let isBatchFirst: Bool
    /// The probability of dropping an output between two layers in training.
    public let dropoutProbability: Double

    init(
        _ inputs: Int, _ hidden: Int, layers: Int, batchFirst: Bool, dropout: Double, bidirectional: Bool,
        cell: (_ inputs: Int, _ suffix: String) -> RecurrentCell
    ) {
        precondition(layers >= 1, "\(Self.self): \(layers) layers")
        layerCount = layers
        isBidirectional = bidirectional
        isBatchFirst = batchFirst
        dropoutProbability = dropout
        let directions = bidirectional ? ["", "_reverse"] : [""]
        cells = (0..<layers).flatMap { layer in
            directions.map { cell(layer == 0 ? inputs : hidden * directions.count, "_l\(layer)\($0)") }
        }
    }

    /// The cells' parameters count as this module's own.
    public override func stateName(of property: String) -> String { "" }

    /// - Parameter initial: the parts of the state, each `(layers · directions, B, hidden)`.
    /// - Returns: the outputs of the last layer, and the last state of every cell.
    final func run(_ x: Tensor, initial: [Tensor]) -> (output: Tensor, final: [Tensor]) {
        let directions = isBidirectional ? 2 : 1
        var sequence = isBatchFirst ? x.swappingAxes(0, 1) : x  // (T, B, features)
        var finals: [[Tensor]] = []
        for layer in 0..<layerCount {
            if layer > 0, isTraining { sequence = dropout(sequence, probability: dropoutProbability) }
            let outputs = (0..<directions).map { direction -> Tensor in
                let number = layer * directions + direction
                let (output, final) = cells[number].run(
                    sequence, initial.map { $0.sliced(axis: 0, number, 1).squeezed(0) }, backward: direction == 1)
                finals.append(final)
                return output
            }
            sequence = directions == 1 ? outputs[0] : concatenate(outputs, axis: -1)
        }
        let states = initial.indices.map { part in stack(finals.map { $0[part] }) }
        return (isBatchFirst ? sequence.swappingAxes(0, 1) : sequence, states)
    }

    /// Whether `x` can be run; reports what is wrong with it.
    final func accepts(_ x: Tensor) -> Bool {
        guard x.rank == 3, x.shape[isBatchFirst ? 1 : 0] > 0, x.shape[2] == cells[0].weightIh.shape[1] else {
            let layout = isBatchFirst ? "(batch, time, features)" : "(time, batch, features)"
            reportTensorError(
                TensorError(
                    "\(type(of: self)): input \(x.shape) must be \(layout) with at least one step of "
                        + "\(cells[0].weightIh.shape[1]) features"))
            return false
        }
        return true
    }

    final func zeroState(for x: Tensor) -> Tensor {
        .zeros([cells.count, x.shape[isBatchFirst ? 0 : 1], cells[0].hiddenSize], dtype: x.dtype)
    }
}

/// Elman's recurrent network over sequences. See `RNNCell`.
///
/// - Input: `(T, B, inputs)`, or `(B, T, inputs)` with `batchFirst`; `hidden (layers · directions, B, hidden)`, zeros by default.
/// - Output: the last layer's outputs `(T, B, directions · hidden)` and the last hidden states.
public final class RNN: RecurrentLayer {
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, activation: RNNCell.Activation = .tanh, bias: Bool = true,
        batchFirst: Bool = false, dropout: Double = 0, bidirectional: Bool = false, generator: Generator = .current
    ) {
        super.init(
            inputs, hidden, layers: layers, batchFirst: batchFirst, dropout: dropout, bidirectional: bidirectional
        ) {
            RNNCell($0, hidden, activation: activation, bias: bias, suffix: $1, generator: generator)
        }
    }

    public func callAsFunction(_ x: Tensor, hidden: Tensor? = nil) -> (output: Tensor, hidden: Tensor) {
        traced(x) {
            guard accepts(x) else { return (x, x) }
            let (output, final) = run(x, initial: [hidden ?? zeroState(for: x)])
            return (output, final[0])
        }
    }
}

/// Gated recurrent units over sequences. See `GRUCell`; shapes as for `RNN`.
public final class GRU: RecurrentLayer {
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
        dropout: Double = 0, bidirectional: Bool = false, generator: Generator = .current
    ) {
        super.init(
            inputs, hidden, layers: layers, batchFirst: batchFirst, dropout: dropout, bidirectional: bidirectional
        ) {
            GRUCell($0, hidden, bias: bias, suffix: $1, generator: generator)
        }
    }

    public func callAsFunction(_ x: Tensor, hidden: Tensor? = nil) -> (output: Tensor, hidden: Tensor) {
        traced(x) {
            guard accepts(x) else { return (x, x) }
            let (output, final) = run(x, initial: [hidden ?? zeroState(for: x)])
            return (output, final[0])
        }
    }
}

/// Long short-term memory over sequences. See `LSTMCell`; shapes as for `RNN`, the state has two parts.
public final class LSTM: RecurrentLayer {
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
        dropout: Double = 0, bidirectional: Bool = false, generator: Generator = .current
    ) {
        super.init(
            inputs, hidden, layers: layers, batchFirst: batchFirst, dropout: dropout, bidirectional: bidirectional
        ) {
            LSTMCell($0, hidden, bias: bias, suffix: $1, generator: generator)
        }
    }

    public func callAsFunction(
        _ x: Tensor, state: (hidden: Tensor, cell: Tensor)? = nil
    ) -> (output: Tensor, hidden: Tensor, cell: Tensor) {
        traced(x) {
            guard accepts(x) else { return (x, x, x) }
            let state = state ?? (zeroState(for: x), zeroState(for: x))
            let (output, final) = run(x, initial: [state.hidden, state.cell])
            return (output, final[0], final[1])
        }
    }
}
