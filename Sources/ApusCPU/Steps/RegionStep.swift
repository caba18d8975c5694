import ApusGraph
import CKernels

/// A fused loop over pointwise instructions and the reductions that end them (`region.c`).
struct RegionStep: Step {
    struct Load {
        var view: View  // strides by the region's axes
        var register: Int
    }
    struct Store {
        var storage: StorageID
        var elementSize: Int
        var register: Int
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
    var label: String

    var reads: [StorageID] { loads.map(\.view.storage) }
    var writes: [StorageID] { stores.map(\.storage) + reductions.map(\.storage) }

    var description: String {
        "region \(shape) \(label): \(loads.count) loads, \(instructions.count) instructions, \(stores.count) stores, "
            + "\(reductions.count) reductions"
    }

    func renaming(_ storage: (StorageID) -> StorageID) -> RegionStep {
        var step = self
        for index in loads.indices { step.loads[index].view.storage = storage(loads[index].view.storage) }
        for index in stores.indices { step.stores[index].storage = storage(stores[index].storage) }
        for index in reductions.indices { step.reductions[index].storage = storage(reductions[index].storage) }
        return step
    }

    func run(_ memory: Memory) {
        let rank = shape.count
        // The C structs point into these arrays; strides of all operands lie in one.
        let strideTable = loads.flatMap(\.view.strides) + reductions.flatMap(\.strides)
        shape.withUnsafeBufferPointer { shape in
            strideTable.withUnsafeBufferPointer { strides in
                let loads = self.loads.enumerated().map { index, load in
                    apus_load(
                        data: memory.pointer(load.view), strides: strides.baseAddress! + index * rank,
                        elementSize: Int32(load.view.dtype.byteCount), target: Int32(load.register))
                }
                let stores = self.stores.map { store in
                    apus_store(
                        data: memory.pointer(store.storage), elementSize: Int32(store.elementSize),
                        source: Int32(store.register))
                }
                let reductions = self.reductions.enumerated().map { index, reduction in
                    apus_reduction(
                        data: memory.pointer(reduction.storage),
                        strides: strides.baseAddress! + (self.loads.count + index) * rank,
                        dtype: Int32(reduction.dtype.rawValue), operation: Int32(reduction.operation.rawValue),
                        source: Int32(reduction.register))
                }
                var region = apus_region()
                region.shape = shape.baseAddress
                region.rank = Int32(rank)
                region.loadCount = Int32(loads.count)
                region.instructionCount = Int32(instructions.count)
                region.storeCount = Int32(stores.count)
                region.reductionCount = Int32(reductions.count)
                region.registerCount = Int32(registerCount)
                region.registerElementSize = Int32(registerElementSize)
                region.tileLength = 1024
                loads.withUnsafeBufferPointer {
                    region.loads = $0.baseAddress
                    stores.withUnsafeBufferPointer {
                        region.stores = $0.baseAddress
                        reductions.withUnsafeBufferPointer {
                            region.reductions = $0.baseAddress
                            instructions.withUnsafeBufferPointer {
                                region.instructions = $0.baseAddress
                                apus_region_run(&region)
                            }
                        }
                    }
                }
            }
        }
    }
}
