import Apus

final class LeNet: Module, Layer {
    let conv1 = Conv2d(1, 6, kernelSize: 5, padding: 2)
    let conv2 = Conv2d(6, 16, kernelSize: 5)
    let fc1 = Linear(400, 120), fc2 = Linear(120, 84), fc3 = Linear(84, 10)

    func callAsFunction(_ x: Tensor) -> Tensor {  // (B, 1, 28, 28)
        var x = avgPool2d(sigmoid(conv1(x)), 2)  // (B, 6, 14, 14)
        x = avgPool2d(sigmoid(conv2(x)), 2).flattened(from: 1)  // (B, 400)
        return fc3(sigmoid(fc2(sigmoid(fc1(x)))))  // (B, 10)
    }
}

func train(images: Tensor, labels: Tensor, epochs: Int) -> LeNet {
    let model = LeNet()
    let optimizer = AdamW(model, learningRate: 5e-3)
    for epoch in 0..<epochs {
        var total = 0.0
        let order = Tensor.randomPermutation(images.shape[0])
        for batch in order.split(lengths: [Int](repeating: 100, count: images.shape[0] / 100)) {
            let (loss, gradients) = valueAndGradients(model) { model in
                crossEntropy(model(images.gathered(batch)), labels.gathered(batch))
            }
            optimizer.step(gradients)
            total += loss.item()
        }
        print("epoch \(epoch + 1): loss \(total / Double(images.shape[0] / 100))")
    }
    return model
}
