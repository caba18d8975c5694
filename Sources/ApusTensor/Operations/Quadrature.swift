import Foundation

// Special functions as integrals. A sum over nodes along a new last axis is a small graph, and differentiates by every
// argument. All in float64.

/// Nodes and weights of `∫₀^∞ f(v) dv ≈ Σ weights f(nodes)` for smooth f of whatever scale that fall off exponentially:
/// the trapezoidal rule after `v = exp(π/2 sinh t)` (Takahasi and Mori 1974).
private let exponentialNodes: (nodes: Tensor, weights: Tensor) = {
    let step = 1.0 / 32
    let places = stride(from: -4.25, through: 3.5, by: step)
    let nodes = places.map { exp(.pi / 2 * sinh($0)) }
    let weights = zip(places, nodes).map { .pi / 2 * cosh($0) * $1 * step }
    return (Tensor(nodes, dtype: .float64), Tensor(weights, dtype: .float64))
}()

/// `n` midpoints of [0, π]: the mean of a smooth periodic function over them is that over the period to all digits.
private func halfCircle(_ n: Int) -> Tensor { (Tensor.range(n, dtype: .float64) + 0.5) * (Double.pi / Double(n)) }

// MARK: Incomplete gamma and beta functions

/// `P(a, x) = 1/Γ(a) ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt` for a and x at least 0: the regularized lower incomplete gamma function
/// (gammainc). NaN elsewhere.
///
/// Right to about `1e-14 a` in float64, and differentiable by both arguments.
public func lowerGamma(_ a: Tensor, _ x: Tensor) -> Tensor { incompleteGamma(a, x, isUpper: false) }

/// `1 − P(a, x)`, with all digits where that is small: the regularized upper incomplete gamma function (gammaincc).
public func upperGamma(_ a: Tensor, _ x: Tensor) -> Tensor { incompleteGamma(a, x, isUpper: true) }

private func incompleteGamma(_ a: Tensor, _ x: Tensor, isUpper: Bool) -> Tensor {
    inDouble(a, x) { a, x in
        let isValid = (a .>= 0) .& (x .>= 0) .& (.!(a .== x) .| (isFinite(a) .& (a .> 0)))
        let isInside = (a .> 0) .& (x .> 0) .& isFinite(a) .& isFinite(x)
        let (a0, x0) = (`where`(isInside, a, 1), `where`(isInside, x, 1))
        // Left of a, t = x e⁻ᵛ gives P; right of it, t = x (1 + v) gives Q. Both integrands fall from 1.
        let isLeft = x0 .<= a0
        let (al, xl, left, v) = (
            a0.expandingDims(-1), x0.expandingDims(-1), isLeft.expandingDims(-1), exponentialNodes.nodes
        )
        let exponent = `where`(left, -al * v - xl * expm1(-v), (al - 1) * log1p(v) - xl * v)
        let integral = (exp(exponent) * exponentialNodes.weights).sum(axes: -1)
        let value = exp(a0 * log(x0) - x0 - logGamma(a0)) * integral
        let inside = `where`(isUpper ? .!isLeft : isLeft, value, 1 - value)
        // At the ends P is 0 or 1.
        let isOne = isUpper ? x .<= a : x .> a
        let limit = `where`(isValid, isOne.cast(to: .float64), Double.nan)
        return `where`(isInside, inside, limit)
    }
}

/// `I(a, b, x) = 1/B(a, b) ∫₀ˣ tᵃ⁻¹ (1 − t)ᵇ⁻¹ dt` for x in [0, 1]: the regularized incomplete beta function (betainc).
/// NaN elsewhere.
public func regularizedBeta(_ a: Tensor, _ b: Tensor, _ x: Tensor) -> Tensor {
    let dtype = [b, x].reduce(a.floating.dtype) { $0.promoted(with: $1.floating.dtype) }
    let wide = broadcast([a, b, x].map { $0.cast(to: .float64) })
    let (a, b, x) = (wide[0], wide[1], wide[2])
    let isValid = (a .> 0) .& (b .> 0) .& (x .>= 0) .& (x .<= 1)
    let isInside = isValid .& (x .> 0) .& (x .< 1)
    let (a0, b0, x0) = (`where`(isInside, a, 1), `where`(isInside, b, 1), `where`(isInside, x, 0.5))
    // Right of the mean, I(a, b, x) = 1 − I(b, a, 1 − x).
    let isRight = x0 .> a0 / (a0 + b0)
    let (p, q, y) = (`where`(isRight, b0, a0), `where`(isRight, a0, b0), `where`(isRight, 1 - x0, x0))
    // t = y e⁻ᵛ, with the integrand divided by its value at v = 0
    let (pl, ql, yl, v) = (
        p.expandingDims(-1), q.expandingDims(-1), y.expandingDims(-1), exponentialNodes.nodes
    )
    let growth = log1p(-yl * exp(-v)) - log1p(-yl)
    let integral = (exp((ql - 1) * growth - pl * v) * exponentialNodes.weights).sum(axes: -1)
    let front = p * log(y) + (q - 1) * log1p(-y) - logBeta(p, q)
    let value = exp(front) * integral
    let result = `where`(isRight, 1 - value, value)
    return `where`(isInside, result, `where`(isValid, x, Double.nan)).cast(to: dtype)
}

/// `log (Γ(a) Γ(b) / Γ(a + b))`, of positive numbers (betaln).
public func logBeta(_ a: Tensor, _ b: Tensor) -> Tensor { logGamma(a) + logGamma(b) - logGamma(a + b) }

/// `log Γₙ(a) = n (n − 1) / 4 · log π + Σ log Γ(a − j/2)` over j = 0 … n − 1 (multigammaln).
public func logMultivariateGamma(_ a: Tensor, _ n: Int) -> Tensor {
    let halves = Tensor.range(n, dtype: a.floating.dtype) * 0.5
    let constant = Double(n * (n - 1)) / 4 * 1.1447298858494002  // log π
    return logGamma(a.floating.expandingDims(-1) - halves).sum(axes: -1) + constant
}

// MARK: Bessel functions

/// The modified Bessel function of the first kind of order 0 (i0).
public func besselI0(_ x: Tensor) -> Tensor { inDouble(x) { besselI(0, abs($0)) } }

/// The modified Bessel function of the first kind of order 1 (i1).
public func besselI1(_ x: Tensor) -> Tensor { inDouble(x) { sign($0) * besselI(1, abs($0)) } }

/// `e^−|x| I₀(x)`, which does not overflow (i0e).
public func scaledBesselI0(_ x: Tensor) -> Tensor { inDouble(x) { scaledBesselI(0, abs($0)) } }

/// `e^−|x| I₁(x)` (i1e).
public func scaledBesselI1(_ x: Tensor) -> Tensor { inDouble(x) { sign($0) * scaledBesselI(1, abs($0)) } }

/// `Iₙ(x)` of x at least 0.
private func besselI(_ n: Int, _ x: Tensor) -> Tensor {
    `where`(isInfinite(x), Double.infinity, exp(x) * scaledBesselI(n, x))
}

/// `e⁻ˣ Iₙ(x) = 1/π ∫ exp(x (cos θ − 1)) cos nθ dθ` over [0, π], of x at least 0; far out the asymptotic series
/// (Abramowitz and Stegun 9.7.1).
private func scaledBesselI(_ n: Int, _ x: Tensor) -> Tensor {
    let isFar = x .> 30
    let theta = halfCircle(40)
    let near = `where`(isFar, 1, x).expandingDims(-1)
    let mean = (exp(near * (cos(theta) - 1)) * cos(theta * Double(n))).mean(axes: -1)
    let far = `where`(isFar, x, 40)
    let series = asymptoticSeries(order: n, 1 / (far * -8))
    let limit = `where`(isInfinite(far), 0, series * rsqrt(far * (2 * Double.pi)))
    return `where`(isFar, limit, mean)
}

/// `Σ aₖ(n) zᵏ` with `aₖ = Π (4n² − (2j − 1)²) / k!` over j = 1 … k, as far as it falls.
private func asymptoticSeries(order n: Int, _ z: Tensor) -> Tensor {
    var (coefficients, last) = ([1.0], 1.0)
    for k in 1...22 {
        last *= Double(4 * n * n - (2 * k - 1) * (2 * k - 1)) / Double(k)
        coefficients.append(last)
    }
    return polynomial(coefficients, z)
}

/// The modified Bessel function of the second kind of order 0, of x above 0 (modified_bessel_k0).
public func besselK0(_ x: Tensor) -> Tensor { inDouble(x) { exp(-$0) * scaledBesselK(0, $0) } }

/// The modified Bessel function of the second kind of order 1, of x above 0 (modified_bessel_k1).
public func besselK1(_ x: Tensor) -> Tensor { inDouble(x) { exp(-$0) * scaledBesselK(1, $0) } }

/// `eˣ K₀(x)` (scaled_modified_bessel_k0).
public func scaledBesselK0(_ x: Tensor) -> Tensor { inDouble(x) { scaledBesselK(0, $0) } }

/// `eˣ K₁(x)` (scaled_modified_bessel_k1).
public func scaledBesselK1(_ x: Tensor) -> Tensor { inDouble(x) { scaledBesselK(1, $0) } }

/// `eˣ Kₙ(x) = ∫₀^∞ exp(x (1 − cosh t)) cosh nt dt`, to where the integrand has fallen to nothing. ∞ at 0, NaN below.
private func scaledBesselK(_ n: Int, _ x: Tensor) -> Tensor {
    let count = 160
    let isInside = (x .> 0) .& (x .< Double.infinity)
    let safe = `where`(isInside, x, 1)
    let end = stopGradient(acosh(1 + 60 / safe)).expandingDims(-1)
    let t = (Tensor.range(count, dtype: .float64) + 0.5) / Double(count) * end
    // 1 − cosh t = −2 sinh² (t/2)
    let half = sinh(t * 0.5)
    let values = exp(square(half) * safe.expandingDims(-1) * -2) * cosh(t * Double(n))
    let integral = (values * (end / Double(count))).sum(axes: -1)
    let limit = `where`(x .== 0, Double.infinity, `where`(x .> 0, 0, x.operand(Double.nan)))
    return `where`(isInside, integral, limit)
}

// MARK: Zeta

/// Hurwitz's zeta function `Σ (q + k)⁻ˢ` over k = 0, 1, 2 …, for s above 1 and q above 0 (zeta). ∞ at s = 1, NaN below
/// and where q is not positive.
public func zeta(_ s: Tensor, _ q: Tensor) -> Tensor {
    inDouble(s, q) { s, q in
        let isInside = (s .> 1) .& (q .> 0)
        let (s0, q0) = (`where`(isInside, s, 2), `where`(isInside, q, 1))
        let limit = `where`((s .== 1) .& (q .> 0), Double.infinity, s.operand(Double.nan))
        return `where`(isInside, hurwitzSum(s0, q0, shift: 12), limit)
    }
}
