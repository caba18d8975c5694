import ApusGraph
import Testing

@Suite struct DTypeTests {
    /// PyTorch's table, upper triangle and diagonal, in the order of `order`.
    private static let order: [DType] = [.bool, .uint8, .int32, .int64, .bfloat16, .float16, .float32, .float64]
    private static let table: [[DType]] = [
        [.bool, .uint8, .int32, .int64, .bfloat16, .float16, .float32, .float64],
        [.uint8, .int32, .int64, .bfloat16, .float16, .float32, .float64],
        [.int32, .int64, .bfloat16, .float16, .float32, .float64],
        [.int64, .bfloat16, .float16, .float32, .float64],
        [.bfloat16, .float32, .float32, .float64],
        [.float16, .float32, .float64],
        [.float32, .float64],
        [.float64],
    ]

    @Test func promotionFollowsTheTableEitherWayRound() {
        for (row, a) in Self.order.enumerated() {
            for (column, expected) in Self.table[row].enumerated() {
                let b = Self.order[row + column]
                #expect(a.promoted(with: b) == expected, "\(a) with \(b)")
                #expect(b.promoted(with: a) == expected, "\(b) with \(a)")
            }
        }
    }

    @Test func kinds() {
        #expect(DType.allCases.filter(\.isFloatingPoint) == [.float32, .bfloat16, .float16, .float64])
        #expect(DType.allCases.filter(\.isInteger) == [.int32, .int64, .uint8])
        #expect(DType.allCases.map(\.byteCount) == [4, 2, 2, 8, 4, 8, 1, 1])
    }
}
