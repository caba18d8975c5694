/// Complex numbers: a real tensor with a last axis of 2, the real and the imaginary part (PyTorch's view_as_real).
///
/// There is no complex dtype: the graph, its gradients and files know real numbers only. This type says which tensors
/// mean complex ones, so that shapes and axes are those of the numbers, without the axis of parts. Gradients are by the
/// two parts.
public struct ComplexTensor: Sendable {
    /// The numbers as `(…, 2)`.
    public let pairs: Tensor

    /// - Parameter pairs: `(…, 2)`, floating-point.
    public init(pairs: Tensor) {
        guard pairs.rank > 0, pairs.shape[pairs.rank - 1] == 2 else {
            let mistake = pairs.invalid("complex numbers: \(pairs.shape) has no last axis of 2 for their parts")
            self.pairs = stack([mistake, mistake], axis: -1)
            return
        }
        self.pairs = pairs.floating
    }

    /// `real + i imaginary`; the parts broadcast.
    public init(real: Tensor, imaginary: Tensor) {
        pairs = stack(broadcast([real.floating, imaginary.floating]), axis: -1)
    }

    /// Real numbers as complex ones.
    public init(_ real: Tensor) { self.init(real: real, imaginary: .zeros(like: real)) }

    /// `magnitude · exp(i angle)` (polar).
    public init(magnitude: Tensor, angle: Tensor) {
        self.init(real: magnitude * cos(angle), imaginary: magnitude * sin(angle))
    }

    /// The extents of the numbers.
    public var shape: Shape { Shape(pairs.shape.dropLast()) }
    public var rank: Int { pairs.rank - 1 }
    /// The dtype of the parts.
    public var dtype: DType { pairs.dtype }

    public var real: Tensor { part(0) }
    public var imaginary: Tensor { part(1) }
    public var conjugate: ComplexTensor { ComplexTensor(real: real, imaginary: -imaginary) }

    private func part(_ index: Int) -> Tensor { pairs.sliced(axis: -1, index, 1).squeezed(-1) }

    // MARK: Arithmetic, with broadcasting

    public static prefix func - (z: ComplexTensor) -> ComplexTensor { ComplexTensor(pairs: -z.pairs) }

    public static func + (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
        ComplexTensor(real: a.real + b.real, imaginary: a.imaginary + b.imaginary)
    }

    public static func - (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
        ComplexTensor(real: a.real - b.real, imaginary: a.imaginary - b.imaginary)
    }

    public static func * (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
        ComplexTensor(
            real: a.real * b.real - a.imaginary * b.imaginary, imaginary: a.real * b.imaginary + a.imaginary * b.real)
    }

    public static func / (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
        let squares = square(b.real) + square(b.imaginary)
        let product = a * b.conjugate
        return ComplexTensor(real: product.real / squares, imaginary: product.imaginary / squares)
    }

    /// Each number times a real one.
    public static func * (a: ComplexTensor, b: Tensor) -> ComplexTensor {
        ComplexTensor(pairs: a.pairs * b.expandingDims(-1))
    }
}

/// `|z|`, whose gradient at 0 is 0.
public func abs(_ z: ComplexTensor) -> Tensor {
    let squares = square(z.real) + square(z.imaginary)
    let isZero = squares .== 0
    return `where`(isZero, 0, sqrt(`where`(isZero, 1, squares)))
}

/// The angle of each number from the positive real axis, in (−π, π].
public func angle(_ z: ComplexTensor) -> Tensor { atan2(z.imaginary, z.real) }
