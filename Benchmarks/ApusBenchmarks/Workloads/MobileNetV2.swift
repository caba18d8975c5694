import Apus

/// Widens, filters each channel by itself, and narrows again; beside a shortcut where the shape stays (Sandler et al. 2018).
final class InvertedResidual: Module, Layer {
    let layers: Sequential
    let hasShortcut: Bool

    init(_ inputs: Int, _ outputs: Int, stride: Int, expansion: Int) {
        let hidden = expansion * inputs
        layers = Sequential {
            if expansion != 1 { pointwise(inputs, hidden) + [ReLU6()] }
            Conv2d(hidden, hidden, kernelSize: 3, stride: stride, padding: 1, groups: hidden, bias: false)
            BatchNorm2d(hidden)
            ReLU6()
            pointwise(hidden, outputs)
        }
        hasShortcut = stride == 1 && inputs == outputs
    }

    func callAsFunction(_ x: Tensor) -> Tensor { hasShortcut ? x + layers(x) : layers(x) }
}

/// A 1×1 convolution and its norm.
private func pointwise(_ inputs: Int, _ outputs: Int) -> [any Layer] {
    [Conv2d(inputs, outputs, kernelSize: 1, bias: false), BatchNorm2d(outputs)]
}

/// MobileNetV2 for images of 32×32: the first two reductions have stride 1.
final class MobileNetV2: Module, Layer {
    let stem: Sequential
    let blocks: Sequential
    let top: Sequential
    let classifier: Linear

    init(classes: Int = 10) {
        let stages = [
            (expansion: 1, outputs: 16, count: 1, stride: 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2),
            (6, 96, 3, 1),
            (6, 160, 3, 2), (6, 320, 1, 1),
        ]
        stem = Sequential(Conv2d(3, 32, kernelSize: 3, padding: 1, bias: false), BatchNorm2d(32), ReLU6())
        blocks = Sequential()
        var inputs = 32
        for (expansion, outputs, count, stride) in stages {
            for index in 0..<count {
                blocks.append(
                    InvertedResidual(inputs, outputs, stride: index == 0 ? stride : 1, expansion: expansion))
                inputs = outputs
            }
        }
        top = Sequential(pointwise(inputs, 1280) + [ReLU6()])
        classifier = Linear(1280, classes)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, 3, 32, 32)
        let features = top(blocks(stem(x)))  // (B, 1280, 4, 4)
        return classifier(features.mean(axes: 2, 3))  // (B, classes)
    }
}

let mobileNetV2 = classifier("mobilenetv2", input: [64, 3, 32, 32]) { MobileNetV2() }
