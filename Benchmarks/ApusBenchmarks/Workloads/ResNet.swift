import Apus

/// Two 3×3 convolutions beside a shortcut (He et al. 2016).
final class BasicBlock: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let downsample: Sequential?

    init(_ inputs: Int, _ width: Int, stride: Int) {
        conv1 = Conv2d(inputs, width, kernelSize: 3, stride: stride, padding: 1, bias: false)
        bn1 = BatchNorm2d(width)
        conv2 = Conv2d(width, width, kernelSize: 3, padding: 1, bias: false)
        bn2 = BatchNorm2d(width)
        downsample = shortcut(inputs, width, stride: stride)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let y = bn2(conv2(relu(bn1(conv1(x)))))
        return relu(y + (downsample?(x) ?? x))
    }
}

/// A 3×3 convolution between two 1×1 ones beside a shortcut; the stride is the 3×3 one's.
final class Bottleneck: Module, Layer {
    static let expansion = 4

    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let conv3: Conv2d
    let bn3: BatchNorm2d
    let downsample: Sequential?

    init(_ inputs: Int, _ width: Int, stride: Int) {
        let outputs = Self.expansion * width
        conv1 = Conv2d(inputs, width, kernelSize: 1, bias: false)
        bn1 = BatchNorm2d(width)
        conv2 = Conv2d(width, width, kernelSize: 3, stride: stride, padding: 1, bias: false)
        bn2 = BatchNorm2d(width)
        conv3 = Conv2d(width, outputs, kernelSize: 1, bias: false)
        bn3 = BatchNorm2d(outputs)
        downsample = shortcut(inputs, outputs, stride: stride)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let y = bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x))))))))
        return relu(y + (downsample?(x) ?? x))
    }
}

/// A 1×1 convolution where a block changes the shape.
private func shortcut(_ inputs: Int, _ outputs: Int, stride: Int) -> Sequential? {
    guard stride != 1 || inputs != outputs else { return nil }
    return Sequential(Conv2d(inputs, outputs, kernelSize: 1, stride: stride, bias: false), BatchNorm2d(outputs))
}

/// A residual network (He et al. 2016): stages of blocks, each but the first at half of the resolution before it.
final class ResNet: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let maxpool: MaxPool2d?
    let stages: [Sequential]
    let fc: Linear

    private init(
        stem: Conv2d, maxpool: MaxPool2d? = nil, stages: [(width: Int, count: Int)], expansion: Int = 1, classes: Int,
        block: (_ inputs: Int, _ width: Int, _ stride: Int) -> any Layer
    ) {
        conv1 = stem
        var inputs = stem.weight.shape[0]
        bn1 = BatchNorm2d(inputs)
        self.maxpool = maxpool
        self.stages = stages.enumerated().map { number, stage in
            let blocks = (0..<stage.count).map { index in
                defer { inputs = expansion * stage.width }
                return block(inputs, stage.width, number > 0 && index == 0 ? 2 : 1)
            }
            return Sequential(blocks)
        }
        fc = Linear(inputs, classes)
    }

    /// A small network for images of 28×28 in one channel: what the image-classification system trains by default.
    static func small() -> ResNet {
        ResNet(
            stem: Conv2d(1, 16, kernelSize: 5, stride: 2, padding: 2, bias: false),
            stages: [(16, 1), (32, 1), (64, 1)], classes: 10
        ) { BasicBlock($0, $1, stride: $2) }
    }

    /// ResNet-18 for images of 32×32: a 3×3 stem and no pooling, so that the first stage sees them in full.
    static func resNet18() -> ResNet {
        ResNet(
            stem: Conv2d(3, 64, kernelSize: 3, padding: 1, bias: false),
            stages: [(64, 2), (128, 2), (256, 2), (512, 2)], classes: 10
        ) { BasicBlock($0, $1, stride: $2) }
    }

    /// ResNet-50 for images of 224×224.
    static func resNet50() -> ResNet {
        ResNet(
            stem: Conv2d(3, 64, kernelSize: 7, stride: 2, padding: 3, bias: false),
            maxpool: MaxPool2d(kernelSize: 3, stride: 2, padding: 1),
            stages: [(64, 3), (128, 4), (256, 6), (512, 3)], expansion: Bottleneck.expansion, classes: 1000
        ) { Bottleneck($0, $1, stride: $2) }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, channels, H, W)
        let stem = relu(bn1(conv1(x)))
        let features = stages.reduce(maxpool?(stem) ?? stem) { $1($0) }  // (B, expansion · width, …)
        return fc(features.mean(axes: 2, 3))  // (B, classes)
    }
}

/// The network that the image-classification system trains by default.
let resNetDefault = classifier("resnet-default", input: [128, 1, 28, 28]) { ResNet.small() }

func resNet18(_ name: String, _ precision: Precision) -> TrainingWorkload<ResNet> {
    classifier(name, precision: precision, input: [32, 3, 32, 32]) { ResNet.resNet18() }
}

let resNet50 = classifier("resnet50", input: [8, 3, 224, 224], classes: 1000) { ResNet.resNet50() }

func resNet50Inference(_ name: String, batch: Int) -> InferenceWorkload<ResNet> {
    InferenceWorkload(
        name, items: (Double(batch), "images"), inputs: ["x": .normal([batch, 3, 224, 224])],
        model: { ResNet.resNet50() }
    ) { $0($1["x"]!) }
}
