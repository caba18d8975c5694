import ApusTensor
import ApusTestSupport
import Testing

import class Foundation.Bundle

private let cases = Result { try goldens(named: "distributions", in: .module) }

private func normal(_ x: [Tensor]) -> Normal { Normal(mean: x[0], standardDeviation: x[1]) }
private func logNormal(_ x: [Tensor]) -> LogNormal { LogNormal(mean: x[0], standardDeviation: x[1]) }
private func halfNormal(_ x: [Tensor]) -> HalfNormal { HalfNormal(scale: x[0]) }
private func uniform(_ x: [Tensor]) -> Uniform { Uniform(low: x[0], high: x[1]) }
private func laplace(_ x: [Tensor]) -> Laplace { Laplace(mean: x[0], scale: x[1]) }
private func cauchy(_ x: [Tensor]) -> Cauchy { Cauchy(location: x[0], scale: x[1]) }
private func gumbel(_ x: [Tensor]) -> Gumbel { Gumbel(location: x[0], scale: x[1]) }
private func exponential(_ x: [Tensor]) -> Exponential { Exponential(rate: x[0]) }
private func gamma(_ x: [Tensor]) -> Gamma { Gamma(concentration: x[0], rate: x[1]) }
private func beta(_ x: [Tensor]) -> Beta { Beta(x[0], x[1]) }
private func dirichlet(_ x: [Tensor]) -> Dirichlet { Dirichlet(concentration: x[0]) }
private func studentT(_ x: [Tensor]) -> StudentT { StudentT(degreesOfFreedom: x[0], location: x[1], scale: x[2]) }
private func vonMises(_ x: [Tensor]) -> VonMises { VonMises(mean: x[0], concentration: x[1]) }
private func bernoulli(_ x: [Tensor]) -> Bernoulli { Bernoulli(probability: x[0]) }
private func binomial(_ x: [Tensor]) -> Binomial { Binomial(count: 7, probability: x[0]) }
private func geometric(_ x: [Tensor]) -> Geometric { Geometric(probability: x[0]) }
private func poisson(_ x: [Tensor]) -> Poisson { Poisson(rate: x[0]) }
private func categorical(_ x: [Tensor]) -> Categorical { Categorical(logits: x[0]) }
private func oneHot(_ x: [Tensor]) -> OneHotCategorical { OneHotCategorical(weights: x[0]) }
private func multivariate(_ x: [Tensor]) -> MultivariateNormal { MultivariateNormal(mean: x[0], scale: x[1]) }
private func independent(_ x: [Tensor]) -> Independent<Normal> { Independent(normal(x), axes: 1) }

/// What precision and covariance matrices are made of, on both sides.
private func positive(_ x: Tensor) -> Tensor { matmul(x, x.T) + Tensor.identity(3, dtype: x.dtype) }

private typealias Family = @Sendable ([Tensor]) -> any ProbabilityDistribution

private let families: [String: Family] = [
    "Normal": normal, "LogNormal": logNormal, "HalfNormal": halfNormal, "Uniform": uniform, "Laplace": laplace,
    "Cauchy": cauchy, "Gumbel": gumbel, "Exponential": exponential, "Gamma": gamma, "Beta": beta,
    "Dirichlet": dirichlet, "StudentT": studentT, "VonMises": vonMises, "Bernoulli": bernoulli,
    "Bernoulli logits": { Bernoulli(logits: $0[0]) }, "Binomial": binomial, "Geometric": geometric, "Poisson": poisson,
    "Categorical": categorical, "OneHotCategorical": oneHot,
    "Multinomial": { Multinomial(count: 5, weights: $0[0]) }, "MultivariateNormal": multivariate,
    "MultivariateNormal covariance": { MultivariateNormal(mean: $0[0], covariance: positive($0[1])) },
    "MultivariateNormal precision": { MultivariateNormal(mean: $0[0], precision: positive($0[1])) },
    "Independent": independent,
    "Mixture": { Mixture(weights: Categorical(weights: $0[0]), components: normal(Array($0.dropFirst()))) },
    "Mixture of vectors": {
        Mixture(weights: Categorical(weights: $0[0]), components: independent(Array($0.dropFirst())))
    },
]

private typealias Divergence = @Sendable ([Tensor], [Tensor]) -> Tensor

private func divergence<P: DivergentDistribution>(_ family: @escaping @Sendable ([Tensor]) -> P) -> Divergence {
    { klDivergence(family($0), family($1)) }
}

private let divergences: [String: Divergence] = [
    "Normal Normal": divergence(normal), "LogNormal LogNormal": divergence(logNormal),
    "HalfNormal HalfNormal": divergence(halfNormal), "Uniform Uniform": divergence(uniform),
    "Laplace Laplace": divergence(laplace), "Cauchy Cauchy": divergence(cauchy), "Gumbel Gumbel": divergence(gumbel),
    "Exponential Exponential": divergence(exponential), "Gamma Gamma": divergence(gamma), "Beta Beta": divergence(beta),
    "Dirichlet Dirichlet": divergence(dirichlet), "Bernoulli Bernoulli": divergence(bernoulli),
    "Binomial Binomial": divergence(binomial), "Geometric Geometric": divergence(geometric),
    "Poisson Poisson": divergence(poisson), "Categorical Categorical": divergence(categorical),
    "OneHotCategorical OneHotCategorical": divergence(oneHot),
    "MultivariateNormal MultivariateNormal": divergence(multivariate),
    "Independent Independent": divergence(independent),
    "Beta Normal": { klDivergence(beta($0), normal($1)) },
    "Exponential Normal": { klDivergence(exponential($0), normal($1)) },
    "Gamma Normal": { klDivergence(gamma($0), normal($1)) },
    "Gumbel Normal": { klDivergence(gumbel($0), normal($1)) },
    "Laplace Normal": { klDivergence(laplace($0), normal($1)) },
    "Uniform Normal": { klDivergence(uniform($0), normal($1)) },
    "Gamma Exponential": { klDivergence(gamma($0), exponential($1)) },
    "Beta Exponential": { klDivergence(beta($0), exponential($1)) },
    "Uniform Exponential": { klDivergence(uniform($0), exponential($1)) },
    "Exponential Gamma": { klDivergence(exponential($0), gamma($1)) },
    "Beta Gamma": { klDivergence(beta($0), gamma($1)) }, "Beta Uniform": { klDivergence(beta($0), uniform($1)) },
    "Normal Laplace": { klDivergence(normal($0), laplace($1)) },
    "Normal Gumbel": { klDivergence(normal($0), gumbel($1)) },
    "Exponential Gumbel": { klDivergence(exponential($0), gumbel($1)) },
    "Gamma Gumbel": { klDivergence(gamma($0), gumbel($1)) },
    "Uniform Gumbel": { klDivergence(uniform($0), gumbel($1)) },
    "Bernoulli Poisson": { klDivergence(bernoulli($0), poisson($1)) },
]

/// Families with parameters for draws.
private let drawn: [(name: String, distribution: any ProbabilityDistribution)] = {
    var all: [(name: String, distribution: any ProbabilityDistribution)] = []
    func add(_ distribution: any ProbabilityDistribution) { all.append(("\(type(of: distribution))", distribution)) }
    func x(_ numbers: Double...) -> Tensor { Tensor(numbers) }
    add(Normal(mean: x(-1, 2), standardDeviation: x(0.5, 3)))
    add(LogNormal(mean: x(0.2), standardDeviation: x(0.3)))
    add(HalfNormal(scale: x(0.5, 3)))
    add(Uniform(low: x(-1), high: x(3)))
    add(Laplace(mean: x(1), scale: x(0.5)))
    add(Gumbel(location: x(1), scale: x(2)))
    add(Exponential(rate: x(2)))
    add(Gamma(concentration: x(0.3, 1, 4.5, 200), rate: x(1, 2, 0.5, 1)))
    add(Beta(x(1.5, 2), x(2, 5)))
    add(Dirichlet(concentration: x(0.5, 2, 3)))
    add(StudentT(degreesOfFreedom: x(9), location: x(1), scale: x(2)))
    add(Bernoulli(probability: x(0, 0.3, 1)))
    add(Binomial(count: 9, probability: x(0.2, 0.8)))
    add(Geometric(probability: x(0.2, 0.8)))
    add(Poisson(rate: x(0.2, 4, 9.9, 10, 47, 3000)))
    add(OneHotCategorical(weights: x(1, 0, 3)))
    add(Multinomial(count: 6, weights: x(1, 2, 3)))
    add(MultivariateNormal(mean: x(1, -1), covariance: x(2, 0.6, 0.6, 0.5).reshaped(2, 2)))
    add(Independent(Normal(mean: x(-1, 2), standardDeviation: x(0.5, 3)), axes: 1))
    add(
        Mixture(
            weights: Categorical(weights: x(1, 3)), components: Normal(mean: x(-2, 1), standardDeviation: x(0.5, 1))))
    return all
}()

@Suite("Distributions")
struct DistributionTests {
    @Test(arguments: try cases.get(), TestedBackend.allCases)
    func golden(_ golden: GoldenCase, on backend: TestedBackend) throws {
        try backend.run { try golden.check { try outputs(of: golden, $0) } }
    }

    @Test(arguments: try cases.get().filter { !$0.gradients.isEmpty && $0.name.hasSuffix("float64") })
    func gradient(_ golden: GoldenCase) throws {
        let places = golden.gradients.indices.filter { golden.gradients[$0] != nil }
        checkGradients(at: places.map { golden.inputs[$0] }, golden.name) { variables in
            var inputs = golden.inputs
            for (place, variable) in zip(places, variables) { inputs[place] = variable }
            let results = try! outputs(of: golden, inputs).filter { isFinite($0).all().item() != 0 }
            return concatenate(results.map { $0.flattened() })
        }
    }

    private func outputs(of golden: GoldenCase, _ inputs: [Tensor]) throws -> [Tensor] {
        let words = golden.operation.split(separator: " ", maxSplits: 1).map(String.init)
        if golden.operation == "divergence" {
            let (p, q, count) = (golden["p"].string, golden["q"].string, golden["count"].int)
            let divergence = try #require(divergences["\(p) \(q)"])
            return [divergence(Array(inputs.prefix(count)), Array(inputs.dropFirst(count)))]
        }
        if words[0] == "cumulative" {
            let make = try #require(families[words[1]])
            let family = try #require(make(Array(inputs.dropLast())) as? any CumulativeDistribution)
            return [family.cumulativeProbability(inputs.last!)]
        }
        let make = try #require(families[golden.operation], "\(golden.operation)")
        let family = make(Array(inputs.dropLast()))
        var results = [family.logProbability(inputs.last!)]
        if golden["moments"].bool { results += [family.mean, family.variance] }
        if golden["entropic"].bool {
            let entropic = try #require(family as? any EntropicDistribution)
            results.append(entropic.entropy)
        }
        if golden["cumulative"].bool {
            let cumulative = try #require(family as? any CumulativeDistribution)
            results.append(cumulative.cumulativeProbability(inputs.last!))
        }
        return results
    }

    /// The mean of n draws is within 5 of its standard deviations, and so is, roughly, the variance.
    @Test(arguments: drawn.indices)
    func drawsHaveTheMoments(_ index: Int) throws {
        let (name, distribution) = drawn[index]
        let n = 20000
        let draws = withSeed(7) { distribution.sample([n]) }.cast(to: .float64)
        #expect(
            draws.shape == Shape([n] + distribution.batchShape.dimensions + distribution.eventShape.dimensions),
            "\(name)")
        let (mean, variance) = (distribution.mean.cast(to: .float64), distribution.variance.cast(to: .float64))
        let deviation = sqrt(variance / Double(n))
        let isNear = abs(draws.mean(axes: 0) - mean) .<= deviation * 5 + 1e-6
        #expect(isNear.all().item() != 0, "\(name): mean \(draws.mean(axes: 0)), expected \(mean)")
        let found = draws.variance(axes: 0)
        // The fourth moment of the draws tells how far their variance may be off.
        let fourth = square(square(draws - mean)).mean(axes: 0)
        let isAlike = abs(found - variance) .<= sqrt(fourth / Double(n)) * 5 + 1e-6
        #expect(isAlike.all().item() != 0, "\(name): variance \(found), expected \(variance)")
        #expect(isFinite(distribution.logProbability(draws)).all().item() != 0, "\(name)")
    }

    /// The distribution function of draws is uniform: its mean is 1/2. Whole numbers have both sides of a step.
    @Test(arguments: drawn.indices)
    func drawsFollowTheDistributionFunction(_ index: Int) {
        guard let distribution = drawn[index].distribution as? any CumulativeDistribution else { return }
        let n = 20000
        let draws = withSeed(8) { distribution.sample([n]) }.cast(to: .float64)
        let isWhole = (draws .== round(draws)).all().item() != 0
        let below = isWhole ? distribution.cumulativeProbability(draws - 1) : distribution.cumulativeProbability(draws)
        let middle = (distribution.cumulativeProbability(draws) + below).cast(to: .float64) * 0.5
        let isEven = abs(middle.mean(axes: 0) - 0.5) .<= 5 / (12 * Double(n)).squareRoot()
        #expect(isEven.all().item() != 0, "\(drawn[index].name): \(middle.mean(axes: 0))")
    }

    @Test func drawsDependOnTheSeedAlone() {
        for (name, distribution) in drawn {
            let (a, b, c) = (
                withSeed(1) { distribution.sample([3]) }, withSeed(1) { distribution.sample([3]) },
                withSeed(2) { distribution.sample([40]) }
            )
            #expect(isEqual(a, b).item() != 0, "\(name)")
            #expect(c.shape[0] == 40)
        }
    }

    @Test func quantilesInvertDistributionFunctions() {
        let p = Tensor([0.01, 0.3, 0.5, 0.8, 0.99], dtype: .float64)
        let (a, b) = (Tensor(0.4, dtype: .float64), Tensor(1.3, dtype: .float64))
        let near = Tolerance(relative: 1e-8, absolute: 1e-10)
        let normal = Normal(mean: a, standardDeviation: b)
        expectClose(normal.cumulativeProbability(normal.quantile(p)), p, near)
        let logNormal = LogNormal(mean: a, standardDeviation: b)
        expectClose(logNormal.cumulativeProbability(logNormal.quantile(p)), p, near)
        let half = HalfNormal(scale: b)
        expectClose(half.cumulativeProbability(half.quantile(p)), p, near)
        let uniform = Uniform(low: a, high: b)
        expectClose(uniform.cumulativeProbability(uniform.quantile(p)), p, near)
        let laplace = Laplace(mean: a, scale: b)
        expectClose(laplace.cumulativeProbability(laplace.quantile(p)), p, near)
        let cauchy = Cauchy(location: a, scale: b)
        expectClose(cauchy.cumulativeProbability(cauchy.quantile(p)), p, near)
        let gumbel = Gumbel(location: a, scale: b)
        expectClose(gumbel.cumulativeProbability(gumbel.quantile(p)), p, near)
        let exponential = Exponential(rate: b)
        expectClose(exponential.cumulativeProbability(exponential.quantile(p)), p, near)
    }

    /// `∂z/∂θ = −∂F(z; θ)/∂θ / p(z)`: the draws move so that none passes another.
    @Test(arguments: [0.3, 0.9, 1.5, 30])
    func gammaDrawsMoveWithTheirParameters(_ concentration: Double) {
        let alpha = Tensor(concentration, dtype: .float64)
        let one = Tensor(1.0, dtype: .float64)
        func draws(_ alpha: Tensor) -> Tensor {
            withSeed(3) { Gamma(concentration: alpha, rate: one).sample([50]) }
        }
        let z = draws(alpha)
        let found = valueAndGradients(at: [alpha.broadcast(to: [50])]) { variables in
            withSeed(3) { Gamma(concentration: variables[0], rate: one).sample() }.sum()
        }.gradients[0]
        let step = 1e-5
        let change = (lowerGamma(alpha + step, z) - lowerGamma(alpha - step, z)) / (2 * step)
        let expected = -change / exp(Gamma(concentration: alpha, rate: one).logProbability(z))
        expectClose(found, expected, Tolerance(relative: 1e-5, absolute: 1e-8))
    }

    /// The mean of the gradients of draws is the gradient of the mean.
    @Test func gradientsPassThroughDraws() {
        let n = 4000
        func check(_ name: String, at point: [Double], _ family: ([Tensor]) -> any ProbabilityDistribution) {
            let variables = point.map { Tensor($0, dtype: .float64) }
            let found = valueAndGradients(at: variables) { variables in
                withSeed(5) { family(variables).sample([n]) }.mean()
            }.gradients
            let expected = valueAndGradients(at: variables) { family($0).mean.mean() }.gradients
            for (found, expected) in zip(found, expected) {
                expectClose(found, expected, Tolerance(relative: 0.1, absolute: 0.1), name)
            }
        }
        check("Normal", at: [1, 2]) { normal($0) }
        check("LogNormal", at: [0.1, 0.3]) { logNormal($0) }
        check("Uniform", at: [-1, 2]) { uniform($0) }
        check("Laplace", at: [1, 0.5]) { laplace($0) }
        check("Gumbel", at: [1, 0.5]) { gumbel($0) }
        check("Exponential", at: [2]) { exponential($0) }
        check("Gamma", at: [2, 3]) { gamma($0) }
        check("Beta", at: [2, 3]) { beta($0) }
        check("StudentT", at: [7, 1, 0.5]) { studentT($0) }
    }

    @Test func mistakesAreReported() {
        let matrix = Tensor.zeros([2, 3])
        #expect(throws: TensorError.self) {
            try withTensorErrors { _ = MultivariateNormal(mean: matrix, scale: matrix).mean }
        }
        #expect(throws: TensorError.self) { try withTensorErrors { _ = Categorical(logits: Tensor(1.0)) } }
        #expect(throws: TensorError.self) { try withTensorErrors { _ = Dirichlet(concentration: Tensor(1.0)) } }
        #expect(throws: TensorError.self) {
            try withTensorErrors { _ = Normal(mean: matrix, standardDeviation: Tensor.zeros([2])) }
        }
    }
}
