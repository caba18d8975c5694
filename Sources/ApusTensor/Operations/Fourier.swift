// Discrete Fourier transforms: `Y[k] = Σ_j x[j] exp(−2πi jk / n)` and the inverse, whose exponent is positive. Of any
// length; lengths without large prime factors are fastest. Axes are those of the numbers: `ComplexTensor` says where
// the parts are.

/// Where the factor between a transform and its inverse goes.
public enum FourierNorm: String, Sendable, Codable, CaseIterable {
    /// `1/n` to the inverse.
    case backward
    /// `1/√n` to both.
    case ortho
    /// `1/n` to the forward transform.
    case forward

    /// The factor of one transform.
    fileprivate func factor(_ n: Int, isInverse: Bool) -> Double {
        switch self {
        case .ortho: 1 / Double(n).squareRoot()
        case .backward: isInverse ? 1 / Double(n) : 1
        case .forward: isInverse ? 1 : 1 / Double(n)
        }
    }

    /// The mode in which a forward transform has the factor of the inverse one.
    fileprivate var exchanged: FourierNorm {
        switch self {
        case .ortho: .ortho
        case .backward: .forward
        case .forward: .backward
        }
    }
}

// MARK: Along one axis. A `length` that is not the axis's cuts the operand or fills it up with zeros.

/// The forward transform along `axis`.
public func fft(
    _ x: ComplexTensor, length: Int? = nil, axis: Int = -1, norm: FourierNorm = .backward
) -> ComplexTensor { transformed(x, .forward, "fft", length, axis, norm) }

/// The forward transform of real numbers along `axis`, with both halves of the result.
public func fft(_ x: Tensor, length: Int? = nil, axis: Int = -1, norm: FourierNorm = .backward) -> ComplexTensor {
    fft(ComplexTensor(x), length: length, axis: axis, norm: norm)
}

/// The inverse transform along `axis`.
public func ifft(
    _ x: ComplexTensor, length: Int? = nil, axis: Int = -1, norm: FourierNorm = .backward
) -> ComplexTensor { transformed(x, .inverse, "ifft", length, axis, norm) }

/// The forward transform of n real numbers along `axis`: the first `n/2 + 1` of its results; the others are their
/// conjugates.
public func rfft(_ x: Tensor, length: Int? = nil, axis: Int = -1, norm: FourierNorm = .backward) -> ComplexTensor {
    guard let place = x.resolvedAxis("rfft", axis) else { return ComplexTensor(x) }
    let n = length ?? x.shape[place]
    guard n > 0 else { return ComplexTensor(x.invalid("rfft: length \(n) along axis \(axis) of \(x.shape)")) }
    let lines = x.floating.fitted(n, axis: place).movingAxis(place, to: -1)
    let result = along(.realForward, n, lines, norm.factor(n, isInverse: false))
    return ComplexTensor(pairs: result.movingAxis(-2, to: place))
}

/// The real numbers whose `rfft` this is: `length` of them along `axis`, 2 (m − 1) unless said otherwise.
public func irfft(
    _ x: ComplexTensor, length: Int? = nil, axis: Int = -1, norm: FourierNorm = .backward
) -> Tensor {
    guard let place = x.real.resolvedAxis("irfft", axis) else { return x.real }
    let n = length ?? 2 * (x.shape[place] - 1)
    guard n > 0 else { return x.real.invalid("irfft: length \(n) along axis \(axis) of \(x.shape)") }
    let lines = x.pairs.fitted(n / 2 + 1, axis: place).movingAxis(place, to: -2)
    return along(.realInverse, n, lines, norm.factor(n, isInverse: true)).movingAxis(-1, to: place)
}

/// The forward transform of numbers of which the second half are the first half's conjugates, and is not given: real
/// (hfft).
public func hfft(
    _ x: ComplexTensor, length: Int? = nil, axis: Int = -1, norm: FourierNorm = .backward
) -> Tensor { irfft(x.conjugate, length: length, axis: axis, norm: norm.exchanged) }

/// The inverse of `hfft`: the first half of the inverse transform of real numbers (ihfft).
public func ihfft(_ x: Tensor, length: Int? = nil, axis: Int = -1, norm: FourierNorm = .backward) -> ComplexTensor {
    rfft(x, length: length, axis: axis, norm: norm.exchanged).conjugate
}

// MARK: Along several axes, all if none are named, or the last ones as many as there are lengths

/// The forward transform along several axes.
public func fftn(
    _ x: ComplexTensor, lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNorm = .backward
) -> ComplexTensor {
    guard let plan = x.real.transformAxes("fftn", lengths, axes) else { return x }
    return plan.reversed().reduce(x) { fft($0, length: $1.length, axis: $1.axis, norm: norm) }
}

/// The inverse transform along several axes.
public func ifftn(
    _ x: ComplexTensor, lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNorm = .backward
) -> ComplexTensor {
    guard let plan = x.real.transformAxes("ifftn", lengths, axes) else { return x }
    return plan.reversed().reduce(x) { ifft($0, length: $1.length, axis: $1.axis, norm: norm) }
}

/// The forward transform of real numbers along several axes, the last of which keeps its first half.
public func rfftn(
    _ x: Tensor, lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNorm = .backward
) -> ComplexTensor {
    guard let plan = x.transformAxes("rfftn", lengths, axes), let last = plan.last else { return ComplexTensor(x) }
    let half = rfft(x, length: last.length, axis: last.axis, norm: norm)
    return plan.dropLast().reversed().reduce(half) { fft($0, length: $1.length, axis: $1.axis, norm: norm) }
}

/// The inverse of `rfftn`.
public func irfftn(
    _ x: ComplexTensor, lengths: [Int]? = nil, axes: [Int]? = nil, norm: FourierNorm = .backward
) -> Tensor {
    guard let plan = x.real.transformAxes("irfftn", lengths, axes), let last = plan.last else { return x.real }
    let lines = plan.dropLast().reduce(x) { ifft($0, length: $1.length, axis: $1.axis, norm: norm) }
    return irfft(lines, length: last.length, axis: last.axis, norm: norm)
}

/// `fftn` along two axes.
public func fft2(
    _ x: ComplexTensor, lengths: [Int]? = nil, axes: (Int, Int) = (-2, -1), norm: FourierNorm = .backward
) -> ComplexTensor { fftn(x, lengths: lengths, axes: [axes.0, axes.1], norm: norm) }

/// `ifftn` along two axes.
public func ifft2(
    _ x: ComplexTensor, lengths: [Int]? = nil, axes: (Int, Int) = (-2, -1), norm: FourierNorm = .backward
) -> ComplexTensor { ifftn(x, lengths: lengths, axes: [axes.0, axes.1], norm: norm) }

/// `rfftn` along two axes.
public func rfft2(
    _ x: Tensor, lengths: [Int]? = nil, axes: (Int, Int) = (-2, -1), norm: FourierNorm = .backward
) -> ComplexTensor { rfftn(x, lengths: lengths, axes: [axes.0, axes.1], norm: norm) }

/// `irfftn` along two axes.
public func irfft2(
    _ x: ComplexTensor, lengths: [Int]? = nil, axes: (Int, Int) = (-2, -1), norm: FourierNorm = .backward
) -> Tensor { irfftn(x, lengths: lengths, axes: [axes.0, axes.1], norm: norm) }

// MARK: Frequencies

/// The frequencies of the results of `fft`, in cycles per unit of `spacing`: `0, 1, …, −2, −1`, divided by n · spacing.
public func fftfreq(_ n: Int, spacing: Double = 1, dtype: DType = .float32) -> Tensor {
    let k = Tensor.range(n, dtype: .float64)
    return (`where`(k .< Double((n + 1) / 2), k, k - Double(n)) / (Double(n) * spacing)).cast(to: dtype)
}

/// The frequencies of the results of `rfft`: `0, 1, …, n/2`, divided by n · spacing.
public func rfftfreq(_ n: Int, spacing: Double = 1, dtype: DType = .float32) -> Tensor {
    (Tensor.range(n / 2 + 1, dtype: .float64) / (Double(n) * spacing)).cast(to: dtype)
}

/// Axes turned so that the frequency 0 comes to the middle; without axes, all.
public func fftshift(_ x: Tensor, axes: [Int]? = nil) -> Tensor { x.halfTurned(axes) { $0 / 2 } }

/// The inverse of `fftshift`.
public func ifftshift(_ x: Tensor, axes: [Int]? = nil) -> Tensor { x.halfTurned(axes) { -($0 / 2) } }

/// Axes turned so that the frequency 0 comes to the middle; without axes, all.
public func fftshift(_ x: ComplexTensor, axes: [Int]? = nil) -> ComplexTensor {
    ComplexTensor(real: fftshift(x.real, axes: axes), imaginary: fftshift(x.imaginary, axes: axes))
}

/// The inverse of `fftshift`.
public func ifftshift(_ x: ComplexTensor, axes: [Int]? = nil) -> ComplexTensor {
    ComplexTensor(real: ifftshift(x.real, axes: axes), imaginary: ifftshift(x.imaginary, axes: axes))
}

// MARK: Short times

/// Transforms of overlapping frames of a signal (Gabor 1946): `(…, samples) → (…, n/2 + 1, frames)`, or n with
/// `isOneSided` false.
///
/// - Parameters:
///   - size: n, the frames' length.
///   - hop: From one frame to the next; a quarter of a frame unless said otherwise.
///   - window: What frames are multiplied by: n numbers, or fewer, which are centred. All ones unless said otherwise.
///   - isCentered: Frame t is around sample `t · hop`; the signal is mirrored at its ends. Otherwise it begins there.
///   - isNormalized: Divides by √n.
public func stft(
    _ x: Tensor, size n: Int, hop: Int? = nil, window: Tensor? = nil, isCentered: Bool = true,
    padding: PaddingMode = .reflect, isNormalized: Bool = false, isOneSided: Bool = true
) -> ComplexTensor {
    let hop = hop ?? n / 4
    guard x.rank > 0, n > 0, hop > 0, let window = frameWindow("stft", window, n, like: x) else {
        return ComplexTensor(x.invalid("stft: frames of \(n) every \(hop) of \(x.shape)"))
    }
    var signal = x.floating
    if isCentered {
        let widths = [(Int, Int)](repeating: (0, 0), count: x.rank - 1) + [(n / 2, n / 2)]
        signal = signal.padded(widths, mode: padding)
    }
    let frames = signal.windows(axis: -1, size: n, step: hop) * window  // (…, frames, n)
    let norm: FourierNorm = isNormalized ? .ortho : .backward
    let spectra = isOneSided ? rfft(frames, norm: norm) : fft(frames, norm: norm)
    return ComplexTensor(pairs: spectra.pairs.swappingAxes(-2, -3))
}

/// The signal whose `stft` this is, as nearly as overlapping frames tell (Griffin and Lim 1984): frames, windowed
/// again, are added and divided by the sum of the squared windows.
///
/// - Parameter length: samples of the result; as far as the frames reach unless said otherwise.
public func istft(
    _ x: ComplexTensor, size n: Int, hop: Int? = nil, window: Tensor? = nil, isCentered: Bool = true,
    isNormalized: Bool = false, isOneSided: Bool = true, length: Int? = nil
) -> Tensor {
    let hop = hop ?? n / 4
    guard x.rank >= 2, n > 0, hop > 0, x.shape[x.rank - 2] == (isOneSided ? n / 2 + 1 : n), x.shape[x.rank - 1] > 0,
        let window = frameWindow("istft", window, n, like: x.pairs)
    else { return x.real.invalid("istft: frames of \(n) every \(hop) from \(x.shape)") }
    let spectra = ComplexTensor(pairs: x.pairs.swappingAxes(-2, -3))
    let norm: FourierNorm = isNormalized ? .ortho : .backward
    let frames = (isOneSided ? irfft(spectra, length: n, norm: norm) : ifft(spectra, norm: norm).real) * window
    let weights = square(window).broadcast(to: Shape(frames.shape.suffix(2)))
    let start = isCentered ? n / 2 : 0
    let reach = n + hop * (frames.shape[frames.rank - 2] - 1)
    let end = length.map { $0 + start } ?? (reach - start)
    // Outside of what is wanted the weights may be 0.
    func wanted(_ sum: Tensor) -> Tensor { sum.sliced(axis: -1, start, min(end, reach) - start) }
    let signal = wanted(overlapAdded(frames, hop)) / wanted(overlapAdded(weights, hop))
    return signal.fitted(end - start, axis: signal.rank - 1)
}

/// Frames `(…, frames, n)` added where they overlap: `(…, n + hop · (frames − 1))`.
private func overlapAdded(_ frames: Tensor, _ hop: Int) -> Tensor {
    let (count, n) = (frames.shape[frames.rank - 2], frames.shape[frames.rank - 1])
    let lead = Array(frames.shape.dropLast(2))
    let reach = n + hop * (count - 1)
    let columns = frames.reshaped(Shape([lead.reduce(1, *), count, n])).T  // (B, n, frames)
    let sum = fold(columns, outputSize: [1, reach], [1, n], stride: [1, hop])  // (B, 1, 1, reach)
    return sum.reshaped(Shape(lead + [reach]))
}

/// A window of n numbers: a shorter one with zeros on both sides.
private func frameWindow(_ name: String, _ window: Tensor?, _ n: Int, like x: Tensor) -> Tensor? {
    guard let window else { return .ones([n], dtype: x.floating.dtype) }
    guard window.rank == 1, window.elementCount <= n else { return nil }
    let missing = n - window.elementCount
    return window.cast(to: x.floating.dtype).padded([(missing / 2, missing - missing / 2)])
}

// MARK: What they share

/// The transform of complex numbers along one axis.
private func transformed(
    _ x: ComplexTensor, _ kind: FourierTransform.Kind, _ name: String, _ length: Int?, _ axis: Int, _ norm: FourierNorm
) -> ComplexTensor {
    guard let place = x.real.resolvedAxis(name, axis) else { return x }
    let n = length ?? x.shape[place]
    guard n > 0 else { return ComplexTensor(x.real.invalid("\(name): length \(n) along axis \(axis) of \(x.shape)")) }
    let lines = x.pairs.fitted(n, axis: place).movingAxis(place, to: -2)
    let result = along(kind, n, lines, norm.factor(n, isInverse: kind == .inverse))
    return ComplexTensor(pairs: result.movingAxis(-2, to: place))
}

/// The transform of lines along the last axes, times a factor, in the dtype of the lines.
private func along(_ kind: FourierTransform.Kind, _ n: Int, _ lines: Tensor, _ factor: Double) -> Tensor {
    let result = Tensor(.fourier(FourierTransform(kind, length: n)), lines.wide)
    return (factor == 1 ? result : result * factor).cast(to: lines.dtype)
}

extension Tensor {
    /// The first `n` elements along an axis, or all and zeros behind them.
    fileprivate func fitted(_ n: Int, axis: Int) -> Tensor {
        let missing = n - shape[axis]
        if missing <= 0 { return missing == 0 ? self : sliced(axis: axis, 0, n) }
        var widths = [(Int, Int)](repeating: (0, 0), count: rank)
        widths[axis].1 = missing
        return padded(widths)
    }

    /// Axes to transform along and to which lengths; nil, and the mistake reported, if they do not go together.
    fileprivate func transformAxes(_ name: String, _ lengths: [Int]?, _ axes: [Int]?) -> [(axis: Int, length: Int?)]? {
        let chosen = axes ?? Array((rank - (lengths?.count ?? rank))..<rank)
        let places = chosen.map { $0 < 0 ? $0 + rank : $0 }
        guard places.allSatisfy(shape.indices.contains), Set(places).count == places.count,
            lengths == nil || lengths!.count == places.count
        else {
            reportTensorError(TensorError("\(name): axes \(chosen), lengths \(lengths ?? []) of \(shape)"))
            return nil
        }
        return places.enumerated().map { ($0.element, lengths?[$0.offset]) }
    }

    fileprivate func halfTurned(_ axes: [Int]?, _ turn: (Int) -> Int) -> Tensor {
        guard let places = resolvedAxes("fftshift", axes ?? Array(shape.indices)) else { return self }
        return places.reduce(self) { $0.rolled(by: turn(shape[$1]), axis: $1) }
    }
}
