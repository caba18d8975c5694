/// A recurrent unit and its weights: what RNNCell, LSTMCell and GRUCell share.
///
/// - Parameters: `weight_ih (gates · hidden, inputs)`, `weight_hh (gates · hidden, hidden)`, `bias_ih`, `bias_hh (gates · hidden)`,
///   all uniform in ±1/√hidden at first. With a projection `weight_hr (projection, hidden)`, and `weight_hh (gates · hidden, projection)`.
public class RecurrentCell: Module {
    @Parameter public var weightIh: Tensor
    @Parameter public var weightHh: Tensor
    @Parameter public var biasIh: Tensor?
    @Parameter public var biasHh: Tensor?
    @Parameter public var weightHr: Tensor?
    /// The features of the hidden state, before a projection.
    public let hiddenSize: Int
    /// The features of the parts of the state.
    let stateSizes: [Int]
    /// What is computed at each step.
    let unit: RecurrentUnit
    /// What a layer of several cells appends to the names: `_l0`, `_l0_reverse`.
    private let suffix: String

    init(
        _ unit: RecurrentUnit, _ inputs: Int, _ hidden: Int, projection: Int? = nil, bias: Bool, suffix: String,
        generator: Generator
    ) {
        let gates = unit.gateCount
        self.unit = unit
        hiddenSize = hidden
        stateSizes = [projection ?? hidden] + (unit == .lstm ? [hidden] : [])
        self.suffix = suffix
        weightIh = .fanInUniform([gates * hidden, inputs], fanIn: hidden, generator: generator)
        weightHh = .fanInUniform([gates * hidden, projection ?? hidden], fanIn: hidden, generator: generator)
        weightHr = projection.map { .fanInUniform([$0, hidden], fanIn: hidden, generator: generator) }
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
        let ordered = backward ? projected.reversed(axes: 0) : projected
        let (outputs, final) =
            weightHr.map { projectedRun(ordered, stateBias, initial, $0) }
            ?? recurrence(unit, ordered, weight: weightHh, bias: stateBias, initial: initial)
        return (backward ? outputs.reversed(axes: 0) : outputs, final)
    }

    /// LSTM whose hidden state is projected after each step (Sak et al. 2014), which no kernel has.
    private func projectedRun(
        _ projected: Tensor, _ bias: Tensor?, _ initial: [Tensor], _ weightHr: Tensor
    ) -> (outputs: Tensor, final: [Tensor]) {
        let weightHh = weightHh
        let (final, outputs) = scan(initial, over: [projected]) { state, inputs in
            let gates = (inputs[0] + linear(state[0], weightHh, bias)).chunked(4, axis: -1)
            let cell = sigmoid(gates[1]) * state[1] + sigmoid(gates[0]) * tanh(gates[2])
            let hidden = matmul(sigmoid(gates[3]) * tanh(cell), weightHr.T)
            return ([hidden, cell], [hidden])
        }
        return (outputs[0], final)
    }

    /// The biases of the inputs' part of the gates and of the hidden state's. But for GRU, whose reset gate stands between the two, only
    /// their sum counts, and the kernel adds it on its way.
    private var biases: (input: Tensor?, state: Tensor?) {
        if unit != .gru, let biasIh, let biasHh { return (nil, biasIh + biasHh) }
        return (biasIh, biasHh)
    }

    /// The state after one step on `x (B, inputs)`, or without a batch; from zeros where no state is given.
    final func advance(_ x: Tensor, _ state: [Tensor]?) -> [Tensor] {
        if x.rank == 1 {
            return advance(x.expandingDims(0), state?.map { $0.expandingDims(0) }).map { $0.squeezed(0) }
        }
        let zeros = stateSizes.map { Tensor.zeros([x.shape[0], $0], dtype: x.dtype) }
        return run(x.expandingDims(0), state ?? zeros).final
    }
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
        traced(x) { advance(x, hidden.map { [$0] })[0] }
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

    init(
        _ inputs: Int, _ hidden: Int, projection: Int? = nil, bias: Bool, suffix: String, generator: Generator
    ) {
        super.init(
            .lstm, inputs, hidden, projection: projection, bias: bias, suffix: suffix, generator: generator)
    }

    public func callAsFunction(
        _ x: Tensor, state: (hidden: Tensor, cell: Tensor)? = nil
    ) -> (hidden: Tensor, cell: Tensor) {
        traced(x) {
            let next = advance(x, state.map { [$0.hidden, $0.cell] })
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
        traced(x) { advance(x, hidden.map { [$0] })[0] }
    }
}
