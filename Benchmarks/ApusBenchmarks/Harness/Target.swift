/// A ratio that the engine is to reach: the best of some peers' times over that of Apus.
struct Target: Sendable {
    let ratio: Double
    let peers: Set<Framework>

    private static let pyTorch: Set<Framework> = [.torch, .torchCompile]

    private static let ratios = [
        "mlp": 3, "lenet": 4, "resnet18-f32": 1.5, "resnet18-bf16": 2.2, "lstm": 2, "gpt-f32": 1.7, "gpt-bf16": 2.5,
        "gpt2-decode": 1.5,
    ]

    /// The target of a workload; single operations and sweeps have none.
    static func of(_ workload: any Workload) -> Target? {
        if ["resnet50-b1", "resnet50-b16"].contains(workload.name) { return Target(ratio: 1, peers: [.onnxruntime]) }
        guard workload.kind != .kernel, !workload.name.hasPrefix("scaling-") else { return nil }
        return Target(ratio: ratios[workload.name] ?? 1.3, peers: pyTorch)
    }
}
