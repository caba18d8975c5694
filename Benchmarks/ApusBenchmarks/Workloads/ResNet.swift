import Apus

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

/// The network that the image-classification system trains by default.
let resNetDefault = classifier("resnet-default", input: [128, 1, 28, 28]) {
    ResNet(channels: 1, widths: [16, 32, 64], blocks: 1, stem: (5, 2))
}

func resNet18(_ name: String, _ precision: Precision) -> TrainingWorkload<ResNet> {
    classifier(name, precision: precision, input: [32, 3, 32, 32]) {
        ResNet(channels: 3, widths: [64, 128, 256, 512], blocks: 2)
    }
}
