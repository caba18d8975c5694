import Apus
import ApusBenchmarks
import ApusTestSupport
import Testing

/// The benchmark's, by its state names.
private final class MLP: Module, Layer {
    let fc1 = Linear(784, 256)
    let fc2 = Linear(256, 128)
    let fc3 = Linear(128, 10)

    func callAsFunction(_ x: Tensor) -> Tensor { fc3(relu(fc2(relu(fc1(x))))) }
}

@Suite struct WorkloadTests {
    @Test func namesAreDistinct() {
        let names = (Workloads.all + Scaling.all).map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.count <= 28 })
    }

    @Test func operationsAreThoseOfTheMathematics() throws {
        func flops(_ name: String) throws -> Double { try Workloads.named(name).flops }
        // Three products of 64 rows, forward and twice backward.
        #expect(try flops("mlp") == 3 * 2 * 64 * Double(784 * 256 + 256 * 128 + 128 * 10))
        let conv1 = 28 * 28 * 6 * 25, conv2 = 10 * 10 * 16 * 6 * 25
        #expect(try flops("lenet") == 3 * 2 * 256 * Double(conv1 + conv2 + 400 * 120 + 120 * 84 + 84 * 10))
        #expect(try flops("matmul-64-f32") == 2 * 64 * 64 * 64)
        #expect(try flops("conv7x7s2-3-64-224") == 2 * 8 * 64 * 3 * 49 * 112 * 112)
    }

    @Test func aRunnerLearnsFromItsState() throws {
        let model = MLP()
        var state: [String: Tensor] = ["input.x": .normal([64, 784]), "input.y": .zeros([64], dtype: .int64)]
        for (name, tensor) in model.stateDictionary() { state["model." + name] = tensor }
        let runner = try Workloads.named("mlp").makeRunner(state: state)
        let losses = (0..<5).map { _ in runner.step() }
        #expect(abs(losses[0] - crossEntropy(model(state["input.x"]!), state["input.y"]!).item()) < 1e-4)
        #expect(losses[4] < losses[0])
    }

    @Test func anotherModelsStateIsRefused() throws {
        let mlp = try Workloads.named("mlp")
        #expect(throws: StateError.self) { try mlp.makeRunner(state: ["model.fc1.weight": .zeros([2, 2])]) }
        let sum = KernelWorkload("sum", inputs: ["x": .normal([2, 3])]) { $0["x"]!.sum() }
        #expect(throws: BenchmarkError.self) { try sum.makeRunner(state: ["input.x": .zeros([3, 2])]) }
        #expect(throws: BenchmarkError.self) { try sum.makeRunner(state: ["input.y": .zeros([2, 3])]) }
    }

    @Test func disagreementIsFound() throws {
        let agreement = try Agreement(Workloads.named("mlp"))
        try agreement.check([2.3, 2.1, 1.9], [2.30001, 2.101, 1.901])
        #expect(throws: BenchmarkError.self) { try agreement.check([2.3, 2.1, 1.9], [2.31, 2.1, 1.9]) }
        #expect(throws: BenchmarkError.self) { try agreement.check([2.3, 2.1, 1.8], [2.3, 2.1, 1.9]) }
        #expect(throws: BenchmarkError.self) { try agreement.check([.nan, 2.1, 1.8], [2.3, 2.1, 1.9]) }
        #expect(throws: BenchmarkError.self) { try agreement.check([], []) }
        let output = Tensor([1.0, -2.0, 3.0])
        try agreement.check(output, output + 1e-4)
        #expect(throws: BenchmarkError.self) { try agreement.check(output, output * 1.01) }
        #expect(throws: BenchmarkError.self) { try agreement.check(output, Tensor([1.0, -2.0])) }
        #expect(throws: BenchmarkError.self) { try agreement.check(output * Double.nan, output) }
    }

    @Test func memoryIsKnown() {
        ProcessMemory.resetPeak()
        let before = ProcessMemory.peakBytes
        #expect(before > 1_000_000)
        let faults = ProcessMemory.faults
        let buffer = [UInt8](repeating: 1, count: 64 << 20)
        #expect(ProcessMemory.peakBytes >= before + (32 << 20) || buffer.isEmpty)
        #expect(ProcessMemory.faults > faults)
    }
}
