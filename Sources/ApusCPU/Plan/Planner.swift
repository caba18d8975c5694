import ApusGraph

/// Turns a program into steps: kernel by kernel, each value gets a storage and a view of it.
///
/// A result is laid out as its operands are, so that activations stay channels-last, or blocked, from convolution to
/// convolution; only the program's outputs must be row-major.
struct Planner {
    let program: Program
    private let kernels: [Kernel]
    let options: EngineOptions
    var steps: [any Step] = []
    var storages: [Storage] = []
    /// The values that stay the same from run to run: what is made of them alone is computed once.
    let constantValues: Set<Int>
    /// The values that are finite if all that the program is given is, in a plan that looks whether it is.
    let finiteValues: Set<Int>
    /// Whether the plan relies on it.
    var needsFinite = false
    /// How activations lie between this program's convolutions.
    let activations: ActivationLayout
    /// Where each value lies, once it does.
    var layouts: [Int: Layout] = [:]
    /// Dense copies made of other views, to make each only once.
    private var copies: [Copy: View] = [:]

    private struct Copy: Hashable {
        let view: View
        let order: [Int]
    }

    /// - Parameters:
    ///   - reusableInputs: inputs that results may be written over.
    ///   - constants: inputs that stay the same from run to run.
    init(_ program: Program, _ options: EngineOptions, reusableInputs: [Int] = [], constants: Set<Int> = []) {
        let epilogues = options.runs(.fusion) && options.runs(.epilogues) ? Epilogue.all(in: program) : []
        let clustering = Clustering(
            program, fuses: options.runs(.fusion), fusesRows: options.runs(.rowFusion), epilogues: epilogues)
        (self.program, kernels) =
            options.runs(.fusion) && options.runs(.rematerialization)
            ? Rematerialization.apply(program, clustering.kernels) : (program, clustering.kernels)
        self.options = options
        constantValues = self.program.values(dependingOn: constants)
        finiteValues = constants.isEmpty ? [] : self.program.finiteValues(constants: constantValues)
        activations = ActivationLayout(of: self.program, constantValues, options)
        for (number, type) in program.inputs.enumerated() {
            let storage = newStorage(type.byteCount, kind: .input(number))
            layouts[number] = Layout(View(dense: storage, type))
        }
        for input in reusableInputs { storages[input].mayBeOverwritten = true }
    }

    mutating func draft() throws -> Draft {
        let isOutput = Set(program.outputs)
        let users = program.users()
        for kernel in kernels {
            if kernel.shape != nil {
                emitRegion(kernel, isOutput: isOutput, users: users)
            } else if kernel.values.count > 1 {
                let epilogue = Epilogue(kernel.values, program)
                if !emitConvolution(epilogue) {
                    layouts[kernel.values[0]] = try emitLaidOut(program.instruction(kernel.values[0])!)
                    let rest = Array(kernel.values.dropFirst())
                    let region = Kernel(rest, shape: program.type(epilogue.result).shape, rows: nil)
                    emitRegion(region, isOutput: isOutput, users: users)
                }
            } else if layouts[kernel.values[0]] == nil {
                let first = kernel.values[0]
                layouts[first] = try emitLaidOut(program.instruction(first)!)
            }
        }
        let outputs = try program.outputs.map { try output($0) }
        return Draft(steps: steps, storages: storages, outputs: outputs, needsFinite: needsFinite)
    }

    // MARK: Storages and views

    mutating func newStorage(_ byteCount: Int, kind: StorageKind = .arena) -> StorageID {
        storages.append(Storage(kind: kind, byteCount: byteCount))
        return storages.count - 1
    }

    /// A fresh dense result.
    mutating func newView(_ type: TensorType, order: [Int]? = nil) -> View {
        View(dense: newStorage(type.byteCount), type, order: order)
    }

    /// Where a value lies; views are resolved here, when something reads them.
    mutating func layout(_ value: Int) -> Layout {
        if let known = layouts[value] { return known }
        // A chain of views may be long: it is walked without recursion.
        var chain = [value]
        while layouts[program.instruction(chain.last!)!.operands[0]] == nil {
            chain.append(program.instruction(chain.last!)!.operands[0])
        }
        for link in chain.reversed() {
            let instruction = program.instruction(link)!
            let x = layouts[instruction.operands[0]]!
            layouts[link] = x.moved(by: instruction.operation) ?? Layout(moved(instruction, plain(x)))
        }
        return layouts[value]!
    }

    /// Where a value lies with its own axes: what knows nothing of blocks reads this.
    mutating func view(_ value: Int) -> View { plain(layout(value)) }

    private mutating func plain(_ x: Layout) -> View {
        x.plain ?? dense(x, order: Array(0..<x.view.shape.count - 1))
    }

    private mutating func moved(_ instruction: Program.Instruction, _ x: View) -> View {
        switch instruction.operation {
        case .transpose(let permutation): x.transposed(permutation)
        case .broadcast(let shape): x.broadcast(to: shape.dimensions)
        case .slice(let ranges): x.sliced(ranges)
        case .reverse(let axes): x.reversed(axes)
        case .reshape(let shape): x.reshaped(shape.dimensions) ?? contiguous(x).reshaped(shape.dimensions)!
        default: x
        }
    }

    /// The same elements dense in row-major order, copied if need be.
    mutating func contiguous(_ x: View) -> View { dense(x, order: Array(x.shape.indices)) }

    /// The same elements dense with the axes in this order.
    mutating func dense(_ x: View, order: [Int]) -> View {
        if x.hasDenseOrder(order) { return x }
        if let known = copies[Copy(view: x, order: order)] { return known }
        let copy = newView(TensorType(Shape(x.shape), x.dtype), order: order)
        steps.append(CopyStep(from: x.transposed(order), to: copy.transposed(order)))
        copies[Copy(view: x, order: order)] = copy
        return copy
    }

    /// The same elements dense with the value's axes in this order, blocked or not.
    mutating func dense(_ x: Layout, order: [Int]) -> View {
        Layout(dense(x.view, order: x.viewOrder(order)), split: x.split).plain!
    }

    mutating func contiguous(_ value: Int) -> View { contiguous(view(value)) }

    /// The storage of a program's output: dense, row-major, and its own.
    private mutating func output(_ value: Int) throws -> StorageID {
        let x = view(value)
        let storage = storages[x.storage]
        let isWhole = x.offset == 0 && x.isContiguous && storage.byteCount == x.elementCount * x.dtype.byteCount
        if isWhole, case .input = storage.kind { return x.storage }
        if isWhole {
            storages[x.storage].kind = .output
            return x.storage
        }
        let copy = View(
            dense: newStorage(x.elementCount * x.dtype.byteCount, kind: .output), TensorType(Shape(x.shape), x.dtype))
        steps.append(CopyStep(from: x, to: copy))
        return copy.storage
    }

    // MARK: Kernels

    private mutating func emitLaidOut(_ instruction: Program.Instruction) throws -> Layout {
        switch instruction.operation {
        case .convolution, .convolutionInputGradient, .convolutionWeightGradient: try emitConvolution(instruction)
        case .pool(let pooling): emitPool(pooling, instruction)
        case .poolGradient(let pooling, _): emitPoolGradient(pooling, instruction)
        case .concatenate(let axis): emitConcatenate(axis, instruction)
        default: Layout(try emit(instruction))
        }
    }

    private mutating func emitRegion(_ kernel: Kernel, isOutput: Set<Int>, users: [[Int]]) {
        var region = RegionBuilder(kernel, program)
        region.chooseSplit(region.externalOperands.map { layout($0) })
        for operand in region.externalOperands {
            // What is split along another axis than the region is read as a plain copy.
            region.bind(operand, to: region.fitted(layout(operand)) ?? region.fitted(Layout(view(operand)))!)
        }
        for operand in region.externalRows {
            let extents = region.rowExtents
            let x = view(operand)
            region.bindRows(operand, to: x.reshaped(extents) ?? contiguous(x).reshaped(extents)!)
        }
        region.chooseOrder(outputs: kernel.values.filter(isOutput.contains))

        for member in kernel.values {
            let instruction = program.instruction(member)!
            if instruction.operation.isReduction && !kernel.isPerRow(member, program) {
                layouts[member] = region.addReduction(
                    member, instruction, storage: newStorage(instruction.type.byteCount))
            } else {
                region.add(member, instruction)
            }
        }
        for member in kernel.values where region.computes(member) {
            if kernel.escapes(member, program, users: users, isOutput: isOutput) {
                layouts[member] = region.addStore(member, storage: newStorage(program.type(member).byteCount))
            }
        }
        steps.append(region.step())
    }
}

extension Operation {
    var isReduction: Bool {
        if case .reduce = self { return true }
        return false
    }
}

extension Program {
    /// The given inputs, and the values made of them alone.
    func values(dependingOn inputs: Set<Int>) -> Set<Int> {
        var values = inputs
        for (index, instruction) in instructions.enumerated()
        where !instruction.operands.isEmpty && values.isSuperset(of: instruction.operands) {
            values.insert(self.inputs.count + index)
        }
        return values
    }
}
