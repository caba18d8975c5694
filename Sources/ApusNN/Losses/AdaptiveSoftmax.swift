/// A softmax over many classes whose frequencies differ much: the frequent ones and one score for each cluster of rare ones in the head, each
/// cluster in a tail of fewer features (Grave et al. 2017).
///
/// - Input: `x (N, inputs)` and `targets (N)`, or without N.
/// - Parameters: `head.weight (cutoffs[0] + clusters, inputs)`, and for cluster i `tail.i.0.weight (inputs / divisorⁱ⁺¹, inputs)` and
///   `tail.i.1.weight (classes of it, inputs / divisorⁱ⁺¹)`.
public final class AdaptiveLogSoftmaxWithLoss: Module {
    /// Scores of the frequent classes and of the clusters.
    public let head: Linear
    /// The clusters' two products.
    public let tail: [Sequential]
    /// Where the clusters begin, and the number of classes behind the last.
    public let cutoffs: [Int]

    /// - Parameters:
    ///   - cutoffs: the classes at which clusters begin, rising; classes are numbered from the most frequent on.
    ///   - divisor: how many times fewer features each tail has than the one before.
    ///   - headBias: whether the head has a bias.
    public init(
        _ inputs: Int, classes: Int, cutoffs: [Int], divisor: Double = 4, headBias: Bool = false,
        generator: Generator = .current
    ) {
        precondition(
            !cutoffs.isEmpty && zip(cutoffs, cutoffs.dropFirst() + [classes]).allSatisfy { $0 > 0 && $0 < $1 },
            "AdaptiveLogSoftmaxWithLoss: cutoffs \(cutoffs) must rise between 0 and \(classes)")
        self.cutoffs = cutoffs + [classes]
        head = Linear(inputs, cutoffs[0] + cutoffs.count, bias: headBias, generator: generator)
        tail = zip(cutoffs, cutoffs.dropFirst() + [classes]).enumerated().map { index, cluster in
            let features = Int((0...index).reduce(Double(inputs)) { size, _ in size / divisor })
            return Sequential(
                Linear(inputs, features, bias: false, generator: generator),
                Linear(features, cluster.1 - cluster.0, bias: false, generator: generator))
        }
    }

    /// The logarithms of all classes' probabilities: `(N, classes)`.
    public func logProbabilities(_ x: Tensor) -> Tensor {
        let heads = logSoftmax(head(x))
        let frequent = heads.sliced(axis: -1, 0, cutoffs[0])
        let rare = tail.enumerated().map { index, cluster in
            logSoftmax(cluster(x)) + heads.sliced(axis: -1, cutoffs[0] + index, 1)
        }
        return concatenate([frequent] + rare, axis: -1)
    }

    /// The logarithms of the targets' probabilities `(N)`, and minus their mean.
    ///
    /// All clusters are computed for all rows: what is computed does not depend on values.
    public func callAsFunction(_ x: Tensor, _ targets: Tensor) -> (output: Tensor, loss: Tensor) {
        traced(x, targets) {
            let all = logProbabilities(x)
            let output = -negativeLogLikelihood(all, targets, reduction: .none)
            return (output, -output.mean())
        }
    }

    /// The most probable class of each row.
    public func predict(_ x: Tensor) -> Tensor { logProbabilities(x).argMax() }
}
