import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Executables by program and backend, the least recently used dropped first.
final class PlanCache: Sendable {
    static let shared = PlanCache()

    /// A program with what runs it. The hash only finds it: equality is checked.
    private final class Entry: Sendable {
        let program: Program
        let wiring: [Int32]
        let executable: any Executable
        let backend: any Backend
        let lastUse = Atomic<Int>(0)

        init(_ trace: Trace, _ executable: any Executable, _ backend: any Backend) {
            program = trace.program
            wiring = trace.wiring
            self.executable = executable
            self.backend = backend
        }
    }
    private struct State {
        var entries: [UInt64: [Entry]] = [:]
        var count = 0
        /// Plans made so far.
        var planned = 0
        var evictions = 0
    }

    private let state = Mutex(State())
    private let clock = Atomic<Int>(0)
    private let capacity = 256

    private init() {
        if Diagnostics.level >= 1 { atexit { Diagnostics.debug(1, "apus: \(PlanCache.shared.statistics)") } }
    }

    private var statistics: String {
        let lookUps = clock.load(ordering: .relaxed)
        return state.withLock {
            "plan cache: \(lookUps) look-ups, \(lookUps - $0.planned) hits, \($0.count) plans kept, \($0.evictions) evictions"
        }
    }

    func executable(for trace: Trace, on backend: any Backend) throws -> any Executable {
        let now = clock.add(1, ordering: .relaxed).newValue
        let (hash, known) = Profile.measure(.lookUp) { find(trace, backend) }
        // Prepared outside of the lock: two threads may both prepare a program, and both results are kept.
        let entry =
            try known ?? Profile.measure(.planning) { Entry(trace, try backend.prepare(trace.program), backend) }
        entry.lastUse.store(now, ordering: .relaxed)
        if known == nil { keep(entry, hash) }
        return entry.executable
    }

    private func find(_ trace: Trace, _ backend: any Backend) -> (hash: UInt64, entry: Entry?) {
        let hash = trace.structuralHash
        let candidates = state.withLock { $0.entries[hash] ?? [] }
        let entry = candidates.first {
            $0.backend === backend && trace.matches($0.program, wiring: $0.wiring)
        }
        return (hash, entry)
    }

    private func keep(_ entry: Entry, _ hash: UInt64) {
        EngineStatistics.counters.plansMade.add(1, ordering: .relaxed)
        state.withLock { state in
            state.entries[hash, default: []].append(entry)
            state.count += 1
            state.planned += 1
            if state.count > capacity { evict(&state) }
        }
    }

    /// Drops the older half, so that the search for the oldest is rare.
    private func evict(_ state: inout State) {
        let uses = state.entries.values.joined().map { $0.lastUse.load(ordering: .relaxed) }.sorted()
        let bound = uses[uses.count / 2]
        state.entries = state.entries.compactMapValues { entries in
            let kept = entries.filter { $0.lastUse.load(ordering: .relaxed) >= bound }
            return kept.isEmpty ? nil : kept
        }
        state.count = state.entries.values.reduce(0) { $0 + $1.count }
        state.evictions += 1
        if state.evictions == 4 {
            Diagnostics.warn(
                "over \(capacity * 3) different programs were planned: shapes or structure change from step to step. "
                    + "Pad inputs to a few fixed shapes to plan once and run often.")
        }
    }
}
