import ApusGraph
import CKernels

extension Planner {
    /// Queries, keys and values are taken as they lie, such as slices of one projection; the result has its axes in memory as the
    /// queries have theirs, so that joining the heads again costs nothing.
    mutating func emitAttention(_ attention: Attention, _ operands: [Int], _ type: TensorType) -> View {
        let views = operands.map { view($0) }
        let result = newView(type, order: rowsLast(views[0]))
        emitAttention(attention, views, gradient: nil, [result])
        return result
    }

    /// The gradients by query, key and value in one step, those that the program has.
    mutating func emitAttentionGradients(_ attention: Attention, _ operands: [Int]) -> [View?] {
        let views = operands.map { view($0) }
        let values = AttentionOperand.allCases.map { operand in
            program.instructions.firstIndex {
                $0.operands == operands && $0.operation == .attentionGradient(attention, by: operand)
            }.map { $0 + program.inputs.count }
        }
        let results = gradientViews(Array(views[1...3]), isWanted: values.map { $0 != nil })
        for case (let value?, let result?) in zip(values, results) { layouts[value] = Layout(result) }
        emitAttention(attention, Array(views.dropFirst()), gradient: views[0], results)
        return results
    }

    /// Gradients that lie as their operands do; those of slices that make up one storage make up one again.
    private mutating func gradientViews(_ operands: [View], isWanted: [Bool]) -> [View?] {
        let first = operands[0]
        let whole = storages[first.storage].byteCount
        let arePartsOfOne =
            operands.allSatisfy {
                $0.storage == first.storage && $0.shape == first.shape && $0.strides == first.strides
            }
            && Set(operands.map(\.offset)).count == operands.count && first.isFull
            && whole == operands.count * first.elementCount * first.dtype.byteCount
        if arePartsOfOne, isWanted.allSatisfy({ $0 }) {
            let storage = newStorage(whole)
            return operands.map { operand in
                var result = operand
                result.storage = storage
                return result
            }
        }
        return zip(operands, isWanted).map { operand, isWanted in
            isWanted ? newView(TensorType(Shape(operand.shape), operand.dtype), order: rowsLast(operand)) : nil
        }
    }

    /// The axes as they are in memory, but features next to each other.
    private func rowsLast(_ x: View) -> [Int] {
        let last = x.shape.count - 1
        return x.isFull ? x.memoryOrder.filter { $0 != last } + [last] : Array(x.shape.indices)
    }

    private mutating func emitAttention(
        _ attention: Attention, _ operands: [View], gradient: View?, _ results: [View?]
    ) {
        var step = AttentionStep(
            attention, operands: operands, gradient: gradient, results: results, threads: apus_thread_count())
        step.scratch = newStorage(step.scratchBytes)
        steps.append(step)
    }
}
