import Apus

/// Single operations, whose names and inputs `Peers/workloads/kernels.py` has too.
enum Kernels {
    static var all: [any Workload] {
        products + convolutions + rowwise + attentions + reductions + pointwise + indexing
    }

    // MARK: Contractions

    private static var products: [any Workload] {
        [64, 128, 256, 512, 1024, 2048, 4096].flatMap { side -> [any Workload] in
            [("f32", DType.float32, Precision.float32), ("bf16", .bfloat16, .bfloat16)].map {
                suffix, dtype, precision in
                KernelWorkload(
                    "matmul-\(side)-\(suffix)", precision: precision, flops: 2 * Double(side * side * side),
                    inputs: ["a": .normal([side, side], dtype), "b": .normal([side, side], dtype)]
                ) { matmul($0["a"]!, $0["b"]!) }
            }
        }
    }

    /// The distinct convolutions of ResNet-50 for 8 pictures of 224²: channels in and out, kernel, stride, side.
    private static let resNet50: [(inputs: Int, outputs: Int, kernel: Int, stride: Int, side: Int)] = [
        (3, 64, 7, 2, 224), (64, 64, 1, 1, 56), (64, 64, 3, 1, 56), (64, 256, 1, 1, 56), (256, 64, 1, 1, 56),
        (256, 128, 1, 1, 56), (128, 128, 3, 2, 56), (256, 512, 1, 2, 56), (128, 512, 1, 1, 28), (512, 128, 1, 1, 28),
        (128, 128, 3, 1, 28), (512, 256, 1, 1, 28), (256, 256, 3, 2, 28), (512, 1024, 1, 2, 28), (256, 1024, 1, 1, 14),
        (1024, 256, 1, 1, 14), (256, 256, 3, 1, 14), (1024, 512, 1, 1, 14), (512, 512, 3, 2, 14),
        (1024, 2048, 1, 2, 14), (512, 2048, 1, 1, 7), (2048, 512, 1, 1, 7), (512, 512, 3, 1, 7),
    ]

    private static var convolutions: [any Workload] {
        resNet50.map { c in
            let strideName = c.stride == 1 ? "" : "s\(c.stride)"
            let outputSide = (c.side - 1) / c.stride + 1
            let multiplyAdds = 8 * c.outputs * c.inputs * c.kernel * c.kernel * outputSide * outputSide
            let (stride, padding) = (c.stride, c.kernel / 2)
            return KernelWorkload(
                "conv\(c.kernel)x\(c.kernel)\(strideName)-\(c.inputs)-\(c.outputs)-\(c.side)",
                flops: 2 * Double(multiplyAdds),
                inputs: [
                    "x": .normal([8, c.inputs, c.side, c.side]),
                    "weight": .normal([c.outputs, c.inputs, c.kernel, c.kernel]),
                ]
            ) { convolution($0["x"]!, $0["weight"]!, stride: stride, padding: padding) }
        }
    }

    private static var attentions: [any Workload] {
        [(8, 6, 256, 64), (1, 12, 1024, 64)].map { batch, heads, length, width in
            let shape: Shape = [batch, heads, length, width]
            return KernelWorkload(
                "attention-\(batch)x\(heads)x\(length)x\(width)",
                flops: 4 * Double(batch * heads * length * length * width),
                inputs: ["q": .normal(shape), "k": .normal(shape), "v": .normal(shape)]
            ) { scaledDotProductAttention($0["q"]!, $0["k"]!, $0["v"]!) }
        }
    }

    // MARK: Where memory is the limit

    private static func perElement(
        _ name: String, _ shape: Shape, passes: Int, _ function: @escaping @Sendable (Tensor) -> Tensor
    ) -> any Workload {
        KernelWorkload(name, bytes: Double(4 * passes * shape.elementCount), inputs: ["x": .normal(shape)]) {
            function($0["x"]!)
        }
    }

    private static var rowwise: [any Workload] {
        [(2048, 1024), (512, 50257)].map { rows, columns in
            perElement("softmax-\(rows)x\(columns)", [rows, columns], passes: 2) { softmax($0) }
        } + [
            perElement("logsoftmax-2048x1024", [2048, 1024], passes: 2) { logSoftmax($0) },
            KernelWorkload(
                "layernorm-2048x768", bytes: Double(8 * 2048 * 768),
                inputs: ["x": .normal([2048, 768]), "weight": .normal([768]), "bias": .normal([768])]
            ) { layerNorm($0["x"]!, [768], $0["weight"]!, $0["bias"]!) },
        ]
    }

    private static var reductions: [any Workload] {
        let shape: Shape = [4096, 4096]
        return [
            perElement("sum-4096x4096", shape, passes: 1) { $0.sum() },
            perElement("sum-rows-4096x4096", shape, passes: 1) { $0.sum(axes: 1) },
            perElement("sum-columns-4096x4096", shape, passes: 1) { $0.sum(axes: 0) },
            perElement("max-rows-4096x4096", shape, passes: 1) { $0.max(axes: 1) },
            perElement("variance-rows-4096x4096", shape, passes: 1) { $0.variance(axes: 1) },
        ]
    }

    private static var pointwise: [any Workload] {
        let shape: Shape = [4096, 1024]
        let pair: [String: Input] = ["x": .normal(shape), "y": .normal(shape)]
        return [
            KernelWorkload("add-4096x1024", bytes: Double(12 * shape.elementCount), inputs: pair) {
                $0["x"]! + $0["y"]!
            },
            perElement("gelu-4096x1024", shape, passes: 2) { gelu($0) },
            KernelWorkload("chain-4096x1024", bytes: Double(12 * shape.elementCount), inputs: pair) {
                let (x, y) = ($0["x"]!, $0["y"]!)
                return tanh(x * y + 1) * sigmoid(x) - relu(y) * 0.5 + sqrt(abs(x))
            },
        ]
    }

    private static var indexing: [any Workload] {
        let (rows, width, count) = (50257, 768, 4096)
        return [
            KernelWorkload(
                "gather-\(rows)x\(width)", bytes: Double(8 * count * width),
                inputs: ["table": .normal([rows, width]), "indices": .integers([count], below: rows)]
            ) { $0["table"]!.gathered($0["indices"]!) },
            // A zeroed table is written, then rows are read, added to and written.
            KernelWorkload(
                "scatter-add-8192x\(width)", bytes: Double(4 * (8192 + 3 * count) * width),
                inputs: ["updates": .normal([count, width]), "indices": .integers([count], below: 8192)]
            ) { Tensor.zeros([8192, width]).scattered($0["indices"]!, $0["updates"]!) },
        ]
    }
}
