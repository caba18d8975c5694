import ApusNN
import ApusOptim
import ApusReference
import ApusTestSupport
import Testing

/// A two-layer classifier for the tests of training.
final class TinyNet: Module, Layer {
    let hidden: Linear
    let norm = BatchNorm1d(8)
    let output: Linear

    init(generator: Generator = Generator(seed: 1)) {
        hidden = Linear(4, 8, generator: generator)
        output = Linear(8, 3, generator: generator)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { output(relu(norm(hidden(x)))) }
}

/// A linear rule that a small network learns: the class is that of the largest of three sums.
func tinyBatch(seed: UInt64 = 7, count: Int = 32) -> (inputs: Tensor, labels: Tensor) {
    let inputs = Tensor.normal([count, 4], generator: Generator(seed: seed)).evaluated()
    let labels = matmul(inputs, Tensor.normal([4, 3], generator: Generator(seed: 3))).argMax(axis: 1).evaluated()
    return (inputs, labels)
}

@Suite struct TrainingTests {
    @Test(arguments: ["sgd", "adam", "adamw"])
    func lossFalls(name: String) {
        Engine.withBackend(ReferenceBackend.shared) {
            let model = TinyNet()
            let optimizer: Optimizer =
                switch name {
                case "sgd": SGD(model, learningRate: 0.1, momentum: 0.9)
                case "adam": Adam(model, learningRate: 0.02)
                default: AdamW(model, learningRate: 0.02)
                }
            let (inputs, labels) = tinyBatch()
            var losses: [Double] = []
            for _ in 0..<20 {
                let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(inputs), labels) }
                optimizer.step(gradients)
                losses.append(loss.item())
            }
            #expect(losses.last! < losses[0] * 0.4, "\(losses)")
            #expect(model.norm.numBatchesTracked!.item() == 20)
        }
    }
}
