/// Generalized advantage estimates: `Aₜ = δₜ + γλ Aₜ₊₁` with `δₜ = rₜ + γ V(sₜ₊₁) − V(sₜ)`, where nothing is carried over the end of an episode.
///
/// - Parameters:
///   - rewards: `[t][copy]`, as are values and ends.
///   - ends: whether an episode was over after this step. A value that is still to come where it was only cut off has to be in its reward.
///   - lastValues: of the states after the last step, by copy.
/// - Returns: `[t][copy]`
/// - Reference: Schulman, Moritz, Levine, Jordan and Abbeel, “High-dimensional continuous control using generalized advantage
///   estimation”, 2016.
public func generalizedAdvantages(
    rewards: [[Double]], values: [[Double]], ends: [[Bool]], lastValues: [Double], discount: Double, decay: Double
) -> [[Double]] {
    var advantages = rewards
    var (nextValues, nextAdvantages) = (lastValues, lastValues.map { _ in 0.0 })
    for t in rewards.indices.reversed() {
        for copy in lastValues.indices {
            let goesOn = ends[t][copy] ? 0.0 : 1.0
            let delta = rewards[t][copy] + discount * goesOn * nextValues[copy] - values[t][copy]
            advantages[t][copy] = delta + discount * decay * goesOn * nextAdvantages[copy]
        }
        (nextValues, nextAdvantages) = (values[t], advantages[t])
    }
    return advantages
}
