import ApusNN
import ApusOptim
import ApusTestSupport
import Testing

/// A table, looked up at some rows twice.
private final class Table: Module {
    @Parameter var weight: Tensor

    init(_ weight: Tensor) { self.weight = weight }

    func gradients(_ first: [Int], _ second: [Int], _ factors: Tensor) -> Gradients {
        valueAndGradients(self) {
            let rows = concatenate([$0.weight.gathered(Tensor(first)), $0.weight.gathered(Tensor(second))])
            return (rows * factors).sum()
        }.gradients
    }
}

@Suite("SparseAdam") struct SparseAdamTests {
    /// Rows 1 and 3 are looked up, row 1 three times. The figures are those of torch.optim.SparseAdam with
    /// nn.functional.embedding(…, sparse=True).
    @Test(arguments: TestedBackend.allCases) func rowsOfATable(on backend: TestedBackend) {
        backend.run {
            let table = Table(Tensor([[1.0, 2], [3, 4], [5, 6], [7, 8]]))
            let optimizer = SparseAdam(table, learningRate: 0.1)
            let factors = Tensor([[1.0, -1], [2, 0.5], [0.25, 3], [1, 1]])
            optimizer.step(table.gradients([1, 3], [1, 1], factors))
            expectClose(table.weight, Tensor([[1.0, 2], [2.9, 3.9], [5, 6], [6.9, 7.9]]))
            optimizer.step(table.gradients([0, 3], [0, 3], factors))
            expectClose(
                table.weight,
                Tensor([[0.92558634, 1.92558634], [2.9, 3.9], [5, 6], [6.80091953, 7.80822182]]))
        }
    }

    /// A row that is not looked up keeps its moments: the next look-up goes on from there.
    @Test(arguments: TestedBackend.allCases) func otherRowsStayAsTheyAre(on backend: TestedBackend) {
        backend.run {
            let start = Tensor.normal([5, 3], generator: Generator(seed: 1)).evaluated()
            let table = Table(start)
            let optimizer = SparseAdam(table, learningRate: 0.1)
            optimizer.step(table.gradients([0], [4], .ones([2, 3])))
            expectClose(table.weight[1..<4], start[1..<4], .exact)
            let moments = optimizer.stateDictionary()["weight.exp_avg"]!
            optimizer.step(table.gradients([0], [0], .ones([2, 3])))
            expectClose(optimizer.stateDictionary()["weight.exp_avg"]![1...], moments[1...], .exact)
        }
    }

    /// A parameter that takes part as a whole has Adam's steps.
    @Test(arguments: TestedBackend.allCases) func wholeParametersHaveAdamsSteps(on backend: TestedBackend) {
        backend.run {
            let (one, other) = (
                Linear(3, 2, generator: Generator(seed: 2)), Linear(3, 2, generator: Generator(seed: 2))
            )
            let (sparse, dense) = (SparseAdam(one), Adam(other))
            let x = Tensor.normal([4, 3], generator: Generator(seed: 3))
            for _ in 0..<3 {
                sparse.step(valueAndGradients(one) { square($0(x)).sum() }.gradients)
                dense.step(valueAndGradients(other) { square($0(x)).sum() }.gradients)
            }
            expectClose(one.weight, other.weight, .exact)
        }
    }

    /// Without look-ups nothing changes.
    @Test(arguments: TestedBackend.allCases) func noLookups(on backend: TestedBackend) {
        backend.run {
            let table = Table(.ones([3, 2]))
            let optimizer = SparseAdam(table)
            optimizer.step(table.gradients([0], [2], .ones([2, 2])))
            let before = table.weight.elements(as: Float.self)
            optimizer.step(table.gradients([], [], .ones([0, 2])))
            #expect(table.weight.elements(as: Float.self) == before)
        }
    }
}
