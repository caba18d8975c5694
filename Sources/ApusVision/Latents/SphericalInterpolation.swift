import ApusTensor
import Foundation

/// Points on the arc between two vectors of normal noise: `sin((1 − t)Ω)/sin Ω · a + sin(tΩ)/sin Ω · b` with Ω the angle between them.
///
/// The straight line between two such vectors leads through a region of short ones, which are as good as never drawn; the arc keeps their length.
///
/// Reference: White, “Sampling generative networks”, 2016.
///
/// - Parameters:
///   - a: (D)
///   - b: (D)
///   - count: at least 2 points, both ends included.
/// - Returns: (count, D)
public func sphericalInterpolation(from a: Tensor, to b: Tensor, count: Int) -> Tensor {
    precondition(
        a.rank == 1 && a.shape == b.shape && count >= 2,
        "sphericalInterpolation: \(count) points from a \(a.shape) to a \(b.shape)")
    let cosine: Double = cosineSimilarity(a, b, axis: 0).item()
    let angle = acos(min(1, max(-1, cosine)))
    let places = (0..<count).map { Double($0) / Double(count - 1) }
    let shares = places.map { t -> (Double, Double) in
        // Nearly parallel vectors have no arc to speak of, and opposite ones too many.
        guard sin(angle) > 1e-6 else { return (1 - t, t) }
        return (sin((1 - t) * angle) / sin(angle), sin(t * angle) / sin(angle))
    }
    return stack(shares.map { a * $0.0 + b * $0.1 }).evaluated()
}
