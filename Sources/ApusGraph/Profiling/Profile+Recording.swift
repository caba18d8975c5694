import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

extension Profile {
    /// Runs `body` and tells where its time went, on every thread that evaluates meanwhile.
    public static func record(_ body: () throws -> Void) rethrows -> Profile {
        let recording = Recording()
        defer { recording.stop() }
        try body()
        return recording.stop()
    }

    /// A recording for who can't put the work into a closure: it begins when it is made.
    public final class Recording: Sendable {
        private let recorder = ProfileRecorder()

        public init() { ProfileRecorder.start(recorder) }

        /// Ends the recording and tells where the time went. Later calls tell the same again.
        @discardableResult public func stop() -> Profile {
            ProfileRecorder.stop(recorder)
            return recorder.profile()
        }

        deinit { ProfileRecorder.stop(recorder) }
    }

    /// Whether somebody records: then plans time their steps.
    public static var isRecording: Bool { ProfileRecorder.isActive }

    /// Nanoseconds of a clock that never jumps.
    public static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Takes down a run of a plan.
    ///
    /// - Parameters:
    ///   - kernels: the names and costs of the plan's steps; asked for at the plan's first run only.
    ///   - times: when the first step began and when each one ended, by `now()`.
    public static func add(
        runOf plan: any Executable, kernels: () -> [(name: String, cost: KernelCost)], times: [UInt64]
    ) {
        let thread = pthread_self()
        ProfileRecorder.forEachActive { $0.add(plan, kernels, times, thread) }
    }

    /// Times a phase where somebody records.
    static func measure<Result, Failure>(
        _ phase: Phase, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard isRecording else { return try body() }
        let start = now()
        defer {
            let (end, thread) = (now(), pthread_self())
            ProfileRecorder.forEachActive { $0.add(phase, start, end, thread) }
        }
        return try body()
    }
}

/// Gathers the events of one recording.
private final class ProfileRecorder: Sendable {
    private struct State {
        /// The index of each plan's first kernel.
        var firstKernels: [ObjectIdentifier: Int] = [:]
        /// Keeps plans alive, so that their identifiers stay unique.
        var plans: [any Executable] = []
        var kernels: [Profile.Kernel] = []
        var threads: [pthread_t: Int] = [:]
        var events: [Profile.Event] = []
        var end: UInt64?
    }

    private let begin = Profile.now()
    private let state: Mutex<State>

    init() {
        let thread = pthread_self()
        state = Mutex(State(threads: [thread: 0]))
    }

    // MARK: Who is recording

    private static let active = Mutex<[ProfileRecorder]>([])
    private static let activeCount = Atomic<Int>(0)

    static var isActive: Bool { activeCount.load(ordering: .relaxed) > 0 }

    static func start(_ recorder: ProfileRecorder) {
        active.withLock {
            $0.append(recorder)
            activeCount.store($0.count, ordering: .relaxed)
        }
    }

    static func stop(_ recorder: ProfileRecorder) {
        recorder.state.withLock { if $0.end == nil { $0.end = Profile.now() } }
        active.withLock {
            $0.removeAll { $0 === recorder }
            activeCount.store($0.count, ordering: .relaxed)
        }
    }

    static func forEachActive(_ body: (ProfileRecorder) -> Void) { active.withLock { $0 }.forEach(body) }

    // MARK: Events

    func add(_ phase: Profile.Phase, _ start: UInt64, _ end: UInt64, _ thread: pthread_t) {
        state.withLock { $0.events.append(event(.phase(phase), start, end, thread, &$0)) }
    }

    func add(
        _ plan: any Executable, _ kernels: () -> [(name: String, cost: KernelCost)], _ times: [UInt64],
        _ thread: pthread_t
    ) {
        let isKnown = state.withLock { $0.firstKernels[ObjectIdentifier(plan)] != nil }
        let new = isKnown ? [] : kernels()
        state.withLock { state in
            let first = firstKernel(of: plan, new, &state)
            for step in 0..<(times.count - 1) {
                let event = event(.kernel(first + step), times[step], times[step + 1], thread, &state)
                state.events.append(event)
                state.kernels[first + step].count += 1
                state.kernels[first + step].seconds += event.seconds
            }
        }
    }

    private func firstKernel(
        of plan: any Executable, _ new: [(name: String, cost: KernelCost)], _ state: inout State
    ) -> Int {
        // Another thread may have taken the plan down meanwhile.
        if let known = state.firstKernels[ObjectIdentifier(plan)] { return known }
        let (number, first) = (state.plans.count, state.kernels.count)
        state.firstKernels[ObjectIdentifier(plan)] = first
        state.plans.append(plan)
        for (step, kernel) in new.enumerated() {
            state.kernels.append(Profile.Kernel(name: kernel.name, plan: number, step: step, cost: kernel.cost))
        }
        return first
    }

    private func event(
        _ kind: Profile.Event.Kind, _ start: UInt64, _ end: UInt64, _ thread: pthread_t, _ state: inout State
    ) -> Profile.Event {
        let number = state.threads[thread] ?? state.threads.count
        state.threads[thread] = number
        func seconds(_ from: UInt64, _ to: UInt64) -> Double { to > from ? Double(to - from) * 1e-9 : 0 }
        return Profile.Event(kind: kind, thread: number, start: seconds(begin, start), seconds: seconds(start, end))
    }

    func profile() -> Profile {
        state.withLock { state in
            let seconds = Double((state.end ?? Profile.now()) - begin) * 1e-9
            return Profile(kernels: state.kernels, events: state.events, seconds: seconds)
        }
    }
}
