import Apus

/// Two 3×3 convolutions, each with a norm and a ReLU.
final class DoubleConvolution: Module, Layer {
    let layers: Sequential

    init(_ inputs: Int, _ outputs: Int) {
        layers = Sequential {
            Conv2d(inputs, outputs, kernelSize: 3, padding: 1, bias: false)
            BatchNorm2d(outputs)
            ReLU()
            Conv2d(outputs, outputs, kernelSize: 3, padding: 1, bias: false)
            BatchNorm2d(outputs)
            ReLU()
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor { layers(x) }
}

/// A network down to a sixteenth of the resolution and up again, with what it saw on the way down beside it (Ronneberger et al.
/// 2015): one channel in, one logit for each pixel out.
final class UNet: Module, Layer {
    let down: [DoubleConvolution]
    let bottom: DoubleConvolution
    let up: [ConvTranspose2d]
    let merge: [DoubleConvolution]
    let head: Conv2d

    /// - Parameter base: channels at full resolution; they double at each of the four reductions.
    init(base: Int) {
        let widths = (0..<4).map { base << $0 }
        down = zip([1] + widths, widths).map { DoubleConvolution($0, $1) }
        bottom = DoubleConvolution(8 * base, 16 * base)
        up = widths.reversed().map { ConvTranspose2d(2 * $0, $0, kernelSize: 2, stride: 2) }
        merge = widths.reversed().map { DoubleConvolution(2 * $0, $0) }
        head = Conv2d(base, 1, kernelSize: 1)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, 1, H, W)
        var x = x
        var seen: [Tensor] = []
        for layer in down {
            seen.append(layer(x))  // (B, base · 2ⁱ, H / 2ⁱ, W / 2ⁱ)
            x = maxPool2d(seen.last!, 2)
        }
        x = bottom(x)  // (B, 16 · base, H / 16, W / 16)
        for (up, merge) in zip(up, merge) { x = merge(concatenate([seen.removeLast(), up(x)], axis: 1)) }
        return head(x)  // (B, 1, H, W)
    }
}

/// Segmentation of 128×128 pixels into two classes, from 32 channels on.
let uNet = TrainingWorkload(
    "unet", inputs: ["x": .normal([8, 1, 128, 128]), "y": .integers([8, 1, 128, 128], below: 2)],
    model: { UNet(base: 32) }
) { binaryCrossEntropy(logits: $0($1["x"]!), $1["y"]!.cast(to: .float32)) }
