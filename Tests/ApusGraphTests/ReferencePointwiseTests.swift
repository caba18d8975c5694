import ApusGraph
import ApusReference
import Foundation
import Testing

@Suite struct ReferencePointwiseTests {
    @Test func everyUnaryOperationOfFloats() throws {
        let x = vector([0.25, 0.5, 0.75], .float64)
        let functions: [(UnaryOperation, (Double) -> Double)] = [
            (.negate, { -$0 }), (.absolute, abs), (.exp, Foundation.exp), (.expm1, Foundation.expm1),
            (.log, Foundation.log), (.log1p, Foundation.log1p), (.sqrt, Foundation.sqrt), (.rsqrt, { pow($0, -0.5) }),
            (.reciprocal, { 1 / $0 }), (.sin, Foundation.sin), (.cos, Foundation.cos), (.tan, Foundation.tan),
            (.asin, Foundation.asin), (.acos, Foundation.acos), (.atan, Foundation.atan), (.sinh, Foundation.sinh),
            (.cosh, Foundation.cosh), (.tanh, Foundation.tanh), (.asinh, Foundation.asinh),
            (.atanh, Foundation.atanh), (.erf, Foundation.erf), (.sigmoid, { 1 / (1 + Foundation.exp(-$0)) }),
        ]
        for (operation, function) in functions {
            for (result, x) in zip(try run(.unary(operation), x).values, x.values) {
                #expect(abs(result - function(x)) < 1e-14, "\(operation)(\(x))")
            }
        }
        #expect(try run(.unary(.acosh), vector([1, 2], .float64)).values == [0, Foundation.acosh(2)])
    }

    @Test func inverseErrorFunction() throws {
        // Values of PyTorch's erfinv in float64.
        let y = vector([0, 0.1, -0.5, 0.9, 0.999999, 1e-10], .float64)
        let expected = [
            0, 0.08885599049425769, -0.4769362762044699, 1.1630871536766743, 3.458910737275499, 8.862269254527581e-11,
        ]
        for (result, expected) in zip(try run(.unary(.erfinv), y).values, expected) {
            #expect(abs(result - expected) <= 2e-15 * max(1, abs(expected)))
        }
        let edges = try run(.unary(.erfinv), vector([1, -1, 2], .float64)).values
        #expect(edges[0] == .infinity && edges[1] == -.infinity && edges[2].isNaN)
    }

    @Test func rounding() throws {
        let x = vector([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.7])
        #expect(try run(.unary(.round), x).values == [-2, -2, 0, 0, 2, 2, 1])
        #expect(try run(.unary(.floor), x).values == [-3, -2, -1, 0, 1, 2, 0])
        #expect(try run(.unary(.ceil), x).values == [-2, -1, 0, 1, 2, 3, 1])
        #expect(try run(.unary(.truncate), x).values == [-2, -1, 0, 0, 1, 2, 0])
    }

    @Test func signAndPredicates() throws {
        let x = vector([-3, 0, 2, .nan, .infinity])
        #expect(try run(.unary(.sign), vector([-3, 0, 2, .infinity])).values == [-1, 0, 1, 1])
        #expect(try run(.unary(.sign), scalar(.nan)).values[0].isNaN)
        #expect(try run(.unary(.isNaN), x).values == [0, 0, 0, 1, 0])
        #expect(try run(.unary(.isInfinite), x).values == [0, 0, 0, 0, 1])
        #expect(try run(.unary(.isFinite), x).values == [1, 1, 1, 0, 0])
        #expect(try run(.unary(.isFinite), vector([1], .int64)).values == [1])
    }

    @Test func notFlipsEveryBit() throws {
        #expect(try run(.unary(.not), vector([0, 1], .bool)).values == [1, 0])
        #expect(try run(.unary(.not), vector([0, 5], .uint8)).values == [255, 250])
        #expect(try run(.unary(.not), vector([0, 5], .int32)).values == [-1, -6])
    }

    @Test func integersWrapAround() throws {
        let top = vector([2_147_483_647, -2_147_483_648], .int32)
        let one = vector([1, 1], .int32)
        #expect(try run(.binary(.add), top, one).values == [-2_147_483_648, -2_147_483_647])
        #expect(try run(.unary(.negate), top).values == [-2_147_483_647, -2_147_483_648])
        #expect(try run(.unary(.absolute), top).values == [2_147_483_647, -2_147_483_648])
        #expect(try run(.binary(.subtract), vector([0], .uint8), vector([1], .uint8)).values == [255])
        let least = ReferenceTensor(TensorType([1], .int64), integers: [.min])
        #expect(try run(.binary(.divide), least, vector([-1], .int64)) == least)
        #expect(try run(.binary(.remainder), least, vector([-1], .int64)).values == [0])
    }

    @Test func divisionOfIntegers() throws {
        let a = vector([7, -7, 7, -7, 7, 0], .int64)
        let b = vector([2, 2, -2, -2, 0, 0], .int64)
        #expect(try run(.binary(.divide), a, b).values == [3, -3, -3, 3, 0, 0])
        #expect(try run(.binary(.floorDivide), a, b).values == [3, -4, -4, 3, 0, 0])
        #expect(try run(.binary(.remainder), a, b).values == [1, 1, -1, -1, 0, 0])
    }

    @Test func flooredDivisionOfFloats() throws {
        // PyTorch's values.
        let a = vector([7, -7, 7, -7, 5, -5, 5, 1])
        let b = vector([2, 2, -2, -2, .infinity, .infinity, -.infinity, 0.1])
        #expect(try run(.binary(.floorDivide), a, b).values == [3, -4, -4, 3, 0, -1, -1, 9])
        let rest = try run(.binary(.remainder), a, b).values
        #expect(rest.prefix(7) == [1, 1, -1, -1, 5, .infinity, -.infinity])
        #expect(abs(rest[7] - 0.1) < 1e-6, "1 is nine of the nearest float32 to 0.1, and nearly another")
        #expect(try run(.binary(.floorDivide), vector([5, -5]), vector([0, 0])).values == [.infinity, -.infinity])
        #expect(try run(.binary(.remainder), scalar(5), scalar(0)).values[0].isNaN)
    }

    @Test func powers() throws {
        #expect(try run(.binary(.power), vector([2, 9, 4]), vector([10, 0.5, -1])).values == [1024, 3, 0.25])
        let (bases, exponents) = (
            vector([2, 1, -1, -1, 0, 0, -3], .int32), vector([-1, -3, -3, -2, -1, 0, 3], .int32)
        )
        #expect(try run(.binary(.power), bases, exponents).values == [0, 1, -1, 1, 0, 1, -27])
        #expect(try run(.binary(.power), vector([3], .uint8), vector([6], .uint8)).values == [729 - 512])
    }

    @Test func extremesKeepNaN() throws {
        let (a, b) = (vector([1, .nan, 2, -.infinity]), vector([3, 1, .nan, .infinity]))
        let (high, low) = (try run(.binary(.maximum), a, b).values, try run(.binary(.minimum), a, b).values)
        #expect(high[0] == 3 && high[1].isNaN && high[2].isNaN && high[3] == .infinity)
        #expect(low[0] == 1 && low[1].isNaN && low[2].isNaN && low[3] == -.infinity)
    }

    @Test func bitsAndShifts() throws {
        let (a, b) = (vector([12, -8], .int32), vector([10, 3], .int32))
        #expect(try run(.binary(.and), a, b).values == [8, 0])
        #expect(try run(.binary(.or), a, b).values == [14, -5])
        #expect(try run(.binary(.xor), a, b).values == [6, -5])
        let (x, by) = (vector([1, -8, 5, -8, 1], .int32), vector([-1, 64, 33, 1, 31], .int32))
        #expect(try run(.binary(.shiftLeft), x, by).values == [0, 0, 0, -16, -2_147_483_648])
        #expect(try run(.binary(.shiftRight), x, by).values == [0, -1, 0, -4, 0])
        #expect(try run(.binary(.add), vector([1, 1], .bool), vector([1, 0], .bool)).values == [1, 1])
        #expect(try run(.binary(.multiply), vector([1, 1], .bool), vector([1, 0], .bool)).values == [1, 0])
    }

    @Test func comparisonsWithNaN() throws {
        let (a, b) = (vector([1, 2, 2, .nan]), vector([2, 2, 1, .nan]))
        let expected: [(Comparison, [Double])] = [
            (.equal, [0, 1, 0, 0]), (.notEqual, [1, 0, 1, 1]), (.less, [1, 0, 0, 0]), (.lessEqual, [1, 1, 0, 0]),
            (.greater, [0, 0, 1, 0]), (.greaterEqual, [0, 1, 1, 0]),
        ]
        for (comparison, result) in expected { #expect(try run(.compare(comparison), a, b).values == result) }
    }

    @Test func selects() throws {
        #expect(
            try run(.select, vector([1, 0, 1], .bool), vector([1, 2, 3]), vector([4, 5, 6])).values == [1, 5, 3])
        #expect(try run(.select, scalar(0, .bool), scalar(1, .int64), scalar(2, .int64)).values == [2])
    }

    @Test func castsDropTheFractionAndSaturate() throws {
        let x = vector([1.9, -1.9, .nan, .infinity, -.infinity, 300, 0.5], .float64)
        #expect(
            try run(.cast(.int32), x).values == [1, -1, 0, 2_147_483_647, -2_147_483_648, 300, 0])
        #expect(try run(.cast(.uint8), x).values == [1, 0, 0, 255, 0, 255, 0])
        #expect(try run(.cast(.bool), x).values == [1, 1, 1, 1, 1, 1, 1])
        #expect(try run(.cast(.int64), x).integers[3...4] == [.max, .min])
        #expect(try run(.cast(.uint8), vector([256, -1, 511], .int64)).values == [0, 255, 255])
        #expect(try run(.cast(.bool), vector([256, 0, -1], .int64)).values == [1, 0, 1])
        let odd = ReferenceTensor(TensorType([1], .int64), integers: [(1 << 53) + (1 << 29) + 1])
        #expect(try run(.cast(.float32), odd).values == [0x1p53 + 0x1p30], "rounded once")
    }

    @Test func sixteenBitFloatsRoundToTheNearestEven() {
        let halves = vector([2049, 2051, 65520, 65519, 0x1p-25, 0x1.8p-25], .float16).values
        #expect(halves == [2048, 2052, .infinity, 65504, 0, 0x1p-24])
        let brains = vector([257, 259, 257.0001, 0x1.FFp127 * 1.01, -259], .bfloat16).values
        #expect(brains == [256, 260, 258, .infinity, -260])
        // Rounding to float32 first would make a tie of it and go to 1.
        #expect(vector([1 + 0x1p-8 + 0x1p-40], .bfloat16).values == [1 + 0x1p-7])
        #expect(vector([.nan], .bfloat16).values[0].isNaN)
    }

    @Test(arguments: DType.allCases)
    func buffersRoundTrip(_ dtype: DType) {
        let values: [Double] = dtype == .bool ? [0, 1, 1] : dtype == .uint8 ? [0, 7, 255] : [0, -7, 96]
        for shape: Shape in [[3], [3, 1], [1, 3, 1]] {
            let tensor = tensor(shape, values, dtype)
            #expect(ReferenceTensor(tensor.buffer, type: tensor.type) == tensor)
            #expect(tensor.buffer.byteCount == tensor.type.byteCount)
        }
        let empty = tensor([0, 4], [], dtype)
        #expect(ReferenceTensor(empty.buffer, type: empty.type) == empty)
    }
}
