import ApusGraph
import CKernels

/// Attention, or its gradients by query, key and value (`attention.c`).
struct AttentionStep: Step, PreparedStep {
    /// Query, key, value and perhaps a mask.
    private var operands: [View]
    /// The gradient of attention's result, where gradients are computed.
    private var gradient: View?
    /// Attention's result, or the three gradients, nil where one isn't wanted.
    private var results: [View?]
    var scratch: StorageID = 0
    private let geometry: apus_attention

    init(_ attention: Attention, operands: [View], gradient: View?, results: [View?], threads: Int) {
        self.operands = operands
        self.gradient = gradient
        self.results = results

        // Axes before the last two are merged where all matrices allow it.
        let all: [View?] = (0..<4).map { $0 < operands.count ? operands[$0] : nil } + [gradient] + results
        let (batch, strides) = collapse(
            Array(operands[0].shape.dropLast(2)), all.compactMap { $0.map { Array($0.strides.dropLast(2)) } })
        precondition(
            batch.count <= Int(APUS_MAXIMUM_RANK),
            "attention over \(batch.count) separate axes; at most \(APUS_MAXIMUM_RANK) are possible")
        var remaining = strides[...]
        let matrices = all.map { $0.map { apus_matrix($0, batch: remaining.removeFirst()) } ?? apus_matrix() }

        var geometry = apus_attention()
        let (query, value) = (operands[0], operands[2])
        let rank = query.shape.count
        geometry.dtype = Int32(query.dtype.rawValue)
        geometry.isCausal = attention.isCausal ? 1 : 0
        geometry.scale = attention.scale
        (geometry.queries, geometry.keys) = (query.shape[rank - 2], value.shape[rank - 2])
        (geometry.features, geometry.valueFeatures) = (query.shape[rank - 1], value.shape[rank - 1])
        geometry.batchRank = Int32(batch.count)
        withUnsafeMutableBytes(of: &geometry.batchShape) { $0.copyBytes(from: batch.withUnsafeBytes(Array.init)) }
        geometry.parts = threads
        (geometry.query, geometry.key, geometry.value, geometry.mask) = (
            matrices[0], matrices[1], matrices[2], matrices[3]
        )
        geometry.gradient = matrices[4]
        if gradient == nil {
            geometry.result = matrices[5]
        } else {
            (geometry.queryGradient, geometry.keyGradient, geometry.valueGradient) = (
                matrices[5], matrices[6], matrices[7]
            )
        }
        self.geometry = geometry
    }

    var scratchBytes: Int { withUnsafePointer(to: geometry) { apus_attention_scratch($0, gradient == nil ? 0 : 1) } }

    var operandViews: [View] { operands + [gradient].compactMap { $0 } }
    var writes: [StorageID] { results.compactMap { $0?.storage } + [scratch] }
    var description: String {
        let kind = (geometry.isCausal != 0 ? "causal " : "") + (gradient == nil ? "attention" : "attention gradient")
        return "\(kind) \(operands.map(\.shape))"
    }

    /// Two products forward, five backward; what a causal query does not see is not counted.
    func cost(in storages: [Storage]) -> KernelCost {
        let heads = operands[0].shape.dropLast(2).reduce(1, *)
        let (queries, keys) = (geometry.queries, geometry.keys)
        let hidden = geometry.isCausal != 0 ? (0..<queries).reduce(0) { $0 + max(0, keys - 1 - $1) } : 0
        let (features, values) = (geometry.features, geometry.valueFeatures)
        let perPair = gradient == nil ? features + values : 3 * features + 2 * values
        return KernelCost(
            flops: 2 * heads * (queries * keys - hidden) * perPair,
            bytesRead: (operands + [gradient].compactMap { $0 }).reduce(0) { $0 + $1.footprint },
            bytesWritten: results.reduce(0) { $0 + ($1?.footprint ?? 0) }, dtype: operands[0].dtype)
    }

    func renaming(_ storage: (StorageID) -> StorageID) -> AttentionStep {
        func renamed(_ view: View) -> View {
            var view = view
            view.storage = storage(view.storage)
            return view
        }
        var step = self
        step.operands = operands.map(renamed)
        step.gradient = gradient.map(renamed)
        step.results = results.map { $0.map(renamed) }
        step.scratch = storage(scratch)
        return step
    }

    func run(_ memory: Memory) {
        var addresses = apus_attention_operands()
        addresses.query = UnsafeRawPointer(memory.pointer(operands[0]))
        addresses.key = UnsafeRawPointer(memory.pointer(operands[1]))
        addresses.value = UnsafeRawPointer(memory.pointer(operands[2]))
        if operands.count > 3 { addresses.mask = UnsafeRawPointer(memory.pointer(operands[3])) }
        let scratch = memory.pointer(scratch)
        withUnsafePointer(to: geometry) { geometry in
            if let gradient {
                addresses.gradient = UnsafeRawPointer(memory.pointer(gradient))
                addresses.queryGradient = results[0].map { memory.pointer($0) }
                addresses.keyGradient = results[1].map { memory.pointer($0) }
                addresses.valueGradient = results[2].map { memory.pointer($0) }
                apus_attend_gradient(geometry, &addresses, scratch)
            } else {
                addresses.result = memory.pointer(results[0]!)
                apus_attend(geometry, &addresses, scratch)
            }
        }
    }
}

extension apus_matrix {
    /// The last two axes of a view, and strides of those before, merged.
    fileprivate init(_ view: View, batch strides: [Int]) {
        self.init()
        withUnsafeMutableBytes(of: &batch) { $0.copyBytes(from: strides.withUnsafeBytes(Array.init)) }
        row = view.strides[view.shape.count - 2]
        column = view.strides[view.shape.count - 1]
    }
}
