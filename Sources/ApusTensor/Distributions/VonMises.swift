/// `p(x) = exp(κ cos(x − μ)) / 2π I₀(κ)`: the normal distribution's like on a circle. Draws are in [−π, π) and have no
/// gradient.
public struct VonMises: ProbabilityDistribution {
    /// μ and κ.
    public let mean, concentration: Tensor

    public init(mean: Tensor, concentration: Tensor) {
        let all = parameters(mean, concentration)
        (self.mean, self.concentration) = (all[0], all[1])
    }

    public var batchShape: Shape { mean.shape }
    public var eventShape: Shape { [] }
    /// That of a direction: `1 − I₁(κ) / I₀(κ)`.
    public var variance: Tensor { 1 - scaledBesselI1(concentration) / scaledBesselI0(concentration) }

    /// The first of 24 proposals that is accepted: each is with a probability above 0.65 (Best and Fisher 1979).
    public func sample(_ shape: Shape, generator: Generator) -> Tensor {
        let drawn = self.shape(ofDraws: shape)
        let proposals = Shape(drawn + [24])
        let kappa = stopGradient(concentration).cast(to: .float64).expandingDims(-1)
        let tau = 1 + sqrt(1 + square(kappa) * 4)
        let rho = (tau - sqrt(tau * 2)) / (kappa * 2)
        let r = `where`(kappa .< 1e-5, 1 / kappa + kappa, (1 + square(rho)) / (rho * 2))
        let z = cos(Tensor.uniform(proposals, dtype: .float64, generator: generator) * Double.pi)
        let u = positiveUniform(proposals, .float64, generator)
        let f = (1 + r * z) / (r + z)
        let c = kappa * (r - f)
        let isAccepted = (c * (2 - c) .> u) .| (log(c / u) + 1 .>= c)
        let first = isAccepted.argMax(axis: -1, keepingAxes: true)
        let angle = acos(f.clamped(-1, 1).gathered(elements: first, axis: drawn.rank).squeezed(-1))
        let isLeft = Tensor.bernoulli(drawn, probability: 0.5, generator: generator)
        let turned = `where`(isLeft, -angle, angle).cast(to: mean.dtype) + stopGradient(mean)
        return (turned + Double.pi) % (2 * Double.pi) - Double.pi
    }

    public func logProbability(_ value: Tensor) -> Tensor {
        // cos − 1 and the scaled Bessel function, so that nothing overflows
        concentration * (cos(value - mean) - 1) - log(scaledBesselI0(concentration)) - logTau
    }
}
