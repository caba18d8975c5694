/// Everything that can be timed.
public enum Workloads {
    /// In the order of the table.
    public static let all: [any Workload] = training + inference + Kernels.all

    private static let training: [any Workload] = [
        mlp,
        leNet,
        resNetDefault,
        resNet18("resnet18-f32", .float32),
        resNet18("resnet18-bf16", .bfloat16),
        resNet50,
        mobileNetV2,
        lstm,
        gpt("gpt-f32", .float32),
        gpt("gpt-bf16", .bfloat16),
        visionTransformer,
        uNet,
        AdversarialWorkload(),
        word2vec,
        dlrm,
    ]

    private static let inference: [any Workload] = [
        resNet50Inference("resnet50-b1", batch: 1),
        resNet50Inference("resnet50-b16", batch: 16),
        bertBase,
        GPT2Decoding(),
        mlpInference,
    ]

    /// - Throws: `BenchmarkError` where there is none of this name.
    public static func named(_ name: String) throws -> any Workload {
        guard let workload = (all + Scaling.all).first(where: { $0.name == name }) else {
            throw BenchmarkError("there is no workload '\(name)'")
        }
        return workload
    }
}
