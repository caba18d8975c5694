import ApusGraph
import CKernels
import COneDNN
import Foundation

extension Planner {
    /// A batched matrix product; operands transposed or strided in their last two axes are taken as they are.
    mutating func emitMatmul(_ a: Int, _ b: Int, _ type: TensorType) throws -> View {
        let left = batchOfMatrices(view(a))
        let right = batchOfMatrices(view(b))
        let (batch, m, k, n) = (left.shape[0], left.shape[1], left.shape[2], right.shape[2])
        let result = newView(type)
        if type.shape.elementCount == 0 || k == 0 {
            emitKernel("empty matmul", [left, right], result) { _, out, _ in memset(out, 0, type.byteCount) }
            return result
        }
        let flops = 2 * batch * m * n * k
        if type.dtype == .float64 {
            emitKernel("matmul", [left, right], result, flops: flops) { operands, out, _ in
                parallel(batch * m, grain: max(1, (1 << 15) / (k * n))) { begin, end in
                    apus_matmul_f64(
                        out.assumingMemoryBound(to: Double.self), operands[0].assumingMemoryBound(to: Double.self),
                        operands[1].assumingMemoryBound(to: Double.self), m, n, k, left.strides, right.strides, begin,
                        end)
                }
            }
            return result
        }

        if type.dtype == .float32 && batch == 1 && (m == 1 || n == 1) {
            emitMatrixVector(left, right, result, flops: flops)
            return result
        }

        emitProduct(left, right, result, flops: flops)
        return result
    }

    /// `(batch, m, k)` × `(batch, k, n)` by oneDNN into a dense result, whose type may be wider than the operands'.
    mutating func emitProduct(_ left: View, _ right: View, _ result: View, flops: Int) {
        let (batch, m, n) = (left.shape[0], left.shape[1], right.shape[2])
        let descriptions = (
            OneDNN.description(left.shape, strides: left.strides, left.dtype),
            OneDNN.description(right.shape, strides: right.strides, right.dtype),
            OneDNN.description([batch, m, n], strides: [m * n, n, 1], result.dtype)
        )
        let primitive = Primitive(
            { attributes in
                var (left, right, result) = descriptions
                var operation = dnnl_matmul_desc_t()
                var made: dnnl_primitive_desc_t?
                let status = dnnl_matmul_desc_init(&operation, &left, &right, nil, &result)
                guard status == dnnl_success else { return (status, nil) }
                return (dnnl_primitive_desc_create(&made, &operation, attributes, OneDNN.engine, nil), made)
            }, "matmul \(left.shape) × \(right.shape)")
        emitPrimitive("matmul \(primitive.implementation)", [left, right], result, primitive, flops: flops) {
            operands, out in
            [
                (DNNL_ARG_SRC, descriptions.0, operands[0]), (DNNL_ARG_WEIGHTS, descriptions.1, operands[1]),
                (DNNL_ARG_DST, descriptions.2, out),
            ]
        }
    }

    /// A product with one row or one column, which reads the matrix once and is bound by that: oneDNN's kernels for blocks of the
    /// result, which rearrange the matrix first, take up to four times as long.
    private mutating func emitMatrixVector(_ left: View, _ right: View, _ result: View, flops: Int) {
        let isRow = left.shape[1] == 1  // xᵀ A is Aᵀ x
        let (matrix, vector) = isRow ? (right, left) : (left, right)
        let (rows, inner) = isRow ? (matrix.shape[2], matrix.shape[1]) : (matrix.shape[1], matrix.shape[2])
        let (rowStride, columnStride) =
            isRow ? (matrix.strides[2], matrix.strides[1]) : (matrix.strides[1], matrix.strides[2])
        let isDense = inner == 1 || vector.strides[isRow ? 2 : 1] == 1
        let dense = isDense ? vector : contiguous(vector)
        emitKernel("matvec", [matrix, dense], result, flops: flops) { operands, out, _ in
            apus_matvec_f32(
                out.assumingMemoryBound(to: Float.self), operands[0].assumingMemoryBound(to: Float.self),
                operands[1].assumingMemoryBound(to: Float.self), rows, inner, rowStride, columnStride)
        }
    }

    /// A step that executes one primitive.
    mutating func emitPrimitive(
        _ label: String, _ operands: [View], _ result: View, _ primitive: Primitive,
        flops: Int = 0, _ arguments: @escaping @Sendable ([Pointer], Pointer) -> [(Int32, dnnl_memory_desc_t, Pointer)]
    ) {
        let scratch = [newStorage(primitive.scratchBytes)]
        emitKernel(label, operands, result, scratch: scratch, flops: flops) { operands, out, scratch in
            primitive.execute(arguments(operands, out), scratch: scratch[0])
        }
    }

    /// As (batch, rows, columns), with rows or columns next to each other in memory.
    mutating func batchOfMatrices(_ x: View) -> View {
        let rank = x.shape.count
        let (rows, columns) = (x.shape[rank - 2], x.shape[rank - 1])
        let (rowStride, columnStride) = (x.strides[rank - 2], x.strides[rank - 1])
        let isPlain =
            (columnStride == 1 || columns == 1) && rowStride >= columns
            || (rowStride == 1 || rows == 1) && columnStride >= rows
        var source = isPlain ? x : contiguous(x)
        let batch = x.shape.dropLast(2).reduce(1, *)
        var merged = source.reshaped([batch, rows, columns])
        if merged == nil || (merged!.strides[0] <= 0 && batch > 1) {
            source = contiguous(x)
            merged = source.reshaped([batch, rows, columns])
        }
        return canonical(merged!)
    }

    /// Strides of axes of extent 1 as a dense array would have them: oneDNN reads them to tell formats apart.
    private func canonical(_ x: View) -> View {
        var result = x
        let (rows, columns) = (x.shape[1], x.shape[2])
        if columns == 1 && rows == 1 {
            (result.strides[1], result.strides[2]) = (1, 1)
        } else if columns == 1 {
            // A column: neighbours in the row axis may be apart.
            result.strides[2] = result.strides[1] == 1 ? rows : 1
            if result.strides[1] == 1 { result.strides[1] = 1 }
        } else if rows == 1 {
            result.strides[1] = result.strides[2] == 1 ? columns : 1
        }
        if x.shape[0] == 1 { result.strides[0] = rows * columns }
        return result
    }
}
