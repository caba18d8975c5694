import ApusGraph
import CKernels

/// A fused loop over pointwise instructions and the reductions that end them (`region.c`).
struct RegionStep: Step {
    struct Load {
        var view: View  // strides by the region's axes
        var register: Int
        /// Whether the register holds one value a row.
        var perRow = false
    }
    struct Store {
        var storage: StorageID
        var elementSize: Int
        var register: Int
        /// Whether the register holds one value a row.
        var perRow = false
    }
    struct Reduction {
        var storage: StorageID
        var strides: [Int]
        var dtype: DType
        var operation: ApusGraph.Reduction
        var register: Int
    }

    var shape: [Int]
    var loads: [Load]
    var instructions: [apus_instruction]
    var stores: [Store]
    var reductions: [Reduction]
    var registerCount: Int
    var registerElementSize: Int
    /// Elements of a row; 0 where the region reduces none to use it again.
    var rowLength: Int
    var label: String

    var operandViews: [View] { loads.map(\.view) }
    var writes: [StorageID] { stores.map(\.storage) + reductions.map(\.storage) }

    var description: String {
        (rowLength > 0 ? "rows of \(rowLength), " : "")
            + "region \(shape) \(label): \(loads.count) loads, \(instructions.count) instructions, \(stores.count) stores, "
            + "\(reductions.count) reductions"
    }

    func renaming(_ storage: (StorageID) -> StorageID) -> RegionStep {
        var step = self
        for index in loads.indices { step.loads[index].view.storage = storage(loads[index].view.storage) }
        for index in stores.indices { step.stores[index].storage = storage(stores[index].storage) }
        for index in reductions.indices { step.reductions[index].storage = storage(reductions[index].storage) }
        return step
    }

    func prepared() -> any PreparedStep { PreparedRegion(self) }
}

/// A region with its tables made once and its work cut into parts; a run adds nothing but addresses.
final class PreparedRegion: PreparedStep, @unchecked Sendable {
    // Unchecked: the C side only reads what it has prepared.
    let description: String
    private let handle: OpaquePointer

    init(_ step: RegionStep) {
        description = step.description
        let rank = step.shape.count
        // The C structs point into these arrays; strides of all operands lie in one.
        let strideTable = step.loads.flatMap(\.view.strides) + step.reductions.flatMap(\.strides)
        handle = step.shape.withUnsafeBufferPointer { shape in
            strideTable.withUnsafeBufferPointer { strides in
                func stride(_ operand: Int) -> UnsafePointer<Int>? { strides.baseAddress.map { $0 + operand * rank } }
                let loads = step.loads.enumerated().map { index, load in
                    apus_load(
                        storage: load.view.storage, offset: load.view.offset * load.view.dtype.byteCount,
                        strides: stride(index), elementSize: Int32(load.view.dtype.byteCount),
                        target: Int32(load.register), perRow: load.perRow ? 1 : 0)
                }
                let stores = step.stores.map { store in
                    apus_store(
                        storage: store.storage, elementSize: Int32(store.elementSize), source: Int32(store.register),
                        perRow: store.perRow ? 1 : 0)
                }
                let reductions = step.reductions.enumerated().map { index, reduction in
                    apus_reduction(
                        storage: reduction.storage, strides: stride(loads.count + index),
                        dtype: Int32(reduction.dtype.rawValue), operation: Int32(reduction.operation.rawValue),
                        source: Int32(reduction.register))
                }
                return loads.withUnsafeBufferPointer { loads in
                    stores.withUnsafeBufferPointer { stores in
                        reductions.withUnsafeBufferPointer { reductions in
                            step.instructions.withUnsafeBufferPointer { instructions in
                                var region = apus_region(
                                    shape: shape.baseAddress, loads: loads.baseAddress,
                                    instructions: instructions.baseAddress, stores: stores.baseAddress,
                                    reductions: reductions.baseAddress, rank: Int32(rank),
                                    loadCount: Int32(loads.count), instructionCount: Int32(instructions.count),
                                    storeCount: Int32(stores.count), reductionCount: Int32(reductions.count),
                                    registerCount: Int32(step.registerCount),
                                    registerElementSize: Int32(step.registerElementSize), tileLength: 1024,
                                    rowLength: step.rowLength)
                                return apus_region_prepare(&region)!
                            }
                        }
                    }
                }
            }
        }
    }

    deinit { apus_region_free(handle) }

    func run(_ memory: Memory) { apus_region_run(handle, memory.addresses) }
}
