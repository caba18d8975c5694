import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The memory of one evaluated value: dense, row-major, 64-byte aligned, never changed after it has been filled.
///
/// Memory comes from a pool and returns to it, so that a loop that makes the same shapes again takes no page faults.
public final class Buffer: @unchecked Sendable {
    // Unchecked: the pointer is written only by the one who allocated the buffer, before it is shared.
    /// The first byte.
    public let pointer: UnsafeMutableRawPointer
    /// Bytes that the value takes.
    public let byteCount: Int
    private let storage: Storage
    /// What the memory holds, as a number: equal numbers mean equal contents, of any two buffers at any time.
    package private(set) var contentNumber = Buffer.nextContentNumber()
    /// Objects that are freed with the contents, by whom they are for.
    private let companions = Mutex<[ObjectIdentifier: any AnyObject & Sendable]>([:])

    private enum Storage {
        case pooled(capacity: Int)
        /// Memory that somebody else owns (a mapped file); the object keeps it alive.
        case external(owner: AnyObject)
    }

    /// Uninitialized memory for `byteCount` bytes.
    public init(byteCount: Int) {
        precondition(byteCount >= 0, "Buffer: negative size \(byteCount)")
        let (pointer, capacity) = BufferPool.shared.take(byteCount)
        self.pointer = pointer
        self.byteCount = byteCount
        self.storage = .pooled(capacity: capacity)
    }

    /// Memory that `owner` keeps alive and unchanged, used in place. Must be aligned for its element type.
    public init(borrowing pointer: UnsafeRawPointer, byteCount: Int, owner: AnyObject) {
        self.pointer = UnsafeMutableRawPointer(mutating: pointer)
        self.byteCount = byteCount
        self.storage = .external(owner: owner)
    }

    /// A copy of an array's elements.
    public convenience init<Element>(copying elements: [Element]) {
        self.init(byteCount: elements.count * MemoryLayout<Element>.stride)
        elements.withUnsafeBytes { source in
            if let base = source.baseAddress { pointer.copyMemory(from: base, byteCount: source.count) }
        }
    }

    /// Whether the memory is the pool's, so that a result may be written over a value that nobody needs any more.
    var isReusable: Bool {
        if case .pooled = storage { return true }
        return false
    }

    private static let contentNumbers = Atomic<UInt64>(0)

    private static func nextContentNumber() -> UInt64 {
        contentNumbers.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// To be called before the memory is written over: what was kept for the old contents goes.
    package func contentWillChange() {
        contentNumber = Self.nextContentNumber()
        companions.withLock { $0.removeAll() }
    }

    /// Keeps an object as long as these contents, in place of the one kept for the same user before.
    package func keep(_ object: any AnyObject & Sendable, for user: AnyObject) {
        companions.withLock { $0[ObjectIdentifier(user)] = object }
    }

    deinit {
        if case .pooled(let capacity) = storage { BufferPool.shared.give(pointer, capacity) }
    }

    /// The memory as elements of a type.
    public func elements<Element>(as type: Element.Type) -> UnsafeMutableBufferPointer<Element> {
        let count = byteCount / MemoryLayout<Element>.stride
        return UnsafeMutableBufferPointer(start: pointer.bindMemory(to: type, capacity: count), count: count)
    }
}

/// Recycles memory by size class. Keeps at most `limit` bytes of free memory.
final class BufferPool: Sendable {
    static let shared = BufferPool()

    private struct State {
        var free: [Int: [UnsafeMutableRawPointer]] = [:]
        var freeBytes = 0
        var allocatedBytes = 0
        var peakBytes = 0
    }
    // Pointers in `free` belong to nobody else while they are there.
    private nonisolated(unsafe) let state: UnsafeMutablePointer<State>
    private let lock = Mutex<Void>(())
    private let limit = 1 << 31

    init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    private func withState<Result>(_ body: (inout State) -> Result) -> Result {
        lock.withLock { _ in body(&state.pointee) }
    }

    /// Size classes: multiples of 64 bytes up to 1 KiB, then eight steps to each doubling, so at most an eighth is lost.
    static func capacity(for byteCount: Int) -> Int {
        let bytes = max(byteCount, 64)
        guard bytes > 1024 else { return (bytes + 63) & ~63 }
        let step = max(64, 1 << (Int.bitWidth - 4 - (bytes - 1).leadingZeroBitCount))
        return (bytes + step - 1) / step * step
    }

    func take(_ byteCount: Int) -> (UnsafeMutableRawPointer, Int) {
        let capacity = Self.capacity(for: byteCount)
        let recycled = withState { state -> UnsafeMutableRawPointer? in
            state.allocatedBytes += capacity
            state.peakBytes = max(state.peakBytes, state.allocatedBytes)
            guard let pointer = state.free[capacity]?.popLast() else { return nil }
            state.freeBytes -= capacity
            return pointer
        }
        return (recycled ?? Self.allocate(capacity), capacity)
    }

    func give(_ pointer: UnsafeMutableRawPointer, _ capacity: Int) {
        let kept = withState { state -> Bool in
            state.allocatedBytes -= capacity
            guard state.freeBytes + capacity <= limit else { return false }
            state.free[capacity, default: []].append(pointer)
            state.freeBytes += capacity
            return true
        }
        if !kept { free(pointer) }
    }

    private static let hugePage = 2 << 20

    private static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
        EngineStatistics.counters.allocations.add(1, ordering: .relaxed)
        EngineStatistics.counters.allocatedBytes.add(capacity, ordering: .relaxed)
        var pointer: UnsafeMutableRawPointer?
        let large = capacity >= hugePage
        guard posix_memalign(&pointer, large ? hugePage : 64, capacity) == 0, let pointer else {
            fatalError("out of memory: \(capacity) bytes were asked for; use a smaller batch or model")
        }
        if large { madvise(pointer, capacity, MADV_HUGEPAGE) }
        return pointer
    }

    var statistics: MemoryStatistics {
        withState { .init(inUse: $0.allocatedBytes, peak: $0.peakBytes, cached: $0.freeBytes) }
    }

    func resetPeak() { withState { $0.peakBytes = $0.allocatedBytes } }
}

/// Bytes held by tensors and running plans: now, at most so far, and kept for reuse.
public struct MemoryStatistics: Sendable {
    /// Bytes held now.
    public let inUse: Int
    /// The most bytes held at once.
    public let peak: Int
    /// Bytes kept for reuse.
    public let cached: Int

    /// The figures of this moment.
    public static var current: MemoryStatistics { BufferPool.shared.statistics }

    /// Starts the peak anew from what is in use.
    public static func resetPeak() { BufferPool.shared.resetPeak() }
}
