import ApusGraph

/// What a plan takes for granted: that these memories hold no NaN and no infinity.
///
/// oneDNN's rectifier is a maximum and gives 0 for what is no number, where ours keeps it. Where all that a network is
/// given is finite and its operations keep it so, the two are the same. (What overflows on the way is beyond help:
/// sums beyond 3e38 that meet with both signs give 0, not NaN.)
struct FiniteMemories: Sendable {
    typealias Numbers = (number: Int, dtype: DType)
    /// Inputs that change from run to run, and so are looked at in each.
    private(set) var inputs: [Numbers] = []
    /// Inputs that stay the same.
    private(set) var constants: [Numbers] = []
    /// Results of what runs once.
    private(set) var keptValues: [Numbers] = []

    /// Of a plan that takes nothing for granted.
    init() {}

    /// Of a plan that takes it for granted of all floating-point numbers that it reads.
    ///
    /// - Parameters:
    ///   - kept: storages of what runs once.
    ///   - types: of the program's inputs.
    init(_ kept: [StorageID], readBy steps: [any Step], _ constants: Set<Int>, _ types: [TensorType]) {
        for (number, type) in types.enumerated() where type.dtype.isFloatingPoint {
            if constants.contains(number) {
                self.constants.append((number, type.dtype))
            } else {
                inputs.append((number, type.dtype))
            }
        }
        let views = Dictionary(
            steps.flatMap(\.operandViews).map { ($0.storage, $0.dtype) }, uniquingKeysWith: { first, _ in first })
        for (number, storage) in kept.enumerated() {
            if let dtype = views[storage], dtype.isFloatingPoint { keptValues.append((number, dtype)) }
        }
    }
}

extension Program {
    /// The values that are finite, or overflown, if the inputs and the values in `constants` are finite.
    func finiteValues(constants: Set<Int>) -> Set<Int> {
        var finite = constants.union(0..<inputs.count)
        for (index, instruction) in instructions.enumerated()
        where instruction.operation.keepsFinite && finite.isSuperset(of: instruction.operands) {
            finite.insert(inputs.count + index)
        }
        return finite
    }
}

extension Operation {
    /// Whether finite operands give a finite result, unless it overflows.
    fileprivate var keepsFinite: Bool {
        switch self {
        case .convolution, .matmul, .pool, .select, .compare, .concatenate, .pad: true
        case .unary(let operation): [.relu, .negate, .absolute, .sigmoid, .tanh, .erf].contains(operation)
        case .binary(let operation): [.add, .subtract, .multiply, .maximum, .minimum].contains(operation)
        case .reduce(let reduction, _): reduction == .sum
        default: isView
        }
    }
}

extension Buffer {
    /// Whether all its numbers are.
    func isFinite(_ dtype: DType) -> Bool {
        switch dtype {
        case .float64: elements(as: UInt64.self).allSatisfy(exponentBelow: 0x7FF0_0000_0000_0000)
        case .float32: elements(as: UInt32.self).allSatisfy(exponentBelow: 0x7F80_0000)
        case .bfloat16: elements(as: UInt16.self).allSatisfy(exponentBelow: 0x7F80)
        case .float16: elements(as: UInt16.self).allSatisfy(exponentBelow: 0x7C00)
        default: true
        }
    }
}

extension UnsafeMutableBufferPointer where Element: FixedWidthInteger {
    /// Whether no element has all the bits of a floating-point exponent. Without a branch, so that it is vectorized.
    fileprivate func allSatisfy(exponentBelow mask: Element) -> Bool {
        var special: Element = 0
        for bits in self { special |= bits & mask == mask ? 1 : 0 }
        return special == 0
    }
}
