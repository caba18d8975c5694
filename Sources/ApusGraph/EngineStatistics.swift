import Synchronization

/// What the engine has done in this process so far: a loop that runs steadily makes no plans and takes no memory.
///
/// ```swift
/// let before = EngineStatistics.current
/// step()
/// print(EngineStatistics.current.since(before))   // 1 evaluation, 0 plans made, 0 allocations, …
/// ```
public struct EngineStatistics: Hashable, Sendable {
    /// Programs run.
    public var evaluations = 0
    /// Programs that were new, and planned.
    public var plansMade = 0
    /// Blocks of memory asked of the system, because the pool had none of their size.
    public var allocations = 0
    /// Bytes of these blocks.
    public var allocatedBytes = 0
    /// Values whose memory was taken over by the result that replaces them.
    public var overwrittenInputs = 0

    /// The figures of this moment.
    public static var current: EngineStatistics {
        EngineStatistics(
            evaluations: counters.evaluations.load(ordering: .relaxed),
            plansMade: counters.plansMade.load(ordering: .relaxed),
            allocations: counters.allocations.load(ordering: .relaxed),
            allocatedBytes: counters.allocatedBytes.load(ordering: .relaxed),
            overwrittenInputs: counters.overwrittenInputs.load(ordering: .relaxed))
    }

    /// What has been done between an earlier moment and this one.
    public func since(_ earlier: EngineStatistics) -> EngineStatistics {
        EngineStatistics(
            evaluations: evaluations - earlier.evaluations, plansMade: plansMade - earlier.plansMade,
            allocations: allocations - earlier.allocations, allocatedBytes: allocatedBytes - earlier.allocatedBytes,
            overwrittenInputs: overwrittenInputs - earlier.overwrittenInputs)
    }

    static let counters = Counters()

    /// Counted by all threads.
    final class Counters: Sendable {
        let evaluations = Atomic<Int>(0)
        let plansMade = Atomic<Int>(0)
        let allocations = Atomic<Int>(0)
        let allocatedBytes = Atomic<Int>(0)
        let overwrittenInputs = Atomic<Int>(0)
    }
}

extension EngineStatistics: CustomStringConvertible {
    public var description: String {
        "\(evaluations) evaluations, \(plansMade) plans made, \(allocations) allocations of \(allocatedBytes) bytes, "
            + "\(overwrittenInputs) inputs overwritten"
    }
}
