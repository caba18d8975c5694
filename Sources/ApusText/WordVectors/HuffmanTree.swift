/// A binary tree over words in which frequent words lie near the root: hierarchical softmax takes a word's probability as the product of
/// the turns on the way to it.
///
/// Reference: Morin and Bengio, “Hierarchical probabilistic neural network language model”, 2005; with Huffman's tree, Mikolov et al. 2013.
package struct HuffmanTree: Hashable, Sendable {
    /// Where each word's path begins in `nodes` and `labels`, and at last their end.
    package let starts: [Int64]
    /// The inner nodes on each way, from the root down.
    package let nodes: [Int32]
    /// Which way it goes at each node: 1 or 0.
    package let labels: [Float]

    /// - Parameter counts: of each word, falling.
    package init(counts: [Int]) {
        let wordCount = counts.count
        precondition(wordCount > 0, "HuffmanTree: no words")
        var weights = counts + [Int](repeating: .max, count: max(0, wordCount - 1))
        var parents = [Int](repeating: 0, count: weights.count)
        var labelOfNode = [Float](repeating: 0, count: weights.count)
        // The lightest are the last of the words and the first of the inner nodes, as these are made in rising order.
        var (word, inner) = (wordCount - 1, wordCount)
        for made in wordCount..<max(wordCount, 2 * wordCount - 1) {
            func lightest() -> Int {
                if word >= 0, inner >= made || weights[word] < weights[inner] {
                    word -= 1
                    return word + 1
                }
                inner += 1
                return inner - 1
            }
            let (first, second) = (lightest(), lightest())
            weights[made] = weights[first] + weights[second]
            (parents[first], parents[second]) = (made, made)
            labelOfNode[first] = 1
        }
        var starts: [Int64] = [0]
        var nodes: [Int32] = []
        var labels: [Float] = []
        let root = weights.count - 1
        for word in 0..<wordCount {
            var path: [(node: Int32, label: Float)] = []
            var place = word
            while place != root {
                path.append((Int32(parents[place] - wordCount), labelOfNode[place]))
                place = parents[place]
            }
            nodes += path.reversed().map(\.node)
            labels += path.reversed().map(\.label)
            starts.append(Int64(nodes.count))
        }
        (self.starts, self.nodes, self.labels) = (starts, nodes, labels)
    }

    /// The number of inner nodes, each of which has a vector.
    package var innerCount: Int { max(1, starts.count - 2) }

    /// The length of the longest way.
    package var longestPath: Int { zip(starts, starts.dropFirst()).map { Int($1 - $0) }.max() ?? 0 }
}
