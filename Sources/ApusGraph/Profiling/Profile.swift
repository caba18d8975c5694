/// Where the time of a piece of work went: kernel by kernel, and what the engine did around them.
///
///     let profile = Profile.record { for _ in 0..<20 { step() } }
///     print(profile.table(roofline: .measured))
///     try profile.chromeTrace().write(to: url)
///
/// Nothing is measured outside of `record`; a plan asks once for each run whether it has to.
public struct Profile: Sendable {
    /// One step of one plan, over all of its runs.
    public struct Kernel: Sendable {
        /// What it does, with its shapes.
        public let name: String
        /// The plan, counted in the order in which plans were first run.
        public let plan: Int
        /// Its place in the plan.
        public let step: Int
        /// What one run must do at least.
        public let cost: KernelCost
        /// How often it ran.
        public internal(set) var count = 0
        /// All of its runs together.
        public internal(set) var seconds = 0.0

        /// Floating-point operations a second.
        public var flopsPerSecond: Double { rate(cost.flops) }
        /// Bytes read and written a second.
        public var bytesPerSecond: Double { rate(cost.bytes) }

        /// The least time that the machine allows as a share of the time taken; over 1 where operands were in cache.
        public func rooflineFraction(_ roofline: Roofline) -> Double {
            seconds > 0 ? roofline.leastSeconds(cost) * Double(count) / seconds : 0
        }

        private func rate(_ amount: Int) -> Double { seconds > 0 ? Double(amount) * Double(count) / seconds : 0 }
    }

    /// What the engine does from the moment when somebody looks at a value.
    public enum Phase: String, CaseIterable, Sendable {
        /// All of it: the one who looks waits for so long.
        case evaluation
        /// Gathering the pending graph into a program.
        case tracing
        /// Hashing the program and looking for its plan.
        case lookUp = "look-up"
        /// Making the plan of a program that is new.
        case planning
        /// Running the plan: memory, and the kernels.
        case running
    }

    /// Something that took a time on a thread.
    public struct Event: Sendable {
        public enum Kind: Sendable {
            case phase(Phase)
            /// A run of the kernel with this index in `kernels`.
            case kernel(Int)
        }

        public let kind: Kind
        /// The thread's index; 0 is the one that recorded.
        public let thread: Int
        /// Seconds since the recording began.
        public let start: Double
        public let seconds: Double
    }

    /// Every step of every plan that ran, by plan and place.
    public let kernels: [Kernel]
    /// In the order in which they ended.
    public let events: [Event]
    /// How long the recording was.
    public let seconds: Double

    /// The time of a phase on the thread that recorded.
    public func seconds(_ phase: Phase) -> Double {
        events.reduce(0) { total, event in
            guard event.thread == 0, case .phase(phase) = event.kind else { return total }
            return total + event.seconds
        }
    }

    /// How often a phase was gone through, on the thread that recorded.
    public func count(_ phase: Phase) -> Int {
        events.count { event in
            guard event.thread == 0, case .phase(phase) = event.kind else { return false }
            return true
        }
    }

    /// The time of all kernels.
    public var kernelSeconds: Double { kernels.reduce(0) { $0 + $1.seconds } }

    /// Floating-point operations of all kernels' runs.
    public var flops: Double { kernels.reduce(0) { $0 + Double($1.cost.flops) * Double($1.count) } }
}
