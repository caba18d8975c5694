/// A table of vectors, looked up by index.
///
/// - Input: integers in `0 ..< count`, of any shape. Output: `(…, features)`. An index outside is an error when the result is evaluated.
/// - Parameter: `weight (count, features)`, normal at first.
public final class Embedding: Module, Layer {
    @Parameter public var weight: Tensor
    /// The row that stands for padding: zeros at first, and never trained.
    public let paddingIndex: Int?
    /// The largest norm of a vector; longer ones are scaled down as they are looked up, the table stays as it is.
    public let maxNorm: Double?
    /// The p of the p-norm that `maxNorm` is of; 2 by default.
    public let normOrder: Double
    /// Whether gradients are divided by how often their row was looked up in the batch.
    public let scalesGradientByFrequency: Bool

    private init(
        weight: Tensor, _ paddingIndex: Int?, maxNorm: Double?, normOrder: Double, scalesGradientByFrequency: Bool
    ) {
        self.paddingIndex = paddingIndex
        self.maxNorm = maxNorm
        self.normOrder = normOrder
        self.scalesGradientByFrequency = scalesGradientByFrequency
        self.weight = weight
    }

    /// - Parameter paddingIndex: negative ones count from the end.
    public convenience init(
        _ count: Int, _ features: Int, paddingIndex: Int? = nil, maxNorm: Double? = nil, normOrder: Double = 2,
        scalesGradientByFrequency: Bool = false, generator: Generator = .current
    ) {
        let padding = resolved(paddingIndex, count)
        self.init(
            weight: table(count, features, padding, generator), padding, maxNorm: maxNorm, normOrder: normOrder,
            scalesGradientByFrequency: scalesGradientByFrequency)
    }

    /// Given vectors `(count, features)`, which are not trained unless it is asked for (from_pretrained).
    public convenience init(
        weight: Tensor, freeze: Bool = true, paddingIndex: Int? = nil, maxNorm: Double? = nil, normOrder: Double = 2,
        scalesGradientByFrequency: Bool = false
    ) {
        self.init(
            weight: weight, resolved(paddingIndex, weight.shape[0]), maxNorm: maxNorm, normOrder: normOrder,
            scalesGradientByFrequency: scalesGradientByFrequency)
        $weight.isTrainable = !freeze
    }

    public func callAsFunction(_ indices: Tensor) -> Tensor {
        traced(indices) {
            var rows = weight.gathered(indices)
            if let maxNorm { rows = limited(rows, maxNorm, normOrder) }
            if scalesGradientByFrequency { rows = scalingGradient(of: rows, byFrequencyOf: indices, weight.shape[0]) }
            guard let paddingIndex else { return rows }
            return `where`((indices .== paddingIndex).expandingDims(-1), stopGradient(rows), rows)
        }
    }
}

/// Vectors of a table looked up and combined, without keeping the single ones.
///
/// - Input: indices `(B, N)`, B bags of N; or `(N)` with `offsets (B)`, where each bag starts.
/// - Output: `(B, features)`. An empty bag gives zeros.
/// - Parameter: `weight (count, features)`, normal at first.
public final class EmbeddingBag: Module {
    /// What a bag's vectors become.
    public enum Mode: String, Sendable, Codable {
        case sum, mean, max
    }

    @Parameter public var weight: Tensor
    /// What a bag's vectors become; their mean by default.
    public let mode: Mode
    /// The row that stands for padding: zeros at first, never trained, and not counted.
    public let paddingIndex: Int?
    /// The largest norm of a vector; longer ones are scaled down as they are looked up, the table stays as it is.
    public let maxNorm: Double?
    /// The p of the p-norm that `maxNorm` is of; 2 by default.
    public let normOrder: Double
    /// Whether the last offset is the number of indices and starts no bag.
    public let includesLastOffset: Bool

    public init(
        _ count: Int, _ features: Int, mode: Mode = .mean, paddingIndex: Int? = nil, maxNorm: Double? = nil,
        normOrder: Double = 2, includesLastOffset: Bool = false, generator: Generator = .current
    ) {
        self.mode = mode
        self.paddingIndex = resolved(paddingIndex, count)
        self.maxNorm = maxNorm
        self.normOrder = normOrder
        self.includesLastOffset = includesLastOffset
        weight = table(count, features, self.paddingIndex, generator)
    }

    /// - Parameter weights: a factor for each index, shaped like them; for sums.
    public func callAsFunction(_ indices: Tensor, offsets: Tensor? = nil, weights: Tensor? = nil) -> Tensor {
        traced(indices) {
            guard indices.rank == (offsets == nil ? 2 : 1), weights == nil || mode == .sum,
                weights.map({ $0.shape == indices.shape }) ?? true
            else {
                reportTensorError(
                    TensorError(
                        "EmbeddingBag: indices \(indices.shape) must be (B, N), or (N) with offsets; weights must be "
                            + "shaped like them, and go with sums"))
                return weight
            }
            var rows = weight.gathered(indices)  // (B, N, features) or (N, features)
            if let maxNorm { rows = limited(rows, maxNorm, normOrder) }
            if let weights { rows = rows * weights.expandingDims(-1) }
            let counts = paddingIndex.map { indices .!= $0 } ?? Tensor.ones(indices.shape, dtype: .bool)
            guard let offsets else { return combined(rows, counts) }
            let bags = includesLastOffset ? offsets.sliced(axis: 0, 0, offsets.shape[0] - 1) : offsets
            return combined(rows, counts, startingAt: bags)
        }
    }

    /// Bags of equal size: `(B, N, features) → (B, features)`.
    private func combined(_ rows: Tensor, _ counts: Tensor) -> Tensor {
        let isCounted = counts.expandingDims(-1)
        switch mode {
        case .sum: return `where`(isCounted, rows, 0).sum(axes: 1)
        case .mean:
            let count = counts.cast(to: rows.dtype).sum(axes: 1, keepingAxes: true)
            return `where`(isCounted, rows, 0).sum(axes: 1) / maximum(count, 1)
        case .max:
            guard rows.shape[1] > 0 else { return rows.sum(axes: 1) }
            let largest = `where`(isCounted, rows, -Double.infinity).max(axes: 1)
            return `where`(counts.any(axes: 1, keepingAxes: true), largest, 0)
        }
    }

    /// Bags that begin at offsets: `(N, features) → (B, features)`.
    private func combined(_ rows: Tensor, _ counts: Tensor, startingAt offsets: Tensor) -> Tensor {
        let (count, bags, features) = (rows.shape[0], offsets.shape[0], rows.shape[1])
        // An index belongs to the last bag that starts at or before it; what is padding, to one behind all.
        let owner = searchSorted(offsets.cast(to: .int64), Tensor.range(count), side: .right) - 1
        let bag = `where`(counts, owner, bags)
        let empty = Tensor.zeros([bags + 1, features], dtype: rows.dtype)
        switch mode {
        case .sum: return empty.scattered(bag, rows).sliced(axis: 0, 0, bags)
        case .mean:
            let sizes = Tensor.zeros([bags + 1], dtype: rows.dtype).scattered(bag, .ones([count], dtype: rows.dtype))
            let sums = empty.scattered(bag, rows)
            return (sums / maximum(sizes, 1).expandingDims(1)).sliced(axis: 0, 0, bags)
        case .max:
            let places = bag.expandingDims(1).broadcast(to: rows.shape)
            return empty.scattered(elements: places, rows, axis: 0, reduction: .maximum, includesSelf: false)
                .sliced(axis: 0, 0, bags)
        }
    }
}

private func resolved(_ paddingIndex: Int?, _ count: Int) -> Int? {
    let padding = paddingIndex.map { $0 < 0 ? $0 + count : $0 }
    precondition(padding.map((0..<count).contains) ?? true, "Embedding: padding index \(paddingIndex!) of \(count)")
    return padding
}

/// Normal numbers, zeros in the row of padding.
private func table(_ count: Int, _ features: Int, _ paddingIndex: Int?, _ generator: Generator) -> Tensor {
    let table = Tensor.normal([count, features], generator: generator)
    return paddingIndex.map { `where`(Tensor.range(count).expandingDims(1) .== $0, 0, table) } ?? table
}

/// Vectors scaled down to a norm; gradients pass as if they had always been so short.
private func limited(_ rows: Tensor, _ maxNorm: Double, _ order: Double) -> Tensor {
    let fixed = stopGradient(rows)
    let norms = fixed.norm(order: order, axes: -1, keepingAxes: true)
    return rows + `where`(norms .> maxNorm, fixed * (maxNorm / (norms + 1e-7)) - fixed, 0)
}

private func scalingGradient(of rows: Tensor, byFrequencyOf indices: Tensor, _ count: Int) -> Tensor {
    let flat = indices.flattened()
    let counts = Tensor.zeros([count], dtype: rows.dtype).scattered(flat, .ones(flat.shape, dtype: rows.dtype))
    let scaled = rows * (1 / counts.gathered(indices)).expandingDims(-1)
    // The value stays as it is; the gradient is the scaled one's.
    return stopGradient(rows) + (scaled - stopGradient(scaled))
}
