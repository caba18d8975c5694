/// What a recurrent network computes at one step of a sequence, from the inputs' part `p` of the gates and the hidden state's,
/// `q = W h + b`.
public enum RecurrentUnit: UInt8, Hashable, Sendable, CaseIterable {
    /// `h' = tanh(p + q)` (Elman 1990).
    case tanh
    /// `h' = max(p + q, 0)`
    case relu
    /// Gates r, z, n: `n = tanh(p_n + σ(p_r + q_r) q_n)`, `h' = n + σ(p_z + q_z) (h − n)` (Cho et al. 2014).
    case gru
    /// Gates i, f, g, o: `c' = σ(f) c + σ(i) tanh(g)`, `h' = σ(o) tanh(c')`, each the sum of its p and q
    /// (Hochreiter and Schmidhuber 1997).
    case lstm

    /// Rows of the weights for one unit of the hidden state.
    public var gateCount: Int {
        switch self {
        case .tanh, .relu: 1
        case .gru: 3
        case .lstm: 4
        }
    }

    /// The parts of the state: the hidden one, and LSTM's cell.
    public var stateCount: Int { self == .lstm ? 2 : 1 }
}

/// The extents of a recurrence, and where the parts of its result and of its gradient's lie.
public struct RecurrenceShape: Hashable, Sendable {
    public let unit: RecurrentUnit
    /// T, B and H.
    public let steps, batch, hidden: Int

    /// Of a recurrence on inputs projected to `(T, B, gates · H)`.
    public init(_ unit: RecurrentUnit, projected: Shape) {
        self.unit = unit
        (steps, batch, hidden) = (projected[0], projected[1], projected[2] / unit.gateCount)
    }

    // The result is a stack of (B, H): c₀ … c_T of LSTM, h₀ … h_T, and what the gradient needs of all steps.

    /// The cell states, before the first step and after each.
    public var cells: Range<Int> { 0..<(unit == .lstm ? steps + 1 : 0) }
    /// The hidden states likewise.
    public var hiddenStates: Range<Int> { cells.upperBound..<(cells.upperBound + steps + 1) }
    /// The hidden states after each step: what users see.
    public var outputs: Range<Int> { hiddenStates.dropFirst() }
    /// The gates after their activation, T of each: LSTM's i, f, g, o; GRU's r, z, n and `q_n`.
    public func gate(_ number: Int) -> Range<Int> {
        let first = hiddenStates.upperBound + number * steps
        return first..<(first + steps)
    }
    /// How many (B, H) there are.
    public var stackCount: Int { hiddenStates.upperBound + (unit == .gru || unit == .lstm ? 4 : 0) * steps }

    // The gradient's result is flat: (T, B, gates · H) of the inputs' part, GRU's of the hidden state's part, and (B, H) of each
    // part of the first state.

    /// Elements of one gradient of all gates.
    public var gatesCount: Int { steps * batch * hidden * unit.gateCount }
    /// Where the gradient of the hidden state's part of the gates starts: only GRU's differs from the inputs' part.
    public var recurrentStart: Int { unit == .gru ? gatesCount : 0 }
    /// Where the gradient of a part of the first state starts: 0 is hidden, 1 LSTM's cell.
    public func stateStart(_ part: Int) -> Int { recurrentStart + gatesCount + part * batch * hidden }
    /// All elements of the gradient's result.
    public var gradientCount: Int { stateStart(unit.stateCount) }
}
