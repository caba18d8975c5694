// Distributions that weights start from: those of torch.nn.init.

/// What an initializer keeps the scale of: activations on the way forward or gradients on the way back.
public enum FanMode: String, Sendable, Codable {
    case input, output
}

/// The function behind a layer, which decides the factor (`gain`) that keeps its variance.
public enum Nonlinearity: Sendable {
    case linear, sigmoid, tanh, relu, selu
    case leakyReLU(slope: Double)

    /// PyTorch's recommended factors.
    public var gain: Double {
        switch self {
        case .linear, .sigmoid: 1
        case .tanh: 5.0 / 3
        case .relu: 2.0.squareRoot()
        case .leakyReLU(let slope): (2 / (1 + slope * slope)).squareRoot()
        case .selu: 0.75
        }
    }
}

/// How many inputs each output of a weight `(outputs, inputs, kernel…)` sums, and how many outputs each input reaches.
public func fans(of shape: Shape) -> (input: Int, output: Int) {
    precondition(shape.rank >= 2, "fans: a weight of shape \(shape) needs at least two axes")
    let window = shape.dropFirst(2).reduce(1, *)
    return (shape[1] * window, shape[0] * window)
}

extension Tensor {
    /// Uniform in `±gain · √(6 / (fanIn + fanOut))` (Glorot and Bengio 2010).
    public static func xavierUniform(
        _ shape: Shape, gain: Double = 1, dtype: DType = .float32, generator: Generator = .current
    ) -> Tensor {
        let fans = fans(of: shape)
        let bound = gain * (6 / Double(fans.input + fans.output)).squareRoot()
        return uniform(shape, low: -bound, high: bound, dtype: dtype, generator: generator)
    }

    /// Normal with the standard deviation `gain · √(2 / (fanIn + fanOut))`.
    public static func xavierNormal(
        _ shape: Shape, gain: Double = 1, dtype: DType = .float32, generator: Generator = .current
    ) -> Tensor {
        let fans = fans(of: shape)
        let deviation = gain * (2 / Double(fans.input + fans.output)).squareRoot()
        return normal(shape, standardDeviation: deviation, dtype: dtype, generator: generator)
    }

    /// Uniform in `±gain · √(3 / fan)` (He et al. 2015), with the gain of a leaky ReLU of this slope.
    public static func kaimingUniform(
        _ shape: Shape, slope: Double = 0, mode: FanMode = .input, dtype: DType = .float32,
        generator: Generator = .current
    ) -> Tensor {
        kaimingUniform(shape, .leakyReLU(slope: slope), mode: mode, dtype: dtype, generator: generator)
    }

    /// Uniform in `±gain · √(3 / fan)` (He et al. 2015), with the gain of any nonlinearity.
    public static func kaimingUniform(
        _ shape: Shape, _ nonlinearity: Nonlinearity, mode: FanMode = .input, dtype: DType = .float32,
        generator: Generator = .current
    ) -> Tensor {
        let bound = 3.0.squareRoot() * kaimingDeviation(shape, nonlinearity, mode)
        return uniform(shape, low: -bound, high: bound, dtype: dtype, generator: generator)
    }

    /// Normal with the standard deviation `gain / √fan` (He et al. 2015).
    public static func kaimingNormal(
        _ shape: Shape, _ nonlinearity: Nonlinearity = .relu, mode: FanMode = .input, dtype: DType = .float32,
        generator: Generator = .current
    ) -> Tensor {
        let deviation = kaimingDeviation(shape, nonlinearity, mode)
        return normal(shape, standardDeviation: deviation, dtype: dtype, generator: generator)
    }

    private static func kaimingDeviation(_ shape: Shape, _ nonlinearity: Nonlinearity, _ mode: FanMode) -> Double {
        let fans = fans(of: shape)
        let fan = mode == .input ? fans.input : fans.output
        return nonlinearity.gain / Double(Swift.max(fan, 1)).squareRoot()
    }

    /// Uniform in `±1/√fanIn`: what PyTorch's biases start from.
    static func fanInUniform(_ shape: Shape, fanIn: Int, generator: Generator) -> Tensor {
        let bound = 1 / Double(Swift.max(fanIn, 1)).squareRoot()
        return uniform(shape, low: -bound, high: bound, generator: generator)
    }

    /// Normal numbers within [low, high]: those outside are drawn anew, in effect.
    public static func truncatedNormal(
        _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1, low: Double = -2, high: Double = 2,
        dtype: DType = .float32, generator: Generator = .current
    ) -> Tensor {
        // Inverse transform sampling: uniform between the distribution's values at the bounds.
        let scale = standardDeviation * 2.0.squareRoot()
        let (from, to) = (errorFunction((low - mean) / scale), errorFunction((high - mean) / scale))
        let unit = uniform(shape, low: from, high: to, dtype: .float64, generator: generator)
        return (erfinv(unit) * scale + mean).clamped(low, high).cast(to: dtype)
    }

    /// Orthonormal rows or columns, whichever are fewer, times `gain`; axes behind the first count as one (Saxe et al. 2014).
    public static func orthogonal(
        _ shape: Shape, gain: Double = 1, dtype: DType = .float32, generator: Generator = .current
    ) -> Tensor {
        precondition(shape.rank >= 2, "orthogonal: a shape \(shape) needs at least two axes")
        let (rows, columns) = (shape[0], shape.dropFirst().reduce(1, *))
        let (count, length) = (Swift.min(rows, columns), Swift.max(rows, columns))
        let drawn: [Double] = normal([count, length], dtype: .float64, generator: generator).elements()
        let basis = Tensor(
            orthonormalized(drawn, count: count, length: length), shape: [count, length], dtype: .float64)
        return ((rows <= columns ? basis : basis.T).reshaped(shape) * gain).cast(to: dtype)
    }

    /// Normal numbers of which a part of each column is 0, chosen at random (Martens 2010).
    ///
    /// - Parameter sparsity: the part of the rows that is 0 in each column, rounded up.
    public static func sparse(
        _ shape: Shape, sparsity: Double, standardDeviation: Double = 0.01, dtype: DType = .float32,
        generator: Generator = .current
    ) -> Tensor {
        precondition(shape.rank == 2, "sparse: a matrix is needed, not \(shape)")
        let zeros = Int((sparsity * Double(shape[0])).rounded(.up))
        // The place of each row in a random order of its column.
        let places = uniform(shape, generator: generator).argSort(axis: 0).argSort(axis: 0)
        let drawn = normal(shape, standardDeviation: standardDeviation, dtype: dtype, generator: generator)
        return `where`(places .< zeros, .zeros([], dtype: dtype), drawn)
    }

    /// The kernel `(outputs, inputs / groups, …)` that hands each channel of a group through: 1 at the centre for equal channels, 0 elsewhere.
    public static func dirac(_ shape: Shape, groups: Int = 1, dtype: DType = .float32) -> Tensor {
        precondition(
            (3...5).contains(shape.rank) && shape[0] % groups == 0,
            "dirac: a convolution's weight is needed, not \(shape) in \(groups) groups")
        var mask = iota(shape, axis: 0) % (shape[0] / groups) .== iota(shape, axis: 1)
        for axis in 2..<shape.rank { mask = mask .& (iota(shape, axis: axis) .== shape[axis] / 2) }
        return mask.cast(to: dtype)
    }
}

private func errorFunction(_ x: Double) -> Double { erf(Tensor(x, dtype: .float64)).item() }

/// Gram–Schmidt, twice over each row, which makes it as exact as the arithmetic.
func orthonormalized(_ rows: [Double], count: Int, length: Int) -> [Double] {
    var basis = rows
    for row in 0..<count {
        let start = row * length
        for _ in 0..<2 {
            for other in 0..<row {
                let against = other * length
                var product = 0.0
                for index in 0..<length { product += basis[start + index] * basis[against + index] }
                for index in 0..<length { basis[start + index] -= product * basis[against + index] }
            }
        }
        var squares = 0.0
        for index in 0..<length { squares += basis[start + index] * basis[start + index] }
        let norm = squares.squareRoot()
        for index in 0..<length { basis[start + index] /= norm }
    }
    return basis
}
