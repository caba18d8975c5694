import ApusTensor
import Foundation

/// A map on which points that are near each other in many dimensions are near each other in two, found by gradient descent on
/// `KL(P ‖ Q) = Σᵢⱼ pᵢⱼ log(pᵢⱼ / qᵢⱼ)`, where P are normal similarities in space and Q Student's on the map.
///
/// The gradient is exact, which takes n² memory: it is meant for some thousand points.
///
/// Reference: van der Maaten and Hinton, “Visualizing data using t-SNE”, 2008.
public struct TSNE: Sendable {
    /// About how many neighbours a point has; 30 by default. Fewer points have a third of their number.
    public var perplexity: Double
    /// Steps; 750 by default. In the first third P is taken `exaggeration` times as large, so that clusters find together.
    public var iterations: Int
    /// How much larger; 4 by default, as in the reference.
    public var exaggeration: Double
    /// The map's dimensions; 2 by default.
    public var dimension: Int

    public init(perplexity: Double = 30, iterations: Int = 750, exaggeration: Double = 4, dimension: Int = 2) {
        precondition(
            perplexity > 1 && iterations > 0 && dimension > 0,
            "TSNE: perplexity \(perplexity), \(iterations) iterations")
        self.perplexity = perplexity
        self.iterations = iterations
        self.exaggeration = exaggeration
        self.dimension = dimension
    }

    /// A map and how well it fits.
    public struct Map: Sendable {
        /// (n, dimension)
        public let places: Tensor
        /// `KL(P ‖ Q)` at the beginning, after each fifty steps without exaggeration, and at the end.
        public let divergences: [Double]
    }

    /// The map of points, (n, d) with n > 3. It begins with their principal components, so that no chance is in it.
    public func callAsFunction(_ points: Tensor) -> Map {
        let count = points.shape[0]
        precondition(points.rank == 2 && count > 3, "TSNE: points \(points.shape); at least four are needed")
        let p = similarities(points).evaluated()
        let components = PrincipalComponents(of: points, count: min(dimension, points.shape[1]))
        let spread = sqrt(components.variances[0]) + 1e-12
        var y = (components(points) / spread * 1e-4).padded([(0, 0), (0, max(0, dimension - points.shape[1]))])
            .evaluated()
        var velocity = Tensor.zeros(like: y)
        var gains = Tensor.ones(like: y)
        // The rate that Belkina et al. (2019) found to suit the number of points.
        let rate = max(Double(count) / exaggeration / 4, 10)
        let early = iterations / 3
        var divergences = [divergence(p, y)]

        for step in 0..<iterations {
            let gradient = gradient(step < early ? p * exaggeration : p, y)
            // A coordinate that keeps its direction goes faster (Jacobs 1988).
            let turns = (gradient .> 0) .== (velocity .> 0)
            gains = maximum(`where`(turns, gains * 0.8, gains + 0.2), Tensor(0.01))
            velocity = velocity * (step < early ? 0.5 : 0.8) - gains * gradient * rate
            y = y + velocity
            y = y - y.mean(axes: 0, keepingAxes: true)
            evaluate([y, velocity, gains])
            if step >= early, step % 50 == 0 { divergences.append(divergence(p, y)) }
        }
        return Map(places: y, divergences: divergences + [divergence(p, y)])
    }

    /// `∂KL/∂yᵢ = 4 Σⱼ (pᵢⱼ − qᵢⱼ) (yᵢ − yⱼ) / (1 + ‖yᵢ − yⱼ‖²)`. (n, dimension)
    package func gradient(_ p: Tensor, _ y: Tensor) -> Tensor {
        let closeness = closeness(y)  // (n, n)
        let q = closeness / closeness.sum()
        let forces = (p - q) * closeness
        return 4 * (forces.sum(axes: 1, keepingAxes: true) * y - matmul(forces, y))
    }

    /// `KL(P ‖ Q)`.
    package func divergence(_ p: Tensor, _ y: Tensor) -> Double {
        let closeness = closeness(y)
        let q = closeness / closeness.sum()
        return (xlogy(p, maximum(p, Tensor(1e-12)) / maximum(q, Tensor(1e-12)))).sum().item()
    }

    /// `1 / (1 + ‖yᵢ − yⱼ‖²)`, 0 on the diagonal. (n, n)
    private func closeness(_ y: Tensor) -> Tensor {
        let lengths = square(y).sum(axes: 1, keepingAxes: true)  // (n, 1)
        let distances = maximum(lengths + lengths.T - 2 * matmul(y, y.T), Tensor(0.0))
        return 1 / (1 + distances) * (1 - Tensor.identity(y.shape[0]))
    }

    /// P: how probably each point would choose each other one, in a normal distribution around it as wide as makes the perplexity; the mean
    /// of both ways round. (n, n)
    package func similarities(_ points: Tensor) -> Tensor {
        let count = points.shape[0]
        let distances = square(cdist(points, points)).elements(as: Double.self)
        let entropy = log(min(perplexity, Double(count - 1) / 3))
        var p = [Double](repeating: 0, count: count * count)
        for i in 0..<count {
            let row = Self.conditional(distances[i * count..<(i + 1) * count], without: i, entropy: entropy)
            for j in 0..<count {
                p[i * count + j] += row[j] / Double(2 * count)
                p[j * count + i] += row[j] / Double(2 * count)
            }
        }
        return Tensor(p, shape: [count, count]).cast(to: .float32)
    }

    /// `exp(−β d²)` normalized, with the β that gives the entropy, by bisection.
    private static func conditional(_ distances: ArraySlice<Double>, without own: Int, entropy: Double) -> [Double] {
        let distances = Array(distances)
        let nearest = distances.indices.filter { $0 != own }.map { distances[$0] }.min() ?? 0
        var (low, high, beta) = (0.0, Double.infinity, 1.0)
        var weights: [Double] = []
        for _ in 0..<64 {
            weights = distances.indices.map { $0 == own ? 0 : exp(-beta * (distances[$0] - nearest)) }
            let sum = weights.reduce(0, +)
            weights = weights.map { $0 / sum }
            let found = weights.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
            if abs(found - entropy) < 1e-5 { break }
            if found > entropy {
                low = beta
                beta = high.isFinite ? (low + high) / 2 : beta * 2
            } else {
                high = beta
                beta = (low + high) / 2
            }
        }
        return weights
    }
}
