import ApusGraph

/// Turns a program into steps: kernel by kernel, each value gets a storage and a view of it.
///
/// A result is laid out as its operands are, so that channels-last activations stay so from convolution to convolution;
/// only the program's outputs must be row-major.
struct Planner {
    let program: Program
    private let kernels: [Kernel]
    let options: EngineOptions
    var steps: [any Step] = []
    var storages: [Storage] = []
    /// Where each value lies, once it does.
    var views: [Int: View] = [:]
    /// Dense copies made of other views, to make each only once.
    private var copies: [Copy: View] = [:]

    private struct Copy: Hashable {
        let view: View
        let order: [Int]
    }

    /// - Parameter reusableInputs: inputs that results may be written over.
    init(_ program: Program, _ options: EngineOptions, reusableInputs: [Int] = []) {
        let clustering = Clustering(program, fuses: options.runs(.fusion), fusesRows: options.runs(.rowFusion))
        (self.program, kernels) =
            options.runs(.fusion) && options.runs(.rematerialization)
            ? Rematerialization.apply(program, clustering.kernels) : (program, clustering.kernels)
        self.options = options
        for (number, type) in program.inputs.enumerated() {
            let storage = newStorage(type.byteCount, kind: .input(number))
            views[number] = View(dense: storage, type)
        }
        for input in reusableInputs { storages[input].mayBeOverwritten = true }
    }

    mutating func plan() throws -> CPUPlan {
        let isOutput = Set(program.outputs)
        let users = program.users()
        for kernel in kernels {
            if kernel.shape != nil {
                emitRegion(kernel, isOutput: isOutput, users: users)
            } else if views[kernel.values[0]] == nil {
                views[kernel.values[0]] = try emit(program.instruction(kernel.values[0])!)
            }
        }
        var outputs = try program.outputs.map { try output($0) }
        if options.runs(.donation) { Donation.apply(to: &steps, storages: &storages, outputs: &outputs) }
        let (placed, size) = Placement.place(storages, steps, reuses: options.runs(.placementReuse))
        return CPUPlan(steps: steps, storages: placed, arenaSize: size, outputs: outputs)
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
    mutating func view(_ value: Int) -> View {
        if let known = views[value] { return known }
        // A chain of views may be long: it is walked without recursion.
        var chain = [value]
        while views[program.instruction(chain.last!)!.operands[0]] == nil {
            chain.append(program.instruction(chain.last!)!.operands[0])
        }
        for link in chain.reversed() {
            let instruction = program.instruction(link)!
            views[link] = moved(instruction, views[instruction.operands[0]]!)
        }
        return views[value]!
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

    // MARK: Regions

    private mutating func emitRegion(_ kernel: Kernel, isOutput: Set<Int>, users: [[Int]]) {
        var region = RegionBuilder(kernel, program)
        for operand in region.externalOperands { region.bind(operand, to: view(operand)) }
        for operand in region.externalRows {
            let extents = region.rowExtents
            let x = view(operand)
            region.bindRows(operand, to: x.reshaped(extents) ?? contiguous(x).reshaped(extents)!)
        }
        region.chooseOrder(outputs: kernel.values.filter(isOutput.contains))

        for member in kernel.values {
            let instruction = program.instruction(member)!
            if instruction.operation.isReduction && !kernel.isPerRow(member, program) {
                views[member] = region.addReduction(
                    member, instruction, storage: newStorage(instruction.type.byteCount))
            } else {
                region.add(member, instruction)
            }
        }
        for member in kernel.values where region.computes(member) {
            if kernel.escapes(member, program, users: users, isOutput: isOutput) {
                views[member] = region.addStore(member, storage: newStorage(program.type(member).byteCount))
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
