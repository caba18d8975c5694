import ApusGraph
import CKernels

/// Puts a fused region together: registers, kernels, loads and stores.
///
/// 16-bit floats are computed as float32 and rounded where they are stored or explicitly cast.
struct RegionBuilder {
    /// Values from memory with the region's shape, and those that have one element a row.
    let externalOperands: [Int]
    let externalRows: [Int]
    private let kernel: Kernel
    private let program: Program
    private var shape: [Int]
    /// The axis of the values that the region has as two, where its operands are blocked.
    private var split: Int?
    /// The region's axes, outermost first in memory.
    private var order: [Int]
    private var bound: [(value: Int, view: View)] = []
    private var boundRows: [(value: Int, view: View)] = []

    private var loads: [RegionStep.Load] = []
    private var instructions: [apus_instruction] = []
    private var stores: [RegionStep.Store] = []
    private var reductions: [RegionStep.Reduction] = []
    private var label: [String] = []

    /// A register and the dtype of what it holds: an element at each position, or one value a row.
    private struct Register: Hashable {
        var number: Int
        var dtype: DType
        var perRow = false
    }
    private var elementSizes: [Int] = []  // of each register
    private var stored: [Int: Register] = [:]  // a value as its own dtype
    private var wide: [Int: Register] = [:]  // a 16-bit value as float32
    private var expanded: [Register: Register] = [:]  // a row's value at each of its elements

    init(_ kernel: Kernel, _ program: Program) {
        self.kernel = kernel
        self.program = program
        shape = kernel.shape!.dimensions
        order = Array(shape.indices)
        let operands = kernel.externalOperands(program)
        externalOperands = operands.filter { !$0.perRow }.map(\.value)
        externalRows = operands.filter(\.perRow).map(\.value)
    }

    /// Runs over blocks along an axis where at least half of the operands are laid out in them; rows stay whole.
    mutating func chooseSplit(_ layouts: [Layout]) {
        guard kernel.rows == nil else { return }
        let full = layouts.filter { $0.view.isFull && $0.view.elementCount > 1 }
        guard let axis = full.lazy.compactMap(\.split).first else { return }
        guard 2 * full.count(where: { $0.split == axis }) >= full.count else { return }
        split = axis
        shape.replaceSubrange(axis...axis, with: [shape[axis] / Layout.blockSize, Layout.blockSize])
        order = Array(shape.indices)
    }

    /// A layout as a view with the region's axes; nil where that takes a copy.
    func fitted(_ layout: Layout) -> View? {
        guard let split else { return layout.plain }
        return layout.split(at: split)
    }

    mutating func bind(_ value: Int, to view: View) { bound.append((value, view)) }

    /// The extents that are left of the region's when rows are reduced.
    var rowExtents: [Int] { kernel.rows!.keptAxes.map { shape[$0] } }

    /// - Parameter view: of `rowExtents`.
    mutating func bindRows(_ value: Int, to view: View) {
        let kept = kernel.rows!.keptAxes
        var spread = view
        spread.shape = shape
        spread.strides = shape.indices.map { axis in kept.firstIndex(of: axis).map { view.strides[$0] } ?? 0 }
        boundRows.append((value, spread))
    }

    /// The axes' order is that of most operands; an output of the program votes for row-major. Rows come last.
    mutating func chooseOrder(outputs: [Int]) {
        var votes: [[Int]: Int] = [:]
        var first: [[Int]] = []
        for (_, view) in bound where view.isFull && view.elementCount > 1 {
            let order = view.memoryOrder
            if votes[order] == nil { first.append(order) }
            votes[order, default: 0] += 1
        }
        let rowMajor = Array(shape.indices)
        if !outputs.isEmpty {
            if votes[rowMajor] == nil { first.append(rowMajor) }
            votes[rowMajor, default: 0] += outputs.count
        }
        let most = votes.values.max() ?? 0
        order = first.first { votes[$0] == most } ?? rowMajor
        if let rows = kernel.rows {
            order = order.filter { !rows.axes.contains($0) } + order.filter(rows.axes.contains)
        }
        for (value, view) in bound { load(value, view, perRow: repeatsRows(view)) }
        for (value, view) in boundRows { load(value, view, perRow: true) }
    }

    /// Whether a view has one value for each row, and not one for all.
    private func repeatsRows(_ view: View) -> Bool {
        guard let rows = kernel.rows else { return false }
        return rows.axes.allSatisfy { view.strides[$0] == 0 } && rows.keptAxes.contains { view.strides[$0] != 0 }
    }

    private mutating func load(_ value: Int, _ view: View, perRow: Bool) {
        var ordered = view.transposed(order)
        ordered.shape = order.map { shape[$0] }
        let register = Register(number: newRegister(view.dtype), dtype: view.dtype, perRow: perRow)
        stored[value] = register
        loads.append(.init(view: ordered, register: register.number, perRow: perRow))
    }

    // MARK: Registers

    private mutating func newRegister(_ dtype: DType) -> Int {
        elementSizes.append(dtype.byteCount)
        return elementSizes.count - 1
    }

    /// A value in the dtype that it is computed in.
    private mutating func computed(_ value: Int) -> Register {
        let dtype = program.type(value).dtype
        let computed = dtype.ofArithmetic
        if computed == dtype { return stored[value]! }
        if let known = wide[value] { return known }
        let register = convert(stored[value]!, to: computed)
        wide[value] = register
        return register
    }

    /// An operand of a member in the dtype that it is computed in, expanded if the member needs an element at each position.
    private mutating func operand(_ value: Int, of member: Int) -> Register {
        let register = computed(source(value, of: member))
        return register.perRow && !isPerRow(member) ? expand(register) : register
    }

    /// The value whose register an operand is read from.
    private func source(_ operand: Int, of member: Int) -> Int {
        kernel.source(of: operand, in: member, program) ?? operand
    }

    private func isPerRow(_ member: Int) -> Bool { kernel.runsPerRow(member, program) }

    private mutating func expand(_ register: Register) -> Register {
        if let known = expanded[register] { return known }
        let result = Register(number: newRegister(register.dtype), dtype: register.dtype)
        append(nil, result, [register], kind: APUS_EXPAND_ROWS)
        expanded[register] = result
        return result
    }

    /// A value in its own dtype.
    private mutating func narrow(_ value: Int) -> Register {
        if let known = stored[value] { return known }
        let register = convert(wide[value]!, to: program.type(value).dtype)
        stored[value] = register
        return register
    }

    private mutating func convert(_ register: Register, to dtype: DType) -> Register {
        if register.dtype == dtype { return register }
        let result = Register(number: newRegister(dtype), dtype: dtype, perRow: register.perRow)
        call(apus_cast_kernel(Int32(register.dtype.rawValue), Int32(dtype.rawValue)), result, [register])
        return result
    }

    private mutating func call(_ kernel: apus_kernel?, _ out: Register, _ operands: [Register]) {
        guard let kernel else { preconditionFailure("no kernel for \(label.last ?? "?") on \(out.dtype)") }
        append(kernel, out, operands, kind: out.perRow ? APUS_EACH_ROW : APUS_EACH_ELEMENT)
    }

    private mutating func append(
        _ kernel: apus_kernel?, _ out: Register, _ operands: [Register], kind: Int, reduction: Reduction = .sum
    ) {
        let numbers = operands.map { Int32($0.number) } + [0, 0, 0]
        instructions.append(
            apus_instruction(
                kernel: kernel, out: Int32(out.number), a: numbers[0], b: numbers[1], c: numbers[2], kind: Int32(kind),
                reduction: Int32(reduction.rawValue), dtype: Int32(out.dtype.rawValue)))
    }

    // MARK: Instructions

    mutating func add(_ value: Int, _ instruction: Program.Instruction) {
        label.append(instruction.operation.name)
        let dtype = instruction.type.dtype
        switch instruction.operation {
        case .cast:
            addCast(value, from: instruction.operands[0], to: dtype)
            return
        case .reduce(let reduction, _):
            let x = operand(instruction.operands[0], of: value)
            let result = Register(number: newRegister(x.dtype), dtype: x.dtype, perRow: true)
            append(nil, result, [x], kind: APUS_REDUCE_ROWS, reduction: reduction)
            stored[value] = result
            return
        default: break
        }
        let operands = instruction.operands.map { operand($0, of: value) }
        let computed = Int32(operands.last!.dtype.rawValue)
        let kernel: apus_kernel? =
            switch instruction.operation {
            case .unary(let operation): apus_unary_kernel(Int32(operation.rawValue), computed)
            case .binary(let operation): apus_binary_kernel(Int32(operation.rawValue), computed)
            case .compare(let comparison): apus_compare_kernel(Int32(comparison.rawValue), computed)
            case .select: apus_select_kernel(computed)
            default: nil
            }
        let wideType = dtype.ofArithmetic
        let result = Register(number: newRegister(wideType), dtype: wideType, perRow: isPerRow(value))
        call(kernel, result, operands)
        if result.dtype == dtype { stored[value] = result } else { wide[value] = result }
    }

    /// An explicit cast rounds, also where the value then goes on as float32.
    private mutating func addCast(_ value: Int, from operand: Int, to dtype: DType) {
        let register = convert(narrow(source(operand, of: value)), to: dtype)
        stored[value] = register.perRow && !isPerRow(value) ? expand(register) : register
    }

    /// Whether a member's value is in a register: all but the reductions that end the region.
    func computes(_ member: Int) -> Bool {
        program.instruction(member)!.operation.isPointwise || kernel.isPerRow(member, program)
    }

    // MARK: Results

    mutating func addStore(_ value: Int, storage: StorageID) -> Layout {
        let register = narrow(value)
        stores.append(
            .init(
                storage: storage, elementSize: register.dtype.byteCount, register: register.number,
                perRow: register.perRow))
        let type = program.type(value)
        if register.perRow { return Layout(View(dense: storage, type, order: rowOrder(type.shape))) }
        return Layout(View(dense: storage, TensorType(Shape(shape), type.dtype), order: order), split: split)
    }

    /// The order of a row value's axes in memory: that of the region's axes that they stand for.
    private func rowOrder(_ rowShape: Shape) -> [Int] {
        let kept = kernel.rows!.keptAxes
        let own = rowShape.indices.filter { rowShape[$0] != 1 }
        let axes = order.compactMap { axis in kept.firstIndex(of: axis).map { own[$0] } }
        return rowShape.indices.filter { rowShape[$0] == 1 } + axes
    }

    mutating func addReduction(_ value: Int, _ instruction: Program.Instruction, storage: StorageID) -> Layout {
        guard case .reduce(let operation, var axes) = instruction.operation else {
            preconditionFailure("not a reduction")
        }
        label.append(instruction.operation.name)
        let register = operand(instruction.operands[0], of: value)
        if let split { axes = Layout.refined(axes, split: split) }
        // The result keeps the order of the axes that stay.
        let kept = shape.indices.filter { !axes.contains($0) }
        let keptOrder = order.filter { !axes.contains($0) }.map { kept.firstIndex(of: $0)! }
        let type = TensorType(Shape(kept.map { shape[$0] }), instruction.type.dtype)
        let view = View(dense: storage, type, order: keptOrder)
        let strides = order.map { axis in axes.contains(axis) ? 0 : view.strides[kept.firstIndex(of: axis)!] }
        reductions.append(
            .init(
                storage: storage, strides: strides, dtype: register.dtype, operation: operation,
                register: register.number))
        let result = Layout(view, split: split.flatMap { kept.firstIndex(of: $0) })
        return result.plain.map { Layout($0) } ?? result
    }

    /// Registers are few after reuse, axes are merged, and the step is whole.
    func step() -> RegionStep {
        let (merged, strides) = mergedAxes(loads.map(\.view.strides) + reductions.map(\.strides))
        var step = RegionStep(
            shape: merged, loads: loads, instructions: inStages(), stores: stores, reductions: reductions,
            registerCount: elementSizes.count, registerElementSize: elementSizes.max() ?? 4,
            rowLength: kernel.rows?.length ?? 0, label: label.joined(separator: "·"))
        for index in loads.indices { step.loads[index].view.strides = strides[index] }
        for index in reductions.indices { step.reductions[index].strides = strides[loads.count + index] }
        allocateRegisters(&step)
        return step
    }

    /// Merges what axes it can, those of rows apart from the others.
    private func mergedAxes(_ operands: [[Int]]) -> (shape: [Int], strides: [[Int]]) {
        let extents = order.map { shape[$0] }
        guard let rows = kernel.rows else { return collapse(extents, operands) }
        let split = order.firstIndex(where: rows.axes.contains)!
        let inner = collapse(Array(extents[split...]), operands.map { Array($0[split...]) })
        if extents[..<split].allSatisfy({ $0 == 1 }) { return inner }
        let outer = collapse(Array(extents[..<split]), operands.map { Array($0[..<split]) })
        return (outer.shape + inner.shape, zip(outer.strides, inner.strides).map { $0 + $1 })
    }

    /// The instructions ordered by the row reductions that each needs one after another; of one stage those on row
    /// values come first.
    private func inStages() -> [apus_instruction] {
        guard kernel.rows != nil else { return instructions }
        var stage = [Int](repeating: 0, count: elementSizes.count)  // of each register
        let keyed = instructions.map { instruction in
            let own = [instruction.a, instruction.b, instruction.c].map { stage[Int($0)] }.max()!
            let kind = Int(instruction.kind)
            stage[Int(instruction.out)] = kind == APUS_REDUCE_ROWS ? own + 1 : own
            return (key: 2 * own + (kind == APUS_EACH_ROW ? 0 : 1), instruction)
        }
        // A stable sort: what one stage holds stays in order.
        return keyed.enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }.map(\.element.1)
    }

    /// Reuses registers of one element size whose value is no longer needed. Row values are small and keep theirs.
    private func allocateRegisters(_ step: inout RegionStep) {
        var lastUse = [Int](repeating: -1, count: elementSizes.count)
        for (index, instruction) in step.instructions.enumerated() {
            for operand in [instruction.a, instruction.b, instruction.c] { lastUse[Int(operand)] = index }
        }
        let kept = Set(stores.map(\.register) + reductions.map(\.register))
        for register in kept { lastUse[register] = Int.max }
        var perRow = Set(loads.filter(\.perRow).map(\.register))
        for instruction in instructions where [APUS_EACH_ROW, APUS_REDUCE_ROWS].contains(Int(instruction.kind)) {
            perRow.insert(Int(instruction.out))
        }

        var assigned = [Int](repeating: -1, count: elementSizes.count)
        var sizes: [Int] = []
        var free: [Int: [Int]] = [:]  // by element size
        func fresh(_ size: Int) -> Int {
            sizes.append(size)
            return sizes.count - 1
        }
        for index in step.loads.indices {
            let register = step.loads[index].register
            assigned[register] = fresh(elementSizes[register])
            step.loads[index].register = assigned[register]
        }
        let loaded = Set(loads.map(\.register))
        // A register that will be stored is written straight to memory, so it stays apart from the others.
        for register in kept.union(perRow).sorted() where !loaded.contains(register) {
            assigned[register] = fresh(elementSizes[register])
        }

        for index in step.instructions.indices {
            let old = step.instructions[index]
            let operands = Set([old.a, old.b, old.c].map(Int.init))
            for operand in operands
            where lastUse[operand] == index && !loaded.contains(operand) && !perRow.contains(operand)
                && assigned[operand] >= 0
            {
                free[elementSizes[operand], default: []].append(assigned[operand])
            }
            let out = Int(old.out)
            if assigned[out] < 0 {
                assigned[out] = free[elementSizes[out]]?.popLast() ?? fresh(elementSizes[out])
            }
            step.instructions[index].out = Int32(assigned[out])
            step.instructions[index].a = Int32(max(0, assigned[Int(old.a)]))
            step.instructions[index].b = Int32(max(0, assigned[Int(old.b)]))
            step.instructions[index].c = Int32(max(0, assigned[Int(old.c)]))
        }
        for index in stores.indices { step.stores[index].register = assigned[stores[index].register] }
        for index in reductions.indices { step.reductions[index].register = assigned[reductions[index].register] }
        step.registerCount = max(1, sizes.count)
    }
}
