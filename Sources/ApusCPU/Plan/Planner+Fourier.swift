import ApusGraph
import CKernels
import Foundation

extension Planner {
    /// Lines are taken as they lie, with the axis first or last in memory, and the result's lie in the same way: a
    /// transform along several axes moves nothing.
    mutating func emitFourier(_ transform: FourierTransform, _ x: Int, _ type: TensorType) -> View {
        var source = view(x)
        let lead = source.shape.count - transform.inputExtents.count
        var order = source.memoryOrder
        let keepsPairs = transform.inputExtents.count == 1 || order.last == source.shape.count - 1
        if !keepsPairs || !source.hasDenseOrder(order) {
            source = contiguous(source)
            order = Array(source.shape.indices)
        }
        order = order.filter { $0 <= lead }  // without the axis of pairs
        let place = order.firstIndex(of: lead)!
        let outer = order[..<place].reduce(1) { $0 * source.shape[$1] }
        let inner = order[(place + 1)...].reduce(1) { $0 * source.shape[$1] }

        let pairs = transform.outputExtents.count == 2 ? [lead + 1] : []
        let result = newView(type, order: order + pairs)
        let plan = FourierPlan(transform.length, type.dtype)
        let geometry = apus_fft_lines(transform, outer: outer, inner: inner)
        let kind = Int32(transform.kind.rawValue)
        let flops = outer * inner * transform.flops
        emitKernel("\(transform.kind) transform", [source], result, flops: flops) { operands, out, _ in
            withUnsafePointer(to: geometry) { apus_fft(plan.tables, kind, out, operands[0], $0) }
        }
        return result
    }
}

/// The tables of a length, freed with the steps that use them.
private final class FourierPlan: Sendable {
    nonisolated(unsafe) let tables: OpaquePointer

    init(_ length: Int, _ dtype: DType) { tables = apus_fft_plan_make(length, Int32(dtype.rawValue)) }

    deinit { apus_fft_plan_free(tables) }
}

extension apus_fft_lines {
    /// Of dense lines.
    fileprivate init(_ transform: FourierTransform, outer: Int, inner: Int) {
        func steps(_ extents: [Int]) -> (outer: Int, inner: Int, step: Int) {
            let size = extents.count == 2 ? 2 : 1
            return (extents[0] * inner * size, size, inner * size)
        }
        let (from, to) = (steps(transform.inputExtents), steps(transform.outputExtents))
        self.init(
            outer: outer, inner: inner, outOuterStep: to.outer, outInnerStep: to.inner, outStep: to.step,
            inOuterStep: from.outer, inInnerStep: from.inner, inStep: from.step)
    }
}

extension FourierTransform {
    /// What a fast transform takes: `5 n log₂ n`, of reals half of that.
    fileprivate var flops: Int {
        let complex = 5 * Double(length) * log2(Double(max(2, length)))
        return Int(kind == .forward || kind == .inverse ? complex : complex / 2)
    }
}
