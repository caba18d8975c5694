import Apus

/// LeNet-5 with the sizes of the original: two convolutions with average pooling, then three linear layers, all with sigmoids.
///
/// Reference: LeCun, Bottou, Bengio and Haffner, “Gradient-based learning applied to document recognition”, 1998.
final class LeNet: Module, Layer {
    let conv1: Conv2d, conv2: Conv2d
    let fc1: Linear, fc2: Linear, fc3: Linear

    init(_ input: PictureFormat, classCount: Int) {
        let (height, width) = (Self.reducedExtent(input.height), Self.reducedExtent(input.width))
        conv1 = Conv2d(input.channels, 6, kernelSize: 5, padding: 2)
        conv2 = Conv2d(6, 16, kernelSize: 5)
        fc1 = Linear(16 * height * width, 120)
        fc2 = Linear(120, 84)
        fc3 = Linear(84, classCount)
    }

    /// What two poolings and a convolution without padding leave of a side: 28 → 14 → 10 → 5.
    private static func reducedExtent(_ extent: Int) -> Int { (extent / 2 - 4) / 2 }

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, C, 28, 28)
        var x = avgPool2d(sigmoid(conv1(x)), 2)  // (B, 6, 14, 14)
        x = avgPool2d(sigmoid(conv2(x)), 2).flattened(from: 1)  // (B, 400)
        return fc3(sigmoid(fc2(sigmoid(fc1(x)))))  // (B, classes)
    }
}

/// A small residual network: a stem that halves the picture, then one basic block for each width, each but the first halving it
/// again, then the mean over all places.
///
/// Reference: He, Zhang, Ren and Sun, “Deep residual learning for image recognition”, 2016, section 4.2.
package final class ResNet: Module, Layer {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let layers: [BasicBlock]
    let fc: Linear

    package init(_ input: PictureFormat, classCount: Int, widths: [Int]) {
        conv1 = Conv2d(input.channels, widths[0], kernelSize: 5, stride: 2, padding: 2, bias: false)
        bn1 = BatchNorm2d(widths[0])
        layers = zip([widths[0]] + widths, widths).enumerated().map { index, pair in
            BasicBlock(pair.0, pair.1, stride: index == 0 ? 1 : 2)
        }
        fc = Linear(widths[widths.count - 1], classCount)
    }

    package func callAsFunction(_ x: Tensor) -> Tensor { fc(features(x)) }  // (B, classes)

    /// What classes are told by.
    package func features(_ x: Tensor) -> Tensor {  // (B, C, 28, 28)
        let stem = relu(bn1(conv1(x)))  // (B, widths[0], 14, 14)
        return layers.reduce(stem) { $1($0) }.mean(axes: 2, 3)  // (B, widths.last) of (B, widths.last, 4, 4)
    }
}

/// `relu(x + bn(conv(relu(bn(conv(x))))))`, with a 1×1 convolution in the shortcut where the shape changes.
final class BasicBlock: Module, Layer {
    let conv1: Conv2d, conv2: Conv2d
    let bn1: BatchNorm2d, bn2: BatchNorm2d
    let downsample: Sequential?

    init(_ inputs: Int, _ outputs: Int, stride: Int) {
        conv1 = Conv2d(inputs, outputs, kernelSize: 3, stride: stride, padding: 1, bias: false)
        bn1 = BatchNorm2d(outputs)
        conv2 = Conv2d(outputs, outputs, kernelSize: 3, padding: 1, bias: false)
        bn2 = BatchNorm2d(outputs)
        downsample =
            stride == 1 && inputs == outputs
            ? nil
            : Sequential(Conv2d(inputs, outputs, kernelSize: 1, stride: stride, bias: false), BatchNorm2d(outputs))
    }

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, inputs, H, W)
        let residual = bn2(conv2(relu(bn1(conv1(x)))))  // (B, outputs, H / stride, W / stride)
        return relu(residual + (downsample?(x) ?? x))
    }
}

/// A multilayer perceptron on the pixels.
final class MLP: Module, Layer {
    let fc1: Linear, fc2: Linear, fc3: Linear

    init(_ input: PictureFormat, classCount: Int) {
        fc1 = Linear(input.channels * input.height * input.width, 256)
        fc2 = Linear(256, 128)
        fc3 = Linear(128, classCount)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, C, H, W)
        fc3(relu(fc2(relu(fc1(x.flattened(from: 1))))))  // (B, classes)
    }
}
