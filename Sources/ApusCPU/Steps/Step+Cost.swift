import ApusGraph

// What steps must do at least, for profiles.

extension Step {
    /// Whole storages, and no arithmetic: what a step that knows no better is taken for.
    func cost(in storages: [Storage]) -> KernelCost {
        func bytes(_ ids: [StorageID]) -> Int { Set(ids).reduce(0) { $0 + storages[$1].byteCount } }
        return KernelCost(bytesRead: bytes(reads), bytesWritten: bytes(writes))
    }
}

extension View {
    /// Bytes of the different elements that the view shows.
    var footprint: Int { footprint(over: shape) }

    /// The same where the strides are those of another shape's axes.
    func footprint(over shape: [Int]) -> Int {
        zip(shape, strides).reduce(dtype.byteCount) { bytes, axis in
            bytes * (axis.1 == 0 ? min(1, axis.0) : axis.0)
        }
    }
}

extension KernelStep {
    func cost(in storages: [Storage]) -> KernelCost {
        KernelCost(
            flops: flops, bytesRead: operands.reduce(0) { $0 + $1.footprint }, bytesWritten: result.footprint,
            dtype: operands.first?.dtype ?? result.dtype)
    }
}

extension RegionStep {
    /// Each instruction and each reduction counts as one operation for each element.
    func cost(in storages: [Storage]) -> KernelCost {
        let elements = shape.reduce(1, *)
        let stored = stores.reduce(0) { $0 + storages[$1.storage].byteCount }
        let reduced = reductions.reduce(0) { $0 + storages[$1.storage].byteCount }
        return KernelCost(
            flops: elements * (instructions.count + reductions.count),
            // A load's strides are those of the region's merged axes.
            bytesRead: loads.reduce(0) { $0 + $1.view.footprint(over: shape) }, bytesWritten: stored + reduced,
            dtype: registerElementSize == 8 ? .float64 : .float32)
    }
}

extension CopyStep {
    func cost(in storages: [Storage]) -> KernelCost {
        KernelCost(bytesRead: from.footprint, bytesWritten: to.footprint)
    }
}

extension FillStep {
    func cost(in storages: [Storage]) -> KernelCost { KernelCost(bytesWritten: to.footprint) }
}
