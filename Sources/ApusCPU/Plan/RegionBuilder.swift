import ApusGraph
import CKernels

/// Puts a fused region together: registers, kernels, loads and stores.
///
/// 16-bit floats are computed as float32 and rounded where they are stored or explicitly cast.
struct RegionBuilder {
    let externalOperands: [Int]
    private let program: Program
    private let shape: [Int]
    /// The region's axes, outermost first in memory.
    private var order: [Int]
    private var bound: [(value: Int, view: View)] = []

    private var loads: [RegionStep.Load] = []
    private var instructions: [apus_instruction] = []
    private var stores: [RegionStep.Store] = []
    private var reductions: [RegionStep.Reduction] = []
    private var label: [String] = []

    /// A register and the dtype of what it holds.
    private struct Register {
        var number: Int
        var dtype: DType
    }
    private var elementSizes: [Int] = []  // of each register
    private var stored: [Int: Register] = [:]  // a value as its own dtype
    private var wide: [Int: Register] = [:]  // a 16-bit value as float32

    init(_ kernel: [Int], _ program: Program) {
        self.program = program
        let first = program.instruction(kernel[0])!
        let type = first.operation.isReduction ? program.type(first.operands[0]) : first.type
        shape = type.shape.dimensions
        order = Array(shape.indices)
        let members = Set(kernel)
        var seen: Set<Int> = []
        externalOperands = kernel.flatMap { program.instruction($0)!.operands }
            .filter { !members.contains($0) && seen.insert($0).inserted }
    }

    mutating func bind(_ value: Int, to view: View) { bound.append((value, view)) }

    /// The axes' order is that of most operands; an output of the program votes for row-major.
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
        for (value, view) in bound {
            var ordered = view.transposed(order)
            let register = newRegister(view.dtype)
            stored[value] = Register(number: register, dtype: view.dtype)
            ordered.shape = order.map { shape[$0] }
            loads.append(.init(view: ordered, register: register))
        }
    }

    // MARK: Registers

    private mutating func newRegister(_ dtype: DType) -> Int {
        elementSizes.append(dtype.byteCount)
        return elementSizes.count - 1
    }

    private static func computed(_ dtype: DType) -> DType { dtype == .bfloat16 || dtype == .float16 ? .float32 : dtype }

    /// A value in the dtype that it is computed in.
    private mutating func operand(_ value: Int) -> Register {
        let dtype = program.type(value).dtype
        let computed = Self.computed(dtype)
        if computed == dtype { return stored[value]! }
        if let known = wide[value] { return known }
        let register = convert(stored[value]!, to: computed)
        wide[value] = register
        return register
    }

    /// A value in its own dtype.
    private mutating func narrow(_ value: Int) -> Register {
        if let known = stored[value] { return known }
        let register = convert(wide[value]!, to: program.type(value).dtype)
        stored[value] = register
        return register
    }

    private mutating func convert(_ register: Register, to dtype: DType) -> Register {
        let result = Register(number: newRegister(dtype), dtype: dtype)
        let kernel = apus_cast_kernel(Int32(register.dtype.rawValue), Int32(dtype.rawValue))
        append(kernel, result, [register])
        return result
    }

    private mutating func append(_ kernel: apus_kernel?, _ out: Register, _ operands: [Register]) {
        guard let kernel else { preconditionFailure("no kernel for \(label.last ?? "?") on \(out.dtype)") }
        let numbers = operands.map { Int32($0.number) } + [0, 0, 0]
        instructions.append(
            apus_instruction(kernel: kernel, out: Int32(out.number), a: numbers[0], b: numbers[1], c: numbers[2]))
    }

    // MARK: Instructions

    mutating func add(_ value: Int, _ instruction: Program.Instruction) {
        label.append(instruction.operation.name)
        let dtype = instruction.type.dtype
        if case .cast = instruction.operation {
            addCast(value, from: instruction.operands[0], to: dtype)
            return
        }
        let operands = instruction.operands.map { operand($0) }
        let computed = Int32(operands.last!.dtype.rawValue)
        let kernel: apus_kernel? =
            switch instruction.operation {
            case .unary(let operation): apus_unary_kernel(Int32(operation.rawValue), computed)
            case .binary(let operation): apus_binary_kernel(Int32(operation.rawValue), computed)
            case .compare(let comparison): apus_compare_kernel(Int32(comparison.rawValue), computed)
            case .select: apus_select_kernel(computed)
            default: nil
            }
        let result = Register(number: newRegister(Self.computed(dtype)), dtype: Self.computed(dtype))
        append(kernel, result, operands)
        if result.dtype == dtype { stored[value] = result } else { wide[value] = result }
    }

    /// An explicit cast rounds, also where the value then goes on as float32.
    private mutating func addCast(_ value: Int, from source: Int, to dtype: DType) {
        let sourceType = program.type(source).dtype
        if dtype == Self.computed(sourceType), let known = wide[source], stored[source] == nil, dtype != sourceType {
            // Widening a 16-bit value that was computed here: its rounded form is the value.
            _ = known
            stored[value] = convert(narrow(source), to: dtype)
            return
        }
        stored[value] = convert(stored[source] ?? operand(source), to: dtype)
    }

    // MARK: Results

    mutating func addStore(_ value: Int, storage: StorageID) -> View {
        let register = narrow(value)
        stores.append(.init(storage: storage, elementSize: register.dtype.byteCount, register: register.number))
        return View(dense: storage, program.type(value), order: order)
    }

    mutating func addReduction(_ value: Int, _ instruction: Program.Instruction, storage: StorageID) -> View {
        guard case .reduce(let operation, let axes) = instruction.operation else {
            preconditionFailure("not a reduction")
        }
        label.append(instruction.operation.name)
        let register = operand(instruction.operands[0])
        // The result keeps the order of the axes that stay.
        let kept = shape.indices.filter { !axes.contains($0) }
        let keptOrder = order.filter { !axes.contains($0) }.map { kept.firstIndex(of: $0)! }
        let view = View(dense: storage, instruction.type, order: keptOrder)
        let strides = order.map { axis in axes.contains(axis) ? 0 : view.strides[kept.firstIndex(of: axis)!] }
        reductions.append(
            .init(
                storage: storage, strides: strides, dtype: register.dtype, operation: operation,
                register: register.number))
        return view
    }

    /// Registers are few after reuse, axes are merged, and the step is whole.
    func step() -> RegionStep {
        let ordered = order.map { shape[$0] }
        let (merged, strides) = collapse(ordered, loads.map(\.view.strides) + reductions.map(\.strides))
        var step = RegionStep(
            shape: merged, loads: loads, instructions: instructions, stores: stores, reductions: reductions,
            registerCount: elementSizes.count, registerElementSize: elementSizes.max() ?? 4,
            label: label.joined(separator: "·"))
        for index in loads.indices { step.loads[index].view.strides = strides[index] }
        for index in reductions.indices { step.reductions[index].strides = strides[loads.count + index] }
        allocateRegisters(&step)
        return step
    }

    /// Reuses registers of one element size whose value is no longer needed.
    private func allocateRegisters(_ step: inout RegionStep) {
        var lastUse = [Int](repeating: -1, count: elementSizes.count)
        for (index, instruction) in instructions.enumerated() {
            for operand in [instruction.a, instruction.b, instruction.c] { lastUse[Int(operand)] = index }
        }
        let kept = Set(stores.map(\.register) + reductions.map(\.register))
        for register in kept { lastUse[register] = Int.max }

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
        for register in kept where !loaded.contains(register) { assigned[register] = fresh(elementSizes[register]) }

        for index in instructions.indices {
            let old = instructions[index]
            let operands = Set([old.a, old.b, old.c].map(Int.init))
            for operand in operands
            where lastUse[operand] == index && !loaded.contains(operand) && assigned[operand] >= 0 {
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
