import ApusGraph
import CKernels
import Synchronization

/// Where the memory of a storage comes from.
enum StorageKind: Hashable {
    /// The program's input with this number.
    case input(Int)
    /// A buffer of its own, handed out as the program's output.
    case output
    /// A place in the arena that lives from its first to its last step.
    case arena
}

struct Storage {
    var kind: StorageKind
    var byteCount: Int
    /// In the arena, or nothing.
    var offset = 0
    /// An input that nobody else can see.
    var mayBeOverwritten = false
}

/// The addresses of a plan's storages during one run.
struct Memory {
    let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>

    func pointer(_ storage: StorageID) -> UnsafeMutableRawPointer { addresses[storage]! }

    /// The first element of a view.
    func pointer(_ view: View) -> UnsafeMutableRawPointer {
        pointer(view.storage) + view.offset * view.dtype.byteCount
    }
}

/// One kernel of a plan while the plan is being made: what it does and on which storages.
protocol Step: Sendable {
    /// What it does, for the debugging output.
    var description: String { get }
    /// What it reads, and the storages it writes.
    var operandViews: [View] { get }
    var writes: [StorageID] { get }
    /// What it must do at least, for profiles.
    func cost(in storages: [Storage]) -> KernelCost
    /// The same step with storages renumbered.
    func renaming(_ storage: (StorageID) -> StorageID) -> Self
    /// The step made ready to run, once it has its final storages.
    func prepared() -> any PreparedStep
}

/// One kernel of a finished plan. It holds no memory of a run, so that several threads can run one plan.
protocol PreparedStep: Sendable {
    var description: String { get }
    func run(_ memory: Memory) throws
}

extension Step {
    /// The storages it reads.
    var reads: [StorageID] { operandViews.map(\.storage) }
}

extension Step where Self: PreparedStep {
    func prepared() -> any PreparedStep { self }
}

/// Steps in order, and the memory they need.
final class CPUPlan: Executable, CustomStringConvertible {
    let steps: [any PreparedStep]
    let storages: [Storage]
    let arenaSize: Int
    /// For each output of the program its storage: an output's own, or an input's.
    let outputs: [StorageID]
    /// What each step must do at least, for profiles.
    let costs: [KernelCost]

    init(steps: [any Step], storages: [Storage], arenaSize: Int, outputs: [StorageID]) {
        self.steps = steps.map { $0.prepared() }
        costs = steps.map { $0.cost(in: storages) }
        self.storages = storages
        self.arenaSize = arenaSize
        self.outputs = outputs
    }

    func run(_ inputs: [Buffer]) throws -> [Buffer] {
        let arena = Buffer(byteCount: arenaSize)
        var owned = [Buffer?](repeating: nil, count: storages.count)
        return try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: max(1, storages.count)) {
            addresses in
            for (id, storage) in storages.enumerated() {
                switch storage.kind {
                case .input(let number): owned[id] = inputs[number]
                case .output: owned[id] = Buffer(byteCount: storage.byteCount)
                case .arena: break
                }
                addresses[id] = owned[id]?.pointer ?? arena.pointer + storage.offset
            }
            for id in outputs where storages[id].mayBeOverwritten { owned[id]!.contentWillChange() }
            let memory = Memory(addresses: addresses.baseAddress!)
            if Profile.isRecording || Diagnostics.level >= 4 {
                try runTimed(memory)
            } else {
                for step in steps { try step.run(memory) }
            }
            return withExtendedLifetime(arena) { outputs.map { owned[$0]! } }
        }
    }

    var description: String { steps.map { "  " + $0.description }.joined(separator: "\n") }
}

/// Runs `body` over 0..<count on the engine's threads, in ranges of at least `grain`.
func parallel(_ count: Int, grain: Int, _ body: (_ begin: Int, _ end: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
        var closure: (Int, Int) -> Void = body
        withUnsafeMutablePointer(to: &closure) { pointer in
            apus_parallel(
                { context, begin, end in
                    context!.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(begin, end)
                }, pointer, count, grain)
        }
    }
}
