/// A quick hash of a program's structure. It finds candidates in the cache of plans; equality is always checked on top.
struct StructuralHasher {
    private(set) var value: UInt64 = 0

    mutating func combine(_ number: some BinaryInteger) {
        value = (value ^ UInt64(truncatingIfNeeded: number)) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }

    mutating func combine(_ numbers: [Int]) {
        combine(numbers.count)
        for number in numbers { combine(number) }
    }

    mutating func combine(_ type: TensorType) {
        combine(type.dtype.rawValue)
        combine(type.shape.dimensions)
    }

    /// What an operation says beyond the type of its result. The frequent ones are told apart without Swift's slower hash.
    mutating func combine(_ operation: Operation) {
        switch operation {
        case .constant: combine(0)
        case .unary(let operation): combine(0x100 | Int(operation.rawValue))
        case .binary(let operation): combine(0x200 | Int(operation.rawValue))
        case .compare(let comparison): combine(0x300 | Int(comparison.rawValue))
        case .select: combine(1)
        case .cast: combine(2)
        case .reshape: combine(3)
        case .broadcast: combine(4)
        case .matmul: combine(5)
        case .variable: combine(6)
        case .stopGradient: combine(7)
        case .reduce(let reduction, let axes):
            combine(0x400 | Int(reduction.rawValue))
            combine(axes)
        case .transpose(let permutation):
            combine(8)
            combine(permutation)
        case .slice(let ranges):
            combine(9)
            for range in ranges {
                combine(range.start)
                combine(range.step)
            }
        default: combine(operation.hashValue)
        }
    }
}
