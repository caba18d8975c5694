import ApusTensor

/// Grows a random program, value by value. Inputs are numbered −1, −2 … until it is finished, so that one can be added at any time.
struct ProgramGrowth {
    let maker: TensorMaker
    /// What most values are.
    let dtype: DType
    private var inputs: [Tensor] = []
    private var instructions: [Program.Instruction] = []
    private var traits: [Int: ValueTraits] = [:]
    /// Values that a pattern wants to be seen.
    private var results: [Int] = []

    /// Larger values are not made larger still.
    private let largest = 300_000

    init(_ maker: TensorMaker, _ dtype: DType, shape: Shape?) {
        self.maker = maker
        self.dtype = dtype
        let shape = shape ?? maker.shape(rank: maker.integer(in: 1...5), largest: 33)
        for number in 0..<maker.integer(in: 1...3) { _ = input(number == 0 ? shape : partial(shape)) }
    }

    // MARK: Values

    func type(_ value: Int) -> TensorType { value < 0 ? inputs[-1 - value].node.type : instructions[value].type }
    func shape(_ value: Int) -> Shape { type(value).shape }
    func isExact(_ value: Int) -> Bool { traits[value]!.isExact }

    mutating func input(_ tensor: Tensor) -> Int {
        inputs.append(tensor)
        traits[-inputs.count] = ValueTraits(.constant, [], tensor.node.type)
        return -inputs.count
    }

    /// Numbers of [−1, 1].
    mutating func input(_ shape: Shape) -> Int { input(maker.uniform(shape, in: -1...1, dtype: dtype)) }

    mutating func add(_ operation: Operation, _ operands: Int...) -> Int {
        let type = try! operation.resultType(operands.map { self.type($0) })
        instructions.append(.init(operation, operands, type))
        traits[instructions.count - 1] = ValueTraits(operation, operands.map { traits[$0]! }, type)
        return instructions.count - 1
    }

    mutating func show(_ values: Int...) { results += values }

    private func values(where condition: (Int) -> Bool) -> [Int] {
        (-inputs.count..<instructions.count).filter { type($0).dtype == dtype && condition($0) }
    }

    /// Any value of the dtype, the last one more often.
    func any(where condition: (Int) -> Bool = { _ in true }) -> Int? {
        let values = values(where: condition)
        guard let last = values.last else { return nil }
        return maker.chance(0.4) ? last : maker.choose(values)
    }

    /// An extent of 1 in places and fewer axes: what broadcasts to `shape`.
    private func partial(_ shape: Shape) -> Shape {
        let extents = shape.map { maker.chance(0.3) ? 1 : $0 }
        return Shape(Array(extents.dropFirst(maker.chance(0.5) ? 0 : maker.integer(in: 0...shape.rank))))
    }

    /// A value of this shape: an old one that broadcasts to it, or something new.
    mutating func value(of shape: Shape) -> Int {
        let old = maker.chance(0.6) ? any { self.shape($0).broadcast(with: shape) == shape } : nil
        let value = old ?? input(maker.chance(0.5) ? shape : partial(shape))
        return broadcast(value, to: shape)
    }

    mutating func broadcast(_ value: Int, to shape: Shape) -> Int {
        self.shape(value) == shape ? value : add(.broadcast(shape), value)
    }

    mutating func number(_ number: Double, like value: Int) -> Int {
        let scalar = input(Tensor([number], shape: [], dtype: type(value).dtype))
        return broadcast(scalar, to: shape(value))
    }

    /// Into [−1, 1], an empty maximum's −∞ too.
    mutating func bounded(_ value: Int) -> Int {
        switch maker.integer(in: 0...5) {
        case 0: return add(.unary(.sigmoid), value)
        case 1:
            let low = add(.binary(.maximum), value, number(-1, like: value))
            return add(.binary(.minimum), low, number(1, like: low))
        case 2: return add(.unary(.tanh), add(.unary(.relu), value))
        case 3: return add(.unary(.erf), value)
        default: return add(.unary(.tanh), value)
        }
    }

    // MARK: Growing

    mutating func grow() {
        guard let x = any(where: { shape($0).elementCount < largest }) else { return }
        let moves = shape(x).isEmpty ? ProgramMove.onAnything : ProgramMove.allCases
        make(maker.choose(moves), x)
    }

    mutating func repeatAnInstruction() {
        guard let index = instructions.indices.randomElement(using: maker) else { return }
        let instruction = instructions[index]
        instructions.append(instruction)
        traits[instructions.count - 1] = traits[index]
    }

    func finished() -> (Program, [Tensor], [ValueTraits]) {
        let count = inputs.count
        func number(_ value: Int) -> Int { value < 0 ? -1 - value : value + count }
        var program = Program(inputs: inputs.map(\.node.type), instructions: instructions, outputs: [])
        for index in instructions.indices {
            program.instructions[index].operands = instructions[index].operands.map(number)
        }
        let others = (0..<maker.integer(in: 0...3)).map { _ in maker.integer(in: 0...(program.valueCount - 1)) }
        program.outputs = [program.valueCount - 1] + results.map(number) + others
        program.reusableInputs = (0..<count).filter { _ in maker.chance(0.3) }
        let order = (0..<count).map { -1 - $0 } + Array(instructions.indices)
        return (program, inputs, order.map { traits[$0]! })
    }
}

extension Range<Int> {
    fileprivate func randomElement(using maker: TensorMaker) -> Int? {
        isEmpty ? nil : maker.integer(in: lowerBound...(upperBound - 1))
    }
}
