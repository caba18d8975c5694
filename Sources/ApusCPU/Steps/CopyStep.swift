import ApusGraph
import CKernels

/// Copies elements from one view to another of the same shape; one of them is dense in row-major order.
struct CopyStep: Step, PreparedStep {
    var from: View
    var to: View
    private var shape: [Int]
    private var strides: [Int]
    private var gathers: Bool

    init(from: View, to: View) {
        self.from = from
        self.to = to
        gathers = to.isContiguous
        precondition(gathers || from.isContiguous, "a copy between two strided views")
        let (shape, strides) = collapse(from.shape, [gathers ? from.strides : to.strides])
        self.shape = shape
        self.strides = strides[0]
        precondition(
            shape.count <= Int(APUS_MAXIMUM_RANK),
            "a view of \(shape.count) separate axes; at most \(APUS_MAXIMUM_RANK) are possible")
    }

    var operandViews: [View] { [from] }
    var writes: [StorageID] { [to.storage] }
    var description: String { "copy \(from.shape) \(from.strides) → \(to.strides)" }

    func renaming(_ storage: (StorageID) -> StorageID) -> CopyStep {
        var step = self
        step.from.storage = storage(from.storage)
        step.to.storage = storage(to.storage)
        return step
    }

    func run(_ memory: Memory) {
        let (source, target) = (memory.pointer(from), memory.pointer(to))
        let size = from.dtype.byteCount
        let count = from.elementCount
        if count == 0 { return }
        parallel(count, grain: 1 << 15) { begin, end in
            if gathers {
                apus_strided_copy(
                    target + begin * size, source, shape, strides, Int32(shape.count), Int32(size), begin, end)
            } else {
                apus_strided_store(
                    target, source + begin * size, shape, strides, Int32(shape.count), Int32(size), begin, end)
            }
        }
    }
}

/// Fills a storage with one element, read from memory.
struct FillStep: Step, PreparedStep {
    var value: View
    var to: View

    var operandViews: [View] { [value] }
    var writes: [StorageID] { [to.storage] }
    var description: String { "fill \(to.shape)" }

    func renaming(_ storage: (StorageID) -> StorageID) -> FillStep {
        var step = self
        step.value.storage = storage(value.storage)
        step.to.storage = storage(to.storage)
        return step
    }

    func run(_ memory: Memory) {
        let (value, target) = (memory.pointer(value), memory.pointer(to))
        let size = to.dtype.byteCount
        parallel(to.elementCount, grain: 1 << 16) { begin, end in
            apus_fill(target + begin * size, value, Int32(size), end - begin)
        }
    }
}
