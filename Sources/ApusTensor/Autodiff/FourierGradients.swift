/// The gradient of a transform by its operand: the transposed transform. Of the half spectrum of reals every number but
/// the first, and for even lengths the last, stands for two.
func fourierGradient(_ transform: FourierTransform, _ g: Tensor) -> Tensor {
    let n = transform.length
    func along(_ kind: FourierTransform.Kind, _ x: Tensor) -> Tensor {
        Tensor(.fourier(FourierTransform(kind, length: n)), x)
    }
    func scalingPairs(_ x: Tensor, by factor: Double) -> Tensor {
        let k = Tensor.range(n / 2 + 1).expandingDims(-1)
        return x * `where`((k .== 0) .| (k * 2 .== n), 1, x.operand(factor))
    }
    return switch transform.kind {
    case .forward: along(.inverse, g)
    case .inverse: along(.forward, g)
    case .realForward: along(.realInverse, scalingPairs(g, by: 0.5))
    case .realInverse: scalingPairs(along(.realForward, g), by: 2)
    }
}
