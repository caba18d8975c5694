import ApusGraph
import CKernels
import Foundation

// Steps for the operations that no region takes.

extension Planner {
    typealias Instruction = Program.Instruction
    typealias Pointer = UnsafeMutableRawPointer

    /// Emits the steps of one instruction and tells where its result lies.
    mutating func emit(_ instruction: Instruction) throws -> View {
        let (type, operands) = (instruction.type, instruction.operands)
        switch instruction.operation {
        case .iota(let shape, let axis, let dtype):
            return emitIota(shape, axis, dtype)
        case .random(let distribution, _, _):
            return emitRandom(distribution, type, key: operands[0])
        case .invalid:
            let result = newView(type)
            emitKernel("zeros", [], result) { _, out, _ in memset(out, 0, type.byteCount) }
            return result
        case .argReduce(let reduction, let axis):
            return emitArgReduce(reduction, axis, operands[0], type)
        case .scan(let scan, let axis, let reverse):
            return emitScan(scan, axis, reverse, operands[0], type)
        case .pad(let low, _):
            return emitPad(low, operands[0], value: operands[1], type)
        case .gather(let axis):
            return emitGather(operands, axis, type, elementwise: false)
        case .gatherElements(let axis):
            return emitGather(operands, axis, type, elementwise: true)
        case .scatter(let mode, let axis):
            return emitScatter(operands, mode, axis, type, elementwise: false)
        case .scatterElements(let mode, let axis):
            return emitScatter(operands, mode, axis, type, elementwise: true)
        case .dynamicSlice(let sizes):
            return emitDynamicSlice(operands, sizes, type)
        case .dynamicUpdate:
            return emitDynamicUpdate(operands, type)
        case .sort(let axis, let descending):
            return emitSort(axis, descending, operands[0], type, indices: false)
        case .argSort(let axis, let descending):
            return emitSort(axis, descending, operands[0], type, indices: true)
        case .matmul:
            return try emitMatmul(operands[0], operands[1], type)
        case .factorization(let kind):
            return emitFactorization(kind, operands[0], type)
        case .triangularSolve(let upper, let unitDiagonal):
            return emitTriangularSolve(upper: upper, unitDiagonal: unitDiagonal, operands, type)
        case .fourier(let transform):
            return emitFourier(transform, operands[0], type)
        case .softmax(let axis):
            return emitSoftmax(axis, operands[0], type, logarithm: false)
        case .logSoftmax(let axis):
            return emitSoftmax(axis, operands[0], type, logarithm: true)
        case .attention(let attention):
            return emitAttention(attention, operands, type)
        case .attentionGradient(let attention, let operand):
            return emitAttentionGradients(attention, operands)[Int(operand.rawValue)]!
        case .recurrence(let unit):
            return emitRecurrence(unit, operands, type)
        case .recurrenceGradient(let unit):
            return emitRecurrenceGradient(unit, operands, type)
        case .loop(let loop, let result):
            return try emitLoop(loop, operands)[result]!
        case .constant, .placeholder, .unary, .binary, .compare, .select, .cast, .reduce, .reshape, .transpose,
            .broadcast, .slice,
            .reverse,
            .variable, .stopGradient, .barrier, .customGradient,
            // These have layouts of their own: `emitLaidOut`.
            .convolution, .convolutionInputGradient, .convolutionWeightGradient, .pool, .poolGradient, .concatenate:
            preconditionFailure("\(instruction.operation.name) is no kernel of its own")
        }
    }

    mutating func emitKernel(
        _ label: String, _ operands: [View], _ result: View, scratch: [StorageID] = [], flops: Int = 0,
        _ kernel: @escaping @Sendable ([Pointer], Pointer, [Pointer]) throws -> Void
    ) {
        steps.append(
            KernelStep(
                label: label, operands: operands, result: result, scratch: scratch, flops: flops, kernel: kernel))
    }

    // MARK: Leaves

    /// One row of indices, repeated by strides of 0.
    private mutating func emitIota(_ shape: Shape, _ axis: Int, _ dtype: DType) -> View {
        let count = shape[axis]
        var result = newView(TensorType([count], dtype))
        emitKernel("iota", [], result) { _, out, _ in apus_iota(out, 0, count, Int32(dtype.rawValue)) }
        let inner = [Int](repeating: 1, count: shape.rank - axis - 1)
        result = result.reshaped([count] + inner)!.broadcast(to: shape.dimensions)
        return result
    }

    private mutating func emitRandom(_ distribution: Distribution, _ type: TensorType, key: Int) -> View {
        let result = newView(type)
        let (count, size) = (type.shape.elementCount, type.dtype.byteCount)
        emitKernel("random", [contiguous(key)], result) { operands, out, _ in
            let key = operands[0].load(as: Int64.self)
            let groups = (count + 3) / 4
            parallel(groups, grain: 1 << 12) { begin, end in
                let (first, last) = (begin * 4, min(end * 4, count))
                apus_random(
                    out + first * size, key, Int32(distribution.rawValue), Int32(type.dtype.rawValue), first, last)
            }
        }
        return result
    }

    // MARK: Along one axis, as [outer, extent, inner]

    private func split(_ shape: [Int], _ axis: Int) -> (outer: Int, extent: Int, inner: Int) {
        (shape[..<axis].reduce(1, *), shape[axis], shape[(axis + 1)...].reduce(1, *))
    }

    private mutating func emitArgReduce(_ reduction: ArgReduction, _ axis: Int, _ x: Int, _ type: TensorType) -> View {
        let source = contiguous(x)
        let (outer, extent, inner) = split(source.shape, axis)
        let result = newView(type)
        let dtype = source.dtype
        emitKernel("argReduce", [source], result) { operands, out, _ in
            parallel(outer * inner, grain: max(1, (1 << 15) / extent)) { begin, end in
                apus_arg_reduce(
                    out.assumingMemoryBound(to: Int64.self), operands[0], outer, extent, inner,
                    Int32(reduction.rawValue),
                    Int32(dtype.rawValue), begin, end)
            }
        }
        return result
    }

    private mutating func emitScan(_ scan: Scan, _ axis: Int, _ reverse: Bool, _ x: Int, _ type: TensorType) -> View {
        let source = contiguous(x)
        let (outer, extent, inner) = split(source.shape, axis)
        let result = newView(type)
        emitKernel("scan", [source], result) { operands, out, _ in
            parallel(outer * inner, grain: max(1, (1 << 15) / max(1, extent))) { begin, end in
                apus_scan(
                    out, operands[0], outer, extent, inner, Int32(scan.rawValue), reverse ? 1 : 0,
                    Int32(type.dtype.rawValue), begin, end)
            }
        }
        return result
    }

    /// A view with `axis` last, dense: rows to work on.
    private mutating func rows(_ x: Int, _ axis: Int) -> View {
        let source = view(x)
        var order = Array(source.shape.indices)
        order.append(order.remove(at: axis))
        return contiguous(source.transposed(order))
    }

    /// The same rows with the last axis back at `axis`.
    private func unrow(_ result: View, _ axis: Int) -> View {
        var order = Array(result.shape.indices)
        order.insert(order.removeLast(), at: axis)
        return result.transposed(order)
    }

    private mutating func emitSort(_ axis: Int, _ descending: Bool, _ x: Int, _ type: TensorType, indices: Bool) -> View
    {
        let source = rows(x, axis)
        let result = newView(TensorType(Shape(source.shape), type.dtype))
        let columns = source.shape.last!
        let count = columns == 0 ? 0 : source.elementCount / columns
        let (dtype, rowBytes) = (source.dtype, columns * source.dtype.byteCount)
        emitKernel(indices ? "argSort" : "sort", [source], result) { operands, out, _ in
            parallel(count, grain: max(1, (1 << 12) / max(1, columns))) { begin, end in
                let x = operands[0] + begin * rowBytes
                if indices {
                    let out = out.assumingMemoryBound(to: Int64.self) + begin * columns
                    apus_argsort(out, x, end - begin, columns, descending ? 1 : 0, Int32(dtype.rawValue))
                } else {
                    apus_sort(
                        out + begin * rowBytes, x, end - begin, columns, descending ? 1 : 0, Int32(dtype.rawValue))
                }
            }
        }
        return unrow(result, axis)
    }

    private mutating func emitSoftmax(_ axis: Int, _ x: Int, _ type: TensorType, logarithm: Bool) -> View {
        let source = rows(x, axis)
        let result = newView(TensorType(Shape(source.shape), type.dtype))
        let columns = source.shape.last!
        let count = columns == 0 ? 0 : source.elementCount / columns
        let rowBytes = columns * type.dtype.byteCount
        // Five passes: maximum, difference, exponential, sum, quotient.
        emitKernel(logarithm ? "logSoftmax" : "softmax", [source], result, flops: 5 * source.elementCount) {
            operands, out, _ in
            parallel(count, grain: max(1, (1 << 13) / max(1, columns))) { begin, end in
                apus_softmax(
                    out + begin * rowBytes, operands[0] + begin * rowBytes, end - begin, columns, logarithm ? 1 : 0,
                    Int32(type.dtype.rawValue))
            }
        }
        return unrow(result, axis)
    }

    // MARK: Movement

    private mutating func emitPad(_ low: [Int], _ x: Int, value: Int, _ type: TensorType) -> View {
        let source = contiguous(x)
        let result = newView(type)
        steps.append(FillStep(value: view(value), to: result))
        let inner = result.sliced(source.shape.indices.map { SliceRange(start: low[$0], count: source.shape[$0]) })
        if source.elementCount > 0 { steps.append(CopyStep(from: source, to: inner)) }
        return result
    }

    // MARK: Indexing

    private mutating func emitGather(_ operands: [Int], _ axis: Int, _ type: TensorType, elementwise: Bool) -> View {
        let (x, indices) = (contiguous(operands[0]), contiguous(operands[1]))
        let result = newView(type)
        let (outer, extent, inner) = split(x.shape, axis)
        let count = elementwise ? indices.shape[axis] : indices.elementCount
        let size = Int32(x.dtype.byteCount)
        emitKernel("gather", [x, indices], result) { operands, out, _ in
            let table = operands[1].assumingMemoryBound(to: Int64.self)
            let failed = Flag()
            parallel(outer * count, grain: max(1, (1 << 14) / max(1, inner))) { begin, end in
                let gather = elementwise ? apus_gather_elements : apus_gather
                if gather(out, operands[0], table, outer, extent, inner, count, size, begin, end) != 0 {
                    failed.raise()
                }
            }
            try failed.check("gather", table, indices.elementCount, extent, axis)
        }
        return result
    }

    private mutating func emitScatter(
        _ operands: [Int], _ mode: ScatterMode, _ axis: Int, _ type: TensorType, elementwise: Bool
    ) -> View {
        let (indices, updates) = (contiguous(operands[1]), contiguous(operands[2]))
        let result = copied(view(operands[0]))
        let (outer, extent, inner) = split(result.shape, axis)
        let count = elementwise ? indices.shape[axis] : indices.elementCount
        emitKernel("scatter", [indices, updates], result) { operands, out, _ in
            let table = operands[0].assumingMemoryBound(to: Int64.self)
            let failed = Flag()
            parallel(outer * inner, grain: max(1, (1 << 14) / max(1, count))) { begin, end in
                let scatter = elementwise ? apus_scatter_elements : apus_scatter
                let status = scatter(
                    out, table, operands[1], outer, extent, inner, count, Int32(mode.rawValue),
                    Int32(type.dtype.rawValue),
                    begin, end)
                if status != 0 { failed.raise() }
            }
            try failed.check("scatter", table, indices.elementCount, extent, axis)
        }
        return result
    }

    /// A row-major copy to be changed in place.
    private mutating func copied(_ x: View) -> View {
        let copy = newView(TensorType(Shape(x.shape), x.dtype))
        steps.append(CopyStep(from: x, to: copy))
        return copy
    }

    private mutating func emitDynamicSlice(_ operands: [Int], _ sizes: Shape, _ type: TensorType) -> View {
        let (x, starts) = (contiguous(operands[0]), contiguous(operands[1]))
        let result = newView(type)
        let (extents, strides) = (x.shape, x.strides)
        let sizes = sizes.dimensions
        emitKernel("dynamicSlice", [x, starts], result) { operands, out, _ in
            let offset = Self.corner(operands[1], extents, sizes, strides)
            let (shape, steps) = collapse(sizes, [strides])
            let bytes = type.dtype.byteCount
            apus_strided_copy(
                out, operands[0] + offset * bytes, shape, steps[0], Int32(shape.count), Int32(bytes), 0,
                type.shape.elementCount)
        }
        return result
    }

    private mutating func emitDynamicUpdate(_ operands: [Int], _ type: TensorType) -> View {
        let (update, starts) = (contiguous(operands[1]), contiguous(operands[2]))
        let result = copied(view(operands[0]))
        let (extents, strides, sizes) = (result.shape, result.strides, update.shape)
        emitKernel("dynamicUpdate", [update, starts], result) { operands, out, _ in
            let offset = Self.corner(operands[1], extents, sizes, strides)
            let (shape, steps) = collapse(sizes, [strides])
            let bytes = type.dtype.byteCount
            apus_strided_store(
                out + offset * bytes, operands[0], shape, steps[0], Int32(shape.count), Int32(bytes), 0,
                sizes.reduce(1, *))
        }
        return result
    }

    /// The first element of a block, moved inward where the block would stick out.
    private static func corner(_ starts: Pointer, _ extents: [Int], _ sizes: [Int], _ strides: [Int]) -> Int {
        let starts = starts.assumingMemoryBound(to: Int64.self)
        return extents.indices.reduce(0) { offset, axis in
            offset + max(0, min(Int(starts[axis]), extents[axis] - sizes[axis])) * strides[axis]
        }
    }
}
