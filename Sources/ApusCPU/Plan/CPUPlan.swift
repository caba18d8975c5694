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
}

/// The addresses of a plan's storages during one run.
struct Memory {
    let base: UnsafeMutablePointer<UnsafeMutableRawPointer>

    func pointer(_ storage: StorageID) -> UnsafeMutableRawPointer { base[storage] }

    /// The first element of a view.
    func pointer(_ view: View) -> UnsafeMutableRawPointer {
        base[view.storage] + view.offset * view.dtype.byteCount
    }
}

/// One kernel of a plan. Steps hold no memory of a run, so that several threads can run one plan.
protocol Step: Sendable {
    /// What it does, for the debugging output.
    var description: String { get }
    /// The storages it reads, and those it writes.
    var reads: [StorageID] { get }
    var writes: [StorageID] { get }
    func run(_ memory: Memory) throws
    /// The same step with storages renumbered.
    func renaming(_ storage: (StorageID) -> StorageID) -> Self
}

/// Steps in order, and the memory they need.
final class CPUPlan: Executable, CustomStringConvertible {
    let steps: [any Step]
    let storages: [Storage]
    let arenaSize: Int
    /// For each output of the program its storage: an output's own, or an input's.
    let outputs: [StorageID]

    init(steps: [any Step], storages: [Storage], arenaSize: Int, outputs: [StorageID]) {
        self.steps = steps
        self.storages = storages
        self.arenaSize = arenaSize
        self.outputs = outputs
    }

    func run(_ inputs: [Buffer]) throws -> [Buffer] {
        let arena = Buffer(byteCount: arenaSize)
        var owned: [StorageID: Buffer] = [:]
        return try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: max(1, storages.count)) {
            pointers in
            for (id, storage) in storages.enumerated() {
                switch storage.kind {
                case .input(let number): pointers[id] = inputs[number].pointer
                case .output:
                    let buffer = Buffer(byteCount: storage.byteCount)
                    owned[id] = buffer
                    pointers[id] = buffer.pointer
                case .arena: pointers[id] = arena.pointer + storage.offset
                }
            }
            let memory = Memory(base: pointers.baseAddress!)
            if Diagnostics.level >= 4 {
                try runTimed(memory)
            } else {
                for step in steps { try step.run(memory) }
            }
            return withExtendedLifetime(arena) {
                outputs.map { id in
                    if case .input(let number) = storages[id].kind { return inputs[number] }
                    return owned[id]!
                }
            }
        }
    }

    private func runTimed(_ memory: Memory) throws {
        let clock = ContinuousClock()
        for step in steps {
            let time = try clock.measure { try step.run(memory) }
            let micros = Double(time.components.attoseconds) / 1e12 + Double(time.components.seconds) * 1e6
            Diagnostics.debug(4, "\(Int(micros)) µs  \(step.description)")
        }
    }

    var description: String {
        let head = "plan: \(steps.count) steps, \(storages.count) storages, arena \(arenaSize) bytes"
        return ([head] + steps.map { "  " + $0.description }).joined(separator: "\n")
    }
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
