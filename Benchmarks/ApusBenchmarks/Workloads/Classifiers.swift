import Apus

final class MLP: Module, Layer {
    let fc1 = Linear(784, 256)
    let fc2 = Linear(256, 128)
    let fc3 = Linear(128, 10)

    func callAsFunction(_ x: Tensor) -> Tensor { fc3(relu(fc2(relu(fc1(x))))) }
}

final class LeNet: Module, Layer {
    let conv1 = Conv2d(1, 6, kernelSize: 5, padding: 2)
    let conv2 = Conv2d(6, 16, kernelSize: 5)
    let fc1 = Linear(400, 120)
    let fc2 = Linear(120, 84)
    let fc3 = Linear(84, 10)

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, 1, 28, 28)
        var x = avgPool2d(sigmoid(conv1(x)), 2)  // (B, 6, 14, 14)
        x = avgPool2d(sigmoid(conv2(x)), 2).flattened(from: 1)  // (B, 400)
        return fc3(sigmoid(fc2(sigmoid(fc1(x)))))  // (B, 10)
    }
}

/// MLP 784-256-128-10.
let mlp = classifier("mlp", isCompiled: true, input: [64, 784]) { MLP() }

/// The same for one image.
let mlpInference = InferenceWorkload(
    "mlp-b1", isCompiled: true, inputs: ["x": .normal([1, 784])], model: { MLP() }
) { $0($1["x"]!) }

let leNet = classifier("lenet", input: [256, 1, 28, 28]) { LeNet() }

/// A classifier that sees one batch of noise over and over.
func classifier<Model: Module & Layer>(
    _ name: String, precision: Precision = .float32, isCompiled: Bool = false, input: Shape, classes: Int = 10,
    model: @escaping @Sendable () -> Model
) -> TrainingWorkload<Model> {
    TrainingWorkload(
        name, precision: precision, isCompiled: isCompiled,
        inputs: ["x": .normal(input), "y": .integers([input[0]], below: classes)], model: model
    ) { crossEntropy($0($1["x"]!), $1["y"]!) }
}
