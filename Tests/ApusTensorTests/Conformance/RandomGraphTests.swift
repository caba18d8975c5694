import ApusCPU
import ApusReference
import ApusTensor
import ApusTestSupport
import Foundation
import Testing

/// Random programs: what single operations cannot show, the backend's passes and its fusion get wrong here.
///
/// Each is run by the reference backend, and by the processor's with all passes, with none, without each single one and without several.
/// `APUS_LONG_TESTS=N` takes N times as many programs.
@Suite("Random graphs")
struct RandomGraphTests {
    private static let effort = ProcessInfo.processInfo.environment["APUS_LONG_TESTS"].flatMap(Int.init) ?? 1

    @Test(arguments: 0..<(60 * effort)) func double(_ seed: Int) throws { try check(seed, .float64, slack: 100) }

    @Test(arguments: 0..<(100 * effort)) func single(_ seed: Int) throws { try check(seed, .float32, slack: 20) }

    @Test(arguments: 0..<(20 * effort), [DType.bfloat16, .float16])
    func half(_ seed: Int, _ dtype: DType) throws { try check(seed, dtype, moves: 5, slack: 6) }

    @Test(arguments: 0..<(4 * effort)) func large(_ seed: Int) throws {
        try check(seed, .float32, shape: [5, 210, 103], moves: 12, slack: 20)
    }

    private func check(_ seed: Int, _ dtype: DType, shape: Shape? = nil, moves: Int? = nil, slack: Double) throws {
        let graph = RandomProgram(seed: UInt64(seed), dtype: dtype, shape: shape, moves: moves)
        let full = try graph.outputs(on: CPUBackend(options: EngineOptions()))
        let expected = try graph.outputs(on: ReferenceBackend.shared)
        graph.expect(full, expected, "seed \(seed), against the reference") { $0.tolerance(slack: slack) }

        for disabled in switches(seed) {
            let actual = try graph.outputs(on: CPUBackend(options: EngineOptions(disabled: disabled)))
            let names = disabled.map(\.rawValue).sorted().joined(separator: ",")
            graph.expect(actual, full, "seed \(seed), without \(names)") { traits in
                let isExact = disabled.isSubset(of: Self.memoryPasses) || traits.isElementwise
                return isExact ? .exact : traits.tolerance(slack: slack)
            }
        }
    }

    /// Passes that change where values lie and nothing else.
    private static let memoryPasses: Set<EngineOptions.Pass> = [.scheduling, .donation, .placementReuse]

    /// The sets of passes to switch off: each, all, those of memory, and two at random.
    private func switches(_ seed: Int) -> [Set<EngineOptions.Pass>] {
        let maker = TensorMaker(seed: UInt64(seed) << 20)
        let all = EngineOptions.Pass.allCases
        let some = (0..<2).map { _ in Set(all.filter { _ in maker.chance(0.5) }) }
        return all.map { [$0] } + [Set(all), Self.memoryPasses] + some
    }
}

extension RandomProgram {
    fileprivate func outputs(on backend: any Backend) throws -> [Tensor] {
        // A plan may overwrite some of them.
        let copies = Engine.withBackend(ReferenceBackend.shared) { inputs.map { copy(of: $0.buffer) } }
        let values = try backend.prepare(program).run(copies)
        return zip(program.outputs, values).map { Tensor(Node($1, type: program.type($0))) }
    }

    private func copy(of buffer: Buffer) -> Buffer {
        let copy = Buffer(byteCount: buffer.byteCount)
        copy.pointer.copyMemory(from: buffer.pointer, byteCount: buffer.byteCount)
        return copy
    }

    fileprivate func expect(
        _ actual: [Tensor], _ expected: [Tensor], _ comment: String, tolerance: (ValueTraits) -> Tolerance
    ) {
        #expect(actual.count == program.outputs.count)
        for (output, (actual, expected)) in zip(program.outputs, zip(actual, expected)) {
            guard let difference = difference(actual, expected, tolerance(traits[output])) else { continue }
            Issue.record("\(comment): %\(output) \(difference)\n\(program)\n")
        }
    }
}
