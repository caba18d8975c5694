import ApusGraph
import CKernels

extension Planner {
    mutating func emitRecurrence(_ unit: RecurrentUnit, _ operands: [Int], _ type: TensorType) -> View {
        let projected = withDenseRows(view(operands[0]))
        var recurrence = apus_recurrence(unit, projected: program.type(operands[0]))
        recurrence.projectedStrides = (projected.strides[0], projected.strides[1])
        let packed = newStorage(recurrence.packedByteCount(backward: false))
        let result = newView(type)
        // The weight, the bias, and the state at first: hidden and, for LSTM, cell.
        let others = operands.dropFirst().map { contiguous($0) }
        emitKernel("\(unit) sequence", [projected] + others, result, scratch: [packed], flops: recurrence.flops) {
            [recurrence] operands, out, scratch in
            recurrence.pack(operands[1], to: scratch[0], backward: false)
            withUnsafePointer(to: recurrence) { pointer in
                apus_recurrence_start(pointer, out, operands[3], operands.count > 4 ? operands[4] : nil)
                recurrence.forEachPart(backward: false) { part in
                    apus_recurrence_run(pointer, out, operands[0], scratch[0], operands[2], part)
                }
            }
        }
        return result
    }

    /// Of the recurrence's operands the kernel needs the weight alone.
    mutating func emitRecurrenceGradient(_ unit: RecurrentUnit, _ operands: [Int], _ type: TensorType) -> View {
        let place = 3 + unit.stateCount  // of the recurrence's result
        let gradient = withDenseRows(view(operands[place + 1]))
        var recurrence = apus_recurrence(unit, projected: program.type(operands[0]))
        recurrence.gradientStrides = (gradient.strides[0], gradient.strides[1])
        let packed = newStorage(recurrence.packedByteCount(backward: true))
        let result = newView(type)
        let others = ([operands[1], operands[place]] + operands[(place + 2)...]).map { contiguous($0) }
        emitKernel(
            "\(unit) sequence gradient", [gradient] + others, result, scratch: [packed], flops: recurrence.flops
        ) {
            [recurrence] operands, out, scratch in
            recurrence.pack(operands[1], to: scratch[0], backward: true)
            withUnsafePointer(to: recurrence) { pointer in
                recurrence.forEachPart(backward: true) { part in
                    apus_recurrence_gradient(
                        pointer, out, operands[2], operands[0], operands.count > 3 ? operands[3] : nil, scratch[0], part
                    )
                }
            }
        }
        return result
    }

    /// The view, or a copy where elements of its last axis don't lie side by side.
    private mutating func withDenseRows(_ x: View) -> View {
        x.strides[2] == 1 || x.shape[2] == 1 ? x : contiguous(x)
    }
}

extension apus_recurrence {
    fileprivate init(_ unit: RecurrentUnit, projected: TensorType) {
        let shape = RecurrenceShape(unit, projected: projected.shape)
        self.init()
        (cell, dtype) = (Int32(unit.rawValue), Int32(projected.dtype.rawValue))
        (steps, batch, hidden) = (shape.steps, shape.batch, shape.hidden)
    }

    fileprivate func packedByteCount(backward: Bool) -> Int {
        withUnsafePointer(to: self) { apus_recurrence_packed_count($0, backward ? 1 : 0) }
            * DType(rawValue: UInt8(dtype))!.byteCount
    }

    private func panelCount(backward: Bool) -> Int {
        withUnsafePointer(to: self) { apus_recurrence_panel_count($0, backward ? 1 : 0) }
    }

    fileprivate func pack(_ weight: UnsafeMutableRawPointer, to packed: UnsafeMutableRawPointer, backward: Bool) {
        withUnsafePointer(to: self) { recurrence in
            parallel(panelCount(backward: backward), grain: 1) { begin, end in
                apus_recurrence_pack(recurrence, packed, weight, backward ? 1 : 0, begin, end)
            }
        }
    }

    /// All steps, on several threads. A thread takes some rows through all steps, and waits for nobody; or all rows through the panels of
    /// some units, and the threads meet at each step.
    fileprivate func forEachPart(backward: Bool, _ body: (apus_recurrence_part) -> Void) {
        let panelCount = panelCount(backward: backward)
        let allSteps = (backward ? -1 : 0)..<steps
        guard splitsUnits(backward: backward) else {
            return parallel(batch, grain: rowGrain) { begin, end in
                body(apus_recurrence_part(steps: allSteps, rows: begin..<end, panels: 0..<panelCount))
            }
        }
        for position in 0..<allSteps.count {
            let step = backward ? steps - 1 - position : position
            parallel(panelCount, grain: 1) { begin, end in
                body(apus_recurrence_part(steps: step..<(step + 1), rows: 0..<batch, panels: begin..<end))
            }
        }
    }

    /// Whether threads share the units: weights that don't stay in a core's second-level cache are then read by one thread each. Backward,
    /// that makes each thread read all gates' gradients of the others, which only few rows make up for.
    private func splitsUnits(backward: Bool) -> Bool {
        let isLarge = packedByteCount(backward: backward) >= 1 << 20
        return isLarge && batch > 0 && (!backward || 16 * batch <= hidden)
    }

    /// Of the products with the weight, which are the same many either way.
    fileprivate var flops: Int {
        let gates = RecurrentUnit(rawValue: UInt8(cell))!.gateCount
        return 2 * steps * batch * gates * hidden * hidden
    }

    /// Rows of the batch that are worth a thread.
    private var rowGrain: Int { max(1, (1 << 14) / max(1, steps * hidden * hidden)) }
}

extension apus_recurrence_part {
    fileprivate init(steps: Range<Int>, rows: Range<Int>, panels: Range<Int>) {
        func range(_ range: Range<Int>) -> apus_range { apus_range(begin: range.lowerBound, end: range.upperBound) }
        self.init(steps: range(steps), rows: range(rows), panels: range(panels))
    }
}
