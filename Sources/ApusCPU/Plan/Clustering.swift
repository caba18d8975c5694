import ApusGraph

/// The instructions of a program gathered into kernels: a pointwise region with the reductions that end it, or one other instruction.
///
/// Views (transpose, broadcast, slice, reshape…) belong to no kernel: they are resolved when something reads them.
struct Clustering {
    /// Kernels in an order in which they can run; each lists its instructions' values, ascending.
    private(set) var kernels: [[Int]] = []

    private let program: Program
    /// For each value the kernel that makes it, found through `root`; −1 for inputs. A view counts to the kernel behind it.
    private var kernelOf: [Int]
    /// Merged kernels point to the one they became part of.
    private var parent: [Int] = []
    private var members: [[Int]] = []
    /// Kernels that read a value element by element in full: a sibling may join them and read it once for both.
    private var readers: [Int: [Int]] = [:]
    private var visited: [Int] = []
    private var visit = 0

    /// A region larger than this runs out of cache for its registers.
    private static let maximumRegionSize = 64

    init(_ program: Program) {
        self.program = program
        kernelOf = [Int](repeating: -1, count: program.valueCount)
        for value in program.inputs.count..<program.valueCount {
            let instruction = program.instruction(value)!
            if instruction.operation.isView {
                kernelOf[value] = kernelOf[instruction.operands[0]]
            } else {
                place(value, instruction)
            }
        }
        kernels = ordered()
    }

    // MARK: Growing regions

    private mutating func place(_ value: Int, _ instruction: Program.Instruction) {
        let kernel = newKernel(value)
        kernelOf[value] = kernel
        guard let shape = regionShape(value) else { return }

        // Join the regions that make the operands, then those that read the same memory.
        for operand in instruction.operands where isMember(operand, shape: shape) {
            merge(root(kernelOf[operand]), root(kernelOf[value]))
        }
        for operand in instruction.operands where program.type(operand).shape == shape && !isBroadcast(operand) {
            if isMember(operand, shape: shape) && root(kernelOf[operand]) == root(kernelOf[value]) { continue }
            for reader in readers[operand] ?? [] { merge(root(reader), root(kernelOf[value])) }
            readers[operand, default: []].append(kernelOf[value])
        }
    }

    /// The space that a value's region runs over, or nil where the value isn't fusible.
    private func regionShape(_ value: Int) -> Shape? {
        guard let instruction = program.instruction(value) else { return nil }
        if instruction.operation.isPointwise { return instruction.type.shape }
        if case .reduce = instruction.operation { return program.type(instruction.operands[0]).shape }
        return nil
    }

    /// Whether a value is computed element by element in a region of this shape, so that a tile of it can be used in place.
    private func isMember(_ value: Int, shape: Shape) -> Bool {
        guard let instruction = program.instruction(value) else { return false }
        return instruction.operation.isPointwise && instruction.type.shape == shape
    }

    /// A repeated value costs nothing to read twice.
    private func isBroadcast(_ value: Int) -> Bool {
        if case .broadcast = program.instruction(value)?.operation { return true }
        return false
    }

    private mutating func newKernel(_ value: Int) -> Int {
        parent.append(parent.count)
        members.append([value])
        visited.append(0)
        return parent.count - 1
    }

    private func root(_ kernel: Int) -> Int {
        var kernel = kernel
        while parent[kernel] != kernel { kernel = parent[kernel] }
        return kernel
    }

    /// Joins two regions if they run over one space and neither needs the other's finished results.
    private mutating func merge(_ a: Int, _ b: Int) {
        guard a != b, members[a].count + members[b].count <= Self.maximumRegionSize,
            let shapeA = regionShape(members[a][0]), shapeA == regionShape(members[b][0]),
            !needs(a, b), !needs(b, a)
        else { return }
        parent[b] = a
        members[a] = (members[a] + members[b]).sorted()
        members[b] = []
    }

    /// Whether kernel `a` depends on `b` in a way that forbids to run them as one: through another kernel, a view or a reduction.
    private mutating func needs(_ a: Int, _ b: Int) -> Bool {
        visit += 1
        visited[a] = visit
        var stack: [Int] = []
        let shape = regionShape(members[a][0])!
        for member in members[a] {
            for operand in program.instruction(member)!.operands where kernelOf[operand] >= 0 {
                let source = root(kernelOf[operand])
                if source == b {
                    if !isMember(operand, shape: shape) { return true }
                } else {
                    stack.append(source)
                }
            }
        }
        while let kernel = stack.popLast() {
            if kernel == b { return true }
            if visited[kernel] == visit { continue }
            visited[kernel] = visit
            for member in members[kernel] {
                for operand in program.instruction(member)!.operands where kernelOf[operand] >= 0 {
                    stack.append(root(kernelOf[operand]))
                }
            }
        }
        return false
    }

    // MARK: Order

    /// Kernels after everything that they read, otherwise in the program's order.
    private func ordered() -> [[Int]] {
        var done = [Bool](repeating: false, count: parent.count)
        var result: [[Int]] = []
        for start in parent.indices where parent[start] == start {
            var stack: [(kernel: Int, expanded: Bool)] = [(start, false)]
            while let (kernel, expanded) = stack.popLast() {
                if done[kernel] { continue }
                if expanded {
                    done[kernel] = true
                    result.append(members[kernel])
                    continue
                }
                stack.append((kernel, true))
                for member in members[kernel] {
                    for operand in program.instruction(member)!.operands where kernelOf[operand] >= 0 {
                        let source = root(kernelOf[operand])
                        if source != kernel && !done[source] { stack.append((source, false)) }
                    }
                }
            }
        }
        return result
    }
}

extension Operation {
    /// Computed element by element from elements at the same position.
    var isPointwise: Bool {
        switch self {
        case .unary, .binary, .compare, .select, .cast: true
        default: false
        }
    }

    /// The same memory seen in another way (a reshape may still need a copy).
    var isView: Bool {
        switch self {
        case .reshape, .transpose, .broadcast, .slice, .reverse, .variable, .stopGradient, .barrier, .customGradient:
            true
        default: false
        }
    }
}
