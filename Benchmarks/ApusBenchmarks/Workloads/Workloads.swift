/// Everything that can be timed.
public enum Workloads {
    /// In the order of the table.
    public static let all: [any Workload] = training

    private static let training: [any Workload] = [
        mlp,
        leNet,
        resNetDefault,
        resNet18("resnet18-f32", .float32),
        resNet18("resnet18-bf16", .bfloat16),
    ]

    /// - Throws: `BenchmarkError` where there is none of this name.
    public static func named(_ name: String) throws -> any Workload {
        guard let workload = all.first(where: { $0.name == name }) else {
            throw BenchmarkError("there is no workload '\(name)'")
        }
        return workload
    }
}
