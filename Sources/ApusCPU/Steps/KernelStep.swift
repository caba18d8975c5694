import ApusGraph

/// A kernel on whole views, given as a function of their addresses: what most operations outside of regions are.
struct KernelStep: Step, PreparedStep {
    var label: String
    var operands: [View]
    var result: View
    /// Memory for the time of the run.
    var scratch: [StorageID] = []
    /// Floating-point operations of a run.
    var flops = 0
    /// From the operands' addresses, the result's and the scratch's.
    var kernel:
        @Sendable (
            _ operands: [UnsafeMutableRawPointer], _ result: UnsafeMutableRawPointer,
            _ scratch: [UnsafeMutableRawPointer]
        ) throws -> Void

    var operandViews: [View] { operands }
    var writes: [StorageID] { [result.storage] + scratch }
    var description: String { "\(label) \(operands.map(\.shape)) → \(result.shape)" }

    func renaming(_ storage: (StorageID) -> StorageID) -> KernelStep {
        var step = self
        for index in operands.indices { step.operands[index].storage = storage(operands[index].storage) }
        step.result.storage = storage(result.storage)
        step.scratch = scratch.map(storage)
        return step
    }

    func run(_ memory: Memory) throws {
        try kernel(operands.map { memory.pointer($0) }, memory.pointer(result), scratch.map { memory.pointer($0) })
    }
}
