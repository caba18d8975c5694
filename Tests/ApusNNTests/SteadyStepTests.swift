import ApusNN
import ApusOptim
import ApusTestSupport
import Testing

private final class Classifier: Module, Layer {
    let hidden = Linear(20, 30)
    let norm = BatchNorm1d(30)
    let output = Linear(30, 4)

    func callAsFunction(_ x: Tensor) -> Tensor { output(relu(norm(hidden(x)))) }
}

/// Nothing is repeated from step to step that the step before has done already.
@Suite("Steady steps", .serialized) struct SteadyStepTests {
    // The counters are the whole process's, so each rule has one of its own.
    @Test(arguments: ["SGD", "Adam", "AdamW", "RMSprop"])
    func aTrainingStepPlansNothingAndTakesNoMemory(_ rule: String) async {
        await #expect(processExitsWith: .success) { [rule] in
            let model = withSeed(1) { Classifier() }
            let optimizer: Optimizer =
                switch rule {
                case "SGD": SGD(model, momentum: 0.9)
                case "Adam": Adam(model)
                case "AdamW": AdamW(model)
                default: RMSprop(model)
                }
            let (x, y) = withSeed(2) {
                (Tensor.normal([16, 20]).evaluated(), Tensor.randomIntegers([16], in: 0..<4).evaluated())
            }
            func step() -> Double {
                let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(x), y) }
                optimizer.step(gradients)
                return loss.item()
            }
            for _ in 0..<4 { _ = step() }
            let before = EngineStatistics.current
            for _ in 0..<5 { _ = step() }
            let done = EngineStatistics.current.since(before)
            #expect(done.evaluations == 5)
            #expect(done.plansMade == 0)
            #expect(done.allocations == 0)
            #expect(done.overwrittenInputs >= 5 * model.parameters.count)
        }
    }

    @Test func aCompiledModelReadsItsParametersAnewAndKeepsItsBuffers() {
        let model = withSeed(1) { Classifier() }
        let x = withSeed(2) { Tensor.normal([16, 20]).evaluated() }
        let predict = compile(model) { model($0) }
        for round in 0..<6 {
            model.output.bias = Tensor.full([4], Double(round)).evaluated()
            let mean = model.norm.runningMean
            let expected = withRestoredBuffers(model) { model(x).evaluated() }
            expectClose(predict(x), expected)
            #expect(model.norm.runningMean!.elements(as: Float.self) != mean!.elements(as: Float.self))
        }
    }

    /// What a call does to buffers undone.
    private func withRestoredBuffers(_ model: Module, _ body: () -> Tensor) -> Tensor {
        let old = model.buffers.map(\.tensor)
        defer { for (slot, tensor) in zip(model.buffers, old) { slot.tensor = tensor } }
        return body()
    }
}
