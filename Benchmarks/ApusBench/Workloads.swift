import Apus

/// A training step to be timed: forward, backward, Adam.
protocol Workload: AnyObject {
    /// Runs one step and looks at its loss.
    func step() -> Double
}

/// A model trained on one batch of noise over and over.
final class Training<Model: Module & Layer>: Workload {
    private let model: Model
    private let optimizer: Adam
    private let x: Tensor
    private let y: Tensor

    init(_ model: Model, input: Shape) {
        self.model = model
        optimizer = Adam(model, learningRate: 1e-3)
        x = Tensor.normal(input).evaluated()
        y = Tensor.randomIntegers([input[0]], in: 0..<10).evaluated()
    }

    func step() -> Double {
        let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(x), y) }
        optimizer.step(gradients)
        return loss.item()
    }
}

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

final class Block: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let downsample: Sequential?

    init(_ inputs: Int, _ outputs: Int, stride: Int) {
        conv1 = Conv2d(inputs, outputs, kernelSize: 3, stride: stride, padding: 1, bias: false)
        bn1 = BatchNorm2d(outputs)
        conv2 = Conv2d(outputs, outputs, kernelSize: 3, padding: 1, bias: false)
        bn2 = BatchNorm2d(outputs)
        downsample =
            stride != 1 || inputs != outputs
            ? Sequential(Conv2d(inputs, outputs, kernelSize: 1, stride: stride, bias: false), BatchNorm2d(outputs))
            : nil
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        relu(bn2(conv2(relu(bn1(conv1(x))))) + (downsample?(x) ?? x))
    }
}

/// A residual net of basic blocks, without the first pooling, as for CIFAR.
final class ResNet: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layers: [Block]
    let fc: Linear

    init(channels: Int, widths: [Int], blocks: Int, stem: (kernel: Int, stride: Int) = (3, 1)) {
        conv1 = Conv2d(
            channels, widths[0], kernelSize: stem.kernel, stride: stem.stride, padding: .zeros(stem.kernel / 2),
            bias: false)
        bn1 = BatchNorm2d(widths[0])
        var layers: [Block] = []
        var inputs = widths[0]
        for (stage, width) in widths.enumerated() {
            for index in 0..<blocks {
                layers.append(Block(inputs, width, stride: stage > 0 && index == 0 ? 2 : 1))
                inputs = width
            }
        }
        self.layers = layers
        fc = Linear(inputs, 10)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let features = layers.reduce(relu(bn1(conv1(x)))) { $1($0) }
        return fc(features.mean(axes: 2, 3))
    }
}

/// What can be timed, under the names that the peers know.
let workloads: [(name: String, steps: Int, make: @Sendable () -> any Workload)] = [
    ("mlp", 400, { Training(MLP(), input: [64, 784]) }),
    ("lenet", 30, { Training(LeNet(), input: [256, 1, 28, 28]) }),
    // The network that the image-classification system trains by default.
    (
        "resnet-default", 20,
        { Training(ResNet(channels: 1, widths: [16, 32, 64], blocks: 1, stem: (5, 2)), input: [128, 1, 28, 28]) }
    ),
    (
        "resnet18", 2,
        { Training(ResNet(channels: 3, widths: [64, 128, 256, 512], blocks: 2), input: [32, 3, 32, 32]) }
    ),
]
