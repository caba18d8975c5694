import ApusGraph

/// The instructions of a program gathered into kernels: a pointwise region with the reductions that end it, or one other instruction.
///
/// Views (transpose, broadcast, slice, reshape…) belong to no kernel: they are resolved when something reads them.
struct Clustering {
    /// Kernels after everything that they read.
    var kernels: [Kernel] {
        sequence.compactMap { $0.map { Kernel(members[$0], shape: spaces[$0], rows: rows[$0]) } }
    }

    private let program: Program
    private let fuses: Bool
    private let fusesRows: Bool
    /// For each value the kernel that makes it, found through `root`; −1 for inputs. A view counts to the kernel behind it.
    private var kernelOf: [Int]
    /// Merged kernels point to the one they became part of.
    private var parent: [Int] = []
    private var members: [[Int]] = []
    /// The space that each kernel runs over; nil where it isn't fusible.
    private var spaces: [Shape?] = []
    /// The rows that a region reduces and uses again.
    private var rows: [RowSpace?] = []
    /// Values that will probably lie channels-last, so that their last axes are no rows in memory.
    private var isChannelsLast: [Bool]
    /// The kernels after everything that they read, nil in the place of one that was merged, and each kernel's place. Kept up to
    /// date, so that whether one needs another is seen from their places, or from the kernels between them.
    private var sequence: [Int?] = []
    private var place: [Int] = []
    /// Kernels that read a value element by element in full: a sibling may join them and read it once for both.
    private var readers: [Int: [Int]] = [:]

    /// A region larger than this runs out of cache for its registers.
    private static let maximumRegionSize = 64

    /// - Parameters:
    ///   - fuses: whether regions grow; if not, each instruction is a kernel of its own.
    ///   - fusesRows: whether a region may use the reductions of its rows again.
    ///   - epilogues: what no region may take, for it runs with a convolution.
    init(_ program: Program, fuses: Bool, fusesRows: Bool, epilogues: [Epilogue] = []) {
        self.program = program
        self.fuses = fuses
        self.fusesRows = fusesRows
        kernelOf = [Int](repeating: -1, count: program.valueCount)
        isChannelsLast = [Bool](repeating: false, count: program.valueCount)
        let parts = Set(epilogues.flatMap(\.values))
        let finished = Dictionary(uniqueKeysWithValues: epilogues.map { ($0.result, $0) })
        for value in program.inputs.count..<program.valueCount {
            let instruction = program.instruction(value)!
            isChannelsLast[value] = liesChannelsLast(instruction)
            if instruction.operation.isView {
                kernelOf[value] = kernelOf[instruction.operands[0]]
            } else if let epilogue = finished[value] {
                // All that it reads is there when its last part is met.
                let kernel = newKernel(epilogue.values, space: nil)
                for part in epilogue.values { kernelOf[part] = kernel }
            } else if !parts.contains(value) {
                add(value, instruction)
            }
        }
    }

    // MARK: Growing regions

    private mutating func add(_ value: Int, _ instruction: Program.Instruction) {
        let kernel = newKernel([value], space: regionShape(value))
        kernelOf[value] = kernel
        guard fuses, let shape = regionShape(value) else { return }

        // Join the regions that make the operands, then those that read the same memory.
        for operand in instruction.operands { joinRows(behind: operand, shape) }
        for operand in instruction.operands {
            if isMember(operand, shape: shape) {
                merge(root(kernelOf[operand]), root(kernelOf[value]))
            } else if let (rows, source) = repeatedRows(operand, shape) {
                merge(root(kernelOf[source]), root(kernelOf[value]), rows: rows)
            }
        }
        for operand in instruction.operands where program.type(operand).shape == shape && !isBroadcast(operand) {
            if isMember(operand, shape: shape) && root(kernelOf[operand]) == root(kernelOf[value]) { continue }
            for reader in readers[operand] ?? [] { merge(root(reader), root(kernelOf[value])) }
            // A value may have very many readers: only regions with room for more are remembered.
            let open = Set((readers[operand] ?? []).map(root) + [root(kernelOf[value])])
            readers[operand] = open.filter { members[$0].count < Self.maximumRegionSize }.sorted()
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

    private mutating func newKernel(_ values: [Int], space: Shape?) -> Int {
        parent.append(parent.count)
        spaces.append(space)
        rows.append(nil)
        place.append(sequence.count)
        sequence.append(parent.count - 1)
        members.append(values)
        return parent.count - 1
    }

    private func root(_ kernel: Int) -> Int {
        var kernel = kernel
        while parent[kernel] != kernel { kernel = parent[kernel] }
        return kernel
    }

    /// Joins two regions if they run over one space and neither needs the other's finished results.
    ///
    /// - Parameter newRows: rows whose reduction one region uses again in the other.
    private mutating func merge(_ a: Int, _ b: Int, rows newRows: RowSpace? = nil) {
        guard a != b, let shape = spaces[a], shape == spaces[b] else { return }
        let wanted = Set([rows[a], rows[b], newRows].compactMap { $0 })
        guard wanted.count <= 1 else { return }
        join(a, b, shape: shape, rows: wanted.first)
    }

    /// Makes one region of two, unless it grew too large or one needs the other through a third, a view or a finished
    /// reduction.
    private mutating func join(_ a: Int, _ b: Int, shape: Shape, rows joined: RowSpace?) {
        guard members[a].count + members[b].count <= Self.maximumRegionSize else { return }
        if joined != nil && !(liesInRows(a, shape) && liesInRows(b, shape)) { return }
        let (first, last) = place[a] < place[b] ? (a, b) : (b, a)
        guard let between = kernels(neededBy: last, behind: first, shape, joined) else { return }
        resequence(first, last, needed: between)
        parent[last] = first
        members[first] = (members[first] + members[last]).sorted()
        members[last] = []
        spaces[first] = shape
        rows[first] = joined
    }

    /// The kernels behind `first` in the sequence that `last` needs, or nil if it needs `first` in a way that forbids to run the two
    /// as one: through another kernel, a view or a reduction that is no row's.
    private mutating func kernels(
        neededBy last: Int, behind first: Int, _ shape: Shape, _ rows: RowSpace?
    ) -> Set<Int>? {
        var needed: Set<Int> = []
        var stack: [Int] = []
        for member in members[last] {
            for operand in program.instruction(member)!.operands where kernelOf[operand] >= 0 {
                let source = root(kernelOf[operand])
                if source == first {
                    if Kernel.source(of: operand, in: member, shape: shape, rows: rows, program) == nil { return nil }
                } else if source != last {
                    stack.append(source)
                }
            }
        }
        while let kernel = stack.popLast() {
            if kernel == first { return nil }
            guard place[kernel] > place[first], needed.insert(kernel).inserted else { continue }
            for member in members[kernel] {
                for operand in program.instruction(member)!.operands where kernelOf[operand] >= 0 {
                    stack.append(root(kernelOf[operand]))
                }
            }
        }
        return needed
    }

    /// Gives `first` a place behind what `last` needs, before all that stands between them else, and takes away that of `last`.
    private mutating func resequence(_ first: Int, _ last: Int, needed: Set<Int>) {
        let range = place[first]...place[last]
        let between = sequence[range].compactMap { $0 }.filter { $0 != first && $0 != last }
        let ordered = between.filter(needed.contains) + [first] + between.filter { !needed.contains($0) }
        for (offset, index) in range.enumerated() {
            sequence[index] = offset < ordered.count ? ordered[offset] : nil
            if offset < ordered.count { place[ordered[offset]] = index }
        }
    }

    // MARK: Rows

    /// The rows that an operand repeats one value for, where a kernel computes that value.
    private func repeatedRows(_ operand: Int, _ shape: Shape) -> (rows: RowSpace, source: Int)? {
        guard fusesRows, let (rows, source) = RowSpace.broadcast(operand, program), rows.shape == shape,
            kernelOf[source] >= 0, rows.isRowValue(source, program)
        else { return nil }
        return (rows, source)
    }

    /// Takes what turns a region's row reductions into this operand (a mean, a root…) into the region.
    private mutating func joinRows(behind operand: Int, _ shape: Shape) {
        guard let (rows, source) = repeatedRows(operand, shape) else { return }
        let kernel = root(kernelOf[source])
        guard spaces[kernel] != shape else { return }
        for member in members[kernel] where !rows.isRowValue(member, program) { return }
        for member in members[kernel] {
            for operand in program.instruction(member)!.operands {
                let reduced = program.behindReshapes(operand)
                guard kernelOf[reduced] >= 0, rows.isRowValue(reduced, program) else { continue }
                let (region, own) = (root(kernelOf[reduced]), root(kernel))
                guard region != own, spaces[region] == shape, spaces[own] != shape else { continue }
                guard self.rows[region] == nil || self.rows[region] == rows else { continue }
                join(region, own, shape: shape, rows: rows)
            }
        }
    }

    /// Whether a region's rows are probably neighbours in memory.
    private func liesInRows(_ kernel: Int, _ shape: Shape) -> Bool {
        members[kernel].allSatisfy { member in
            program.instruction(member)!.operands.allSatisfy {
                !isChannelsLast[$0] || program.type($0).shape != shape
            }
        }
    }

    /// Convolutions and what is made of their results elsewhere than in products.
    private func liesChannelsLast(_ instruction: Program.Instruction) -> Bool {
        let operands = instruction.operands
        switch instruction.operation {
        case .convolution, .convolutionInputGradient: return true
        case .pool, .poolGradient, .slice, .pad, .reverse, .concatenate, .broadcast: return isChannelsLast[operands[0]]
        case .reshape(let shape): return isChannelsLast[operands[0]] && shape.rank > 2
        case .unary, .binary, .compare, .select, .cast: return operands.contains { isChannelsLast[$0] }
        default: return false
        }
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
