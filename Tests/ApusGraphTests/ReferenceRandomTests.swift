import ApusGraph
import ApusReference
import Foundation
import Testing

@Suite struct ReferenceRandomTests {
    private func key(_ value: Int64) -> ReferenceTensor {
        ReferenceTensor(TensorType([], .int64), integers: [value])
    }

    @Test func philoxGivesTheAuthorsAnswer() {
        // Known answer of Random123 for key 0 and counter 0.
        #expect(Philox.block(key: 0, counter: 0) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
    }

    @Test func bitsAreTheWords() throws {
        let words = try run(.random(.bits, [6], .int32), key(1 << 40 | 7)).integers
        let expected = (0..<2).flatMap { Philox.block(key: 1 << 40 | 7, counter: $0) }.prefix(6)
        #expect(words == expected.map { Int64(Int32(bitPattern: $0)) })
    }

    @Test func elementsDependOnKeyAndIndexAlone() throws {
        for distribution in [Distribution.uniform, .normal] {
            for dtype in [DType.float32, .float64] {
                let long = try run(.random(distribution, [3, 7], dtype), key(-5)).values
                #expect(try run(.random(distribution, [10], dtype), key(-5)).values == Array(long.prefix(10)))
                #expect(try run(.random(distribution, [21], dtype), key(-6)).values != long)
            }
        }
        #expect(try run(.random(.uniform, [], .float32), key(0)).values == [Double(0x6627E8) * 0x1p-24])
        #expect(try run(.random(.normal, [0], .float64), key(0)).values == [])
    }

    @Test func doublesTakeTwoWords() throws {
        let words = [(0, 0), (0, 1), (1, 0)].flatMap { counter, half in
            Philox.block(key: 9, counter: counter, half: half).map(UInt64.init)
        }
        let expected = (0..<5).map { Double((words[2 * $0] | words[2 * $0 + 1] << 32) >> 11) * 0x1p-53 }
        #expect(try run(.random(.uniform, [5], .float64), key(9)).values == expected)
    }

    @Test func normalsComeFromPairs() throws {
        let words = Philox.block(key: 3, counter: 0).map { Double($0 >> 8) }
        let radius = (-2 * log((words[2] + 1) * 0x1p-24)).squareRoot()
        let angle = 2 * Double.pi * words[3] * 0x1p-24
        let values = try run(.random(.normal, [4], .float32), key(3)).values
        #expect(values[2] == Double(Float(radius * cos(angle))))
        #expect(values[3] == Double(Float(radius * sin(angle))))
    }

    @Test(arguments: [DType.float32, .float64])
    func momentsAreRight(_ dtype: DType) throws {
        let count = 40_000
        let uniform = try run(.random(.uniform, [count], dtype), key(1)).values
        #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
        // Standard errors are 0.0014 and 0.005; the key is fixed, so the bounds hold or not for good.
        #expect(abs(uniform.reduce(0, +) / Double(count) - 0.5) < 0.006)
        let normal = try run(.random(.normal, [count], dtype), key(2)).values
        #expect(abs(normal.reduce(0, +) / Double(count)) < 0.02)
        #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(count) - 1) < 0.03)
        #expect(abs(zip(normal, normal.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)) < 0.02)
    }
}
