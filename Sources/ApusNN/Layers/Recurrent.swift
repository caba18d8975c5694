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

    /// - Parameter width: the features of a cell's output.
    init(
        _ inputs: Int, width: Int, layers: Int, batchFirst: Bool, dropout: Double, bidirectional: Bool,
        cell: (_ inputs: Int, _ suffix: String) -> RecurrentCell
    ) {
        precondition(layers >= 1, "\(Self.self): \(layers) layers")
        layerCount = layers
        isBidirectional = bidirectional
        isBatchFirst = batchFirst
        dropoutProbability = dropout
        let directions = bidirectional ? ["", "_reverse"] : [""]
        cells = (0..<layers).flatMap { layer in
            directions.map { cell(layer == 0 ? inputs : width * directions.count, "_l\(layer)\($0)") }
        }
    }

    /// The cells' parameters count as this module's own.
    public override func stateName(of property: String) -> String { "" }

    /// - Parameter initial: the parts of the state, each `(layers · directions, B, features)`; zeros where it isn't given.
    /// - Returns: the outputs of the last layer, and the last state of every cell. Without a batch neither has its axis.
    final func run(_ x: Tensor, initial: [Tensor]?) -> (output: Tensor, final: [Tensor]) {
        if x.rank == 2 {
            let batchAxis = isBatchFirst ? 0 : 1
            let (output, final) = run(x.expandingDims(batchAxis), initial: initial?.map { $0.expandingDims(1) })
            return (output.squeezed(batchAxis), final.map { $0.squeezed(1) })
        }
        guard accepts(x) else { return (x, cells[0].stateSizes.map { _ in x }) }
        let sequence = isBatchFirst ? x.swappingAxes(0, 1) : x  // (T, B, features)
        let states = initial ?? zeroStates(batch: sequence.shape[1], x.dtype)
        let (output, final) = runLayers(sequence, states) { $0.run($1, $2, backward: $3) }
        return (isBatchFirst ? output.swappingAxes(0, 1) : output, final)
    }

    /// The same over sequences of different lengths.
    final func run(_ x: PackedSequence, initial: [Tensor]?) -> (output: PackedSequence, final: [Tensor]) {
        let states = initial?.map { x.sorted($0, axis: 1) } ?? zeroStates(batch: x.batchSizes[0], x.data.dtype)
        let (data, final) = runLayers(x.data, states) { $0.run($1, x.batchSizes, $2, backward: $3) }
        return (x.with(data), final.map { x.unsorted($0, axis: 1) })
    }

    /// One layer after the other; `run` takes a cell along what a sequence is held in.
    private func runLayers(
        _ x: Tensor, _ initial: [Tensor],
        _ run: (_ cell: RecurrentCell, _ x: Tensor, _ state: [Tensor], _ backward: Bool) -> (Tensor, [Tensor])
    ) -> (output: Tensor, final: [Tensor]) {
        let directions = isBidirectional ? 2 : 1
        var sequence = x
        var finals: [[Tensor]] = []
        for layer in 0..<layerCount {
            if layer > 0, isTraining { sequence = dropout(sequence, probability: dropoutProbability) }
            let outputs = (0..<directions).map { direction -> Tensor in
                let number = layer * directions + direction
                let state = initial.map { $0.sliced(axis: 0, number, 1).squeezed(0) }
                let (output, final) = run(cells[number], sequence, state, direction == 1)
                finals.append(final)
                return output
            }
            sequence = directions == 1 ? outputs[0] : concatenate(outputs, axis: -1)
        }
        return (sequence, initial.indices.map { part in stack(finals.map { $0[part] }) })
    }

    /// Whether `x` can be run; reports what is wrong with it.
    private func accepts(_ x: Tensor) -> Bool {
        let features = cells[0].weightIh.shape[1]
        guard x.rank == 3, x.shape[isBatchFirst ? 1 : 0] > 0, x.shape[2] == features else {
            let layout = isBatchFirst ? "(batch, time, features)" : "(time, batch, features)"
            reportTensorError(
                TensorError(
                    "\(type(of: self)): input \(x.shape) must be \(layout) with at least one step of \(features) "
                        + "features"))
            return false
        }
        return true
    }

    private func zeroStates(batch: Int, _ dtype: DType) -> [Tensor] {
        cells[0].stateSizes.map { .zeros([cells.count, batch, $0], dtype: dtype) }
    }
}

/// Elman's recurrent network over sequences. See `RNNCell`.
///
/// - Input: `(T, B, inputs)`, or `(B, T, inputs)` with `batchFirst`, or a `PackedSequence`; `hidden (layers · directions, B, hidden)`, zeros
///   by default. Without a batch, `(T, inputs)` and `(layers · directions, hidden)`.
/// - Output: the last layer's outputs `(T, B, directions · hidden)` and the last hidden states.
public final class RNN: RecurrentLayer {
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, activation: RNNCell.Activation = .tanh, bias: Bool = true,
        batchFirst: Bool = false, dropout: Double = 0, bidirectional: Bool = false, generator: Generator = .current
    ) {
        super.init(
            inputs, width: hidden, layers: layers, batchFirst: batchFirst, dropout: dropout,
            bidirectional: bidirectional
        ) {
            RNNCell($0, hidden, activation: activation, bias: bias, suffix: $1, generator: generator)
        }
    }

    public func callAsFunction(_ x: Tensor, hidden: Tensor? = nil) -> (output: Tensor, hidden: Tensor) {
        traced(x) {
            let (output, final) = run(x, initial: hidden.map { [$0] })
            return (output, final[0])
        }
    }

    public func callAsFunction(_ x: PackedSequence, hidden: Tensor? = nil) -> (output: PackedSequence, hidden: Tensor) {
        traced(x.data) {
            let (output, final) = run(x, initial: hidden.map { [$0] })
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
            inputs, width: hidden, layers: layers, batchFirst: batchFirst, dropout: dropout,
            bidirectional: bidirectional
        ) {
            GRUCell($0, hidden, bias: bias, suffix: $1, generator: generator)
        }
    }

    public func callAsFunction(_ x: Tensor, hidden: Tensor? = nil) -> (output: Tensor, hidden: Tensor) {
        traced(x) {
            let (output, final) = run(x, initial: hidden.map { [$0] })
            return (output, final[0])
        }
    }

    public func callAsFunction(_ x: PackedSequence, hidden: Tensor? = nil) -> (output: PackedSequence, hidden: Tensor) {
        traced(x.data) {
            let (output, final) = run(x, initial: hidden.map { [$0] })
            return (output, final[0])
        }
    }
}

/// Long short-term memory over sequences. See `LSTMCell`; shapes as for `RNN`, the state has two parts.
///
/// With a projection, hidden states and outputs have as many features as that (Sak et al. 2014).
public final class LSTM: RecurrentLayer {
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
        dropout: Double = 0, bidirectional: Bool = false, projection: Int? = nil, generator: Generator = .current
    ) {
        precondition(
            projection.map { (1..<hidden).contains($0) } ?? true,
            "LSTM: a projection of \(hidden) features to \(projection ?? 0)")
        super.init(
            inputs, width: projection ?? hidden, layers: layers, batchFirst: batchFirst, dropout: dropout,
            bidirectional: bidirectional
        ) {
            LSTMCell($0, hidden, projection: projection, bias: bias, suffix: $1, generator: generator)
        }
    }

    public func callAsFunction(
        _ x: Tensor, state: (hidden: Tensor, cell: Tensor)? = nil
    ) -> (output: Tensor, hidden: Tensor, cell: Tensor) {
        traced(x) {
            let (output, final) = run(x, initial: state.map { [$0.hidden, $0.cell] })
            return (output, final[0], final[1])
        }
    }

    public func callAsFunction(
        _ x: PackedSequence, state: (hidden: Tensor, cell: Tensor)? = nil
    ) -> (output: PackedSequence, hidden: Tensor, cell: Tensor) {
        traced(x.data) {
            let (output, final) = run(x, initial: state.map { [$0.hidden, $0.cell] })
            return (output, final[0], final[1])
        }
    }
}
