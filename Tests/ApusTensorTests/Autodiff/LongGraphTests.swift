import ApusTensor
import ApusTestSupport
import Testing

/// Graphs that recursion over nodes or unbounded pending work would not survive.
@Suite("Long graphs", .serialized)
struct LongGraphTests {
    private final class Watch {
        weak var node: Node?
        init(_ x: Tensor) { node = x.node }
    }

    @Test(.timeLimit(.minutes(2)), arguments: [TestedBackend.cpu])
    func aMillionAdditions(_ backend: TestedBackend) {
        backend.run {
            let x = Tensor(0.5, dtype: .float64)
            var watch: Watch?
            do {
                let (value, gradients) = valueAndGradients(at: [x]) { variables in
                    var total = Tensor(0.0, dtype: .float64)
                    for step in 0..<1_000_000 {
                        total += variables[0]
                        if step == 500_000 { watch = Watch(total) }
                    }
                    return total
                }
                #expect(value.item() == 500_000)
                #expect(gradients[0].item() == 1_000_000)
            }
            #expect(watch?.node == nil, "the chain is still there")
        }
    }

    @Test(arguments: TestedBackend.allCases) func aPendingChainIsFreedUnlookedAt(_ backend: TestedBackend) {
        backend.run {
            var total: Tensor? = Tensor(0.0)
            let watch = Watch(total! + 1)
            for _ in 0..<40_000 { total = total! + 1 }
            total = nil
            #expect(watch.node == nil)
        }
    }

    @Test(arguments: [TestedBackend.cpu]) func aSumThatNobodyLooksAtKeepsMemoryBounded(_ backend: TestedBackend) {
        backend.run {
            let before = MemoryStatistics.current.inUse
            var total = Tensor.zeros([256])
            var watches: [Watch] = []
            for step in 0..<200_000 {
                let loss = Tensor.ones([256]) * Double(step % 2)
                if step % 20_000 == 0 { watches.append(Watch(loss)) }
                total += loss
            }
            #expect(watches.dropLast(3).allSatisfy { $0.node == nil })
            #expect(MemoryStatistics.current.inUse - before < 100 << 20)
            #expect(total[0].item() == 100_000)
        }
    }

    @Test(arguments: TestedBackend.allCases) func trainingStepsKeepNoHistory(_ backend: TestedBackend) {
        backend.run {
            var weight = Tensor.ones([4, 4])
            var watches: [Watch] = []
            var losses: [Tensor] = []
            for _ in 0..<20 {
                let (loss, gradients) = valueAndGradients(at: [weight]) { v in
                    let hidden = tanh(matmul(v[0], v[0]))
                    watches.append(Watch(hidden))
                    return hidden.sum()
                }
                weight = (weight - gradients[0] * 0.01).evaluated()
                losses.append(loss)
            }
            // Losses that are kept and were computed along the way keep no graph behind them.
            evaluate(losses)
            #expect(watches.allSatisfy { $0.node == nil })
        }
    }

    @Test(arguments: TestedBackend.allCases) func twoTasksTrainAtOnce(_ backend: TestedBackend) async {
        @Sendable func train(_ seed: UInt64) -> [Double] {
            backend.run {
                let maker = TensorMaker(seed: seed)
                let (x, target) = (maker.uniform([16, 5]), maker.uniform([16, 3]))
                var weights = [maker.uniform([5, 8]), maker.uniform([8, 3])]
                return (0..<30).map { _ in
                    let (loss, gradients) = valueAndGradients(at: weights) { w in
                        square(matmul(tanh(matmul(x, w[0])), w[1]) - target).mean()
                    }
                    weights = zip(weights, gradients).map { $0 - $1 * 0.1 }
                    return loss.item()
                }
            }
        }
        let alone = [train(1), train(2)]
        #expect(alone.allSatisfy { $0.last! < $0[0] })
        let together = await withTaskGroup(of: (Int, [Double]).self) { group in
            for index in 0..<4 { group.addTask { (index, train(UInt64(index % 2) + 1)) } }
            return await group.reduce(into: [Int: [Double]]()) { $0[$1.0] = $1.1 }
        }
        for index in 0..<4 { #expect(together[index] == alone[index % 2]) }
    }
}
