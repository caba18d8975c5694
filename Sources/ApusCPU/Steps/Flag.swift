import ApusGraph
import Synchronization

/// Set by any thread of a kernel that met an index outside its axis.
final class Flag: Sendable {
    private let raised = Atomic<Bool>(false)

    func raise() { raised.store(true, ordering: .relaxed) }

    /// Throws an error that names the first bad index.
    func check(_ operation: String, _ indices: UnsafePointer<Int64>, _ count: Int, _ extent: Int, _ axis: Int) throws {
        guard raised.load(ordering: .relaxed) else { return }
        let position = (0..<count).first { !(0..<Int64(extent)).contains(indices[$0]) } ?? 0
        throw TensorError(
            "\(operation): index \(indices[position]) at position \(position) is outside 0..<\(extent), the extent of axis \(axis)"
        )
    }
}
