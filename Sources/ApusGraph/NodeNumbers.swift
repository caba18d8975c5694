import Synchronization

/// A number for each node met in a walk over a graph.
///
/// The numbers stand in the nodes themselves for one walk at a time; a second thread that walks meanwhile keeps its own in a
/// dictionary. So nobody waits, and a walk alone costs no hashing.
package struct NodeNumbers: ~Copyable {
    /// What a node remembers of the last walk that numbered it.
    struct Mark {
        fileprivate var walk: UInt64 = 0
        fileprivate var number: Int32 = 0
    }

    private static let isTaken = Atomic<Bool>(false)
    /// Counts the walks that wrote into nodes; only for the one that has the right to.
    private nonisolated(unsafe) static var walks: UInt64 = 0

    /// This walk, or 0 for one that keeps its numbers apart.
    private let walk: UInt64
    private var table: [ObjectIdentifier: Int32] = [:]

    package init() {
        if Self.isTaken.exchange(true, ordering: .acquiring) {
            walk = 0
        } else {
            Self.walks += 1
            walk = Self.walks
        }
    }

    deinit {
        if walk != 0 { Self.isTaken.store(false, ordering: .releasing) }
    }

    /// The number of a node that stays alive as long as the walk.
    package subscript(node: Node) -> Int32? {
        get {
            if walk == 0 { return table[ObjectIdentifier(node)] }
            return node.mark.walk == walk ? node.mark.number : nil
        }
        set {
            if walk == 0 {
                table[ObjectIdentifier(node)] = newValue
            } else {
                node.mark = newValue.map { Mark(walk: walk, number: $0) } ?? Mark()
            }
        }
    }
}
