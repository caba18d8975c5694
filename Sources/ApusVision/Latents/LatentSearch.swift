import ApusOptim
import Foundation

/// Finds what a generator would have to be given to make a picture, by going down a distance's gradient from several starts at once.
///
/// Reference: Zhu et al., “Generative visual manipulation on the natural image manifold”, 2016; Creswell and Bharath, “Inverting the
/// generator of a generative adversarial network”, 2018.
public struct LatentSearch: Sendable {
    /// Steps of Adam.
    public var steps: Int
    /// The steps' size at first; it falls to 0 along half a cosine.
    public var learningRate: Double

    public init(steps: Int = 200, learningRate: Double = 0.1) {
        precondition(steps > 0, "LatentSearch: \(steps) steps")
        self.steps = steps
        self.learningRate = learningRate
    }

    /// What is searched.
    private final class Latents: Module {
        @Parameter var z: Tensor
        init(_ z: Tensor) { self.z = z }
    }

    /// - Parameters:
    ///   - starts: (B, D)
    ///   - distance: of each of B latents, (B), each of its own latent alone.
    /// - Returns: where each start led, and the distance there.
    public func callAsFunction(from starts: Tensor, _ distance: @escaping (Tensor) -> Tensor) -> (
        latents: Tensor, distances: [Double]
    ) {
        let latents = Latents(starts.evaluated())
        let optimizer = Adam(latents, learningRate: learningRate)
        for step in 0..<steps {
            optimizer.learningRate = learningRate * (1 + cos(.pi * Double(step) / Double(steps))) / 2
            let (_, gradients) = valueAndGradients(latents) { distance($0.z).sum() }
            optimizer.step(gradients)
        }
        return (latents.z, distance(latents.z).elements())
    }
}
