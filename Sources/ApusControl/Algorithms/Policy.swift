import ApusData
import ApusNN
import ApusTensor

/// A network that scores the actions of a state: by what they are worth (Q), or by how likely they are chosen (logits).
public protocol DiscretePolicy: Layer {
    /// (B, …) → (B, actions)
    func scores(_ observations: Tensor) -> Tensor
}

extension DiscretePolicy {
    /// The scores.
    public func callAsFunction(_ x: Tensor) -> Tensor { scores(x) }
}

/// The best action of each row of scores (B, actions); the first of equals.
public func greedyActions(_ scores: Tensor) -> [Int] { scores.argMax(axis: 1).elements() }

/// Plays whole episodes.
///
/// All begin together and each counts once, so that short ones are not counted more often than long ones.
///
/// - Parameters:
///   - count: episodes.
///   - seed: of the beginnings and of all chance in the world.
///   - choose: an action for each row of observations (B, …).
/// - Returns: the episodes in no order that matters.
public func playEpisodes(
    in environment: any Environment, count: Int, seed: UInt64, choose: (Tensor) -> [Int]
) throws -> [VectorEnvironment.Episode] {
    let generator = Generator(seed: seed)
    var worlds = try VectorEnvironment(environment, count: count, generator)
    var episodes: [VectorEnvironment.Episode?] = Array(repeating: nil, count: count)
    while episodes.contains(where: { $0 == nil }) {
        for (copy, episode) in try worlds.step(choose(worlds.batch), generator).finished where episodes[copy] == nil {
            episodes[copy] = episode
        }
    }
    return episodes.compactMap { $0 }
}

extension [VectorEnvironment.Episode] {
    /// The mean of their total rewards; 0 for none.
    public var meanReturn: Double { isEmpty ? 0 : map(\.totalReward).reduce(0, +) / Double(count) }
}
