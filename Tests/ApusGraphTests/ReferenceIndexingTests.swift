import ApusGraph
import ApusReference
import Testing

@Suite struct ReferenceIndexingTests {
    private let x = counting([2, 3])

    @Test func gathersSlices() throws {
        #expect(
            try run(.gather(axis: 1), x, tensor([2, 2], [2, 0, 0, 1], .int64))
                == tensor([2, 2, 2], [2, 0, 0, 1, 5, 3, 3, 4]))
        #expect(try run(.gather(axis: 0), x, scalar(1, .int64)) == vector([3, 4, 5]))
        #expect(try run(.gather(axis: 0), tensor([0, 3], []), vector([], .int64)) == tensor([0, 3], []))
    }

    @Test func scattersSlices() throws {
        let (base, indices) = (vector([10, 20, 30]), vector([1, 1, 0], .int64))
        let updates = vector([1, 2, 3])
        #expect(try run(.scatter(.add, axis: 0), base, indices, updates).values == [13, 23, 30])
        #expect(try run(.scatter(.replace, axis: 0), base, indices, updates).values == [3, 2, 30])
        #expect(
            try run(.scatter(.add, axis: 1), x, scalar(2, .int64), vector([10, 20])).values == [0, 1, 12, 3, 4, 25])
        #expect(try run(.scatter(.add, axis: 0), x, vector([], .int64), tensor([0, 3], [])) == x)
        let flags = vector([0, 1], .bool)
        #expect(
            try run(.scatter(.add, axis: 0), flags, vector([0, 1], .int64), vector([1, 1], .bool)).values == [1, 1])
    }

    @Test func gathersAndScattersElements() throws {
        let indices = tensor([2, 2], [2, 0, 1, 1], .int64)
        #expect(try run(.gatherElements(axis: 1), x, indices) == tensor([2, 2], [2, 0, 4, 4]))
        let updates = tensor([2, 2], [10, 20, 30, 40])
        #expect(
            try run(.scatterElements(.add, axis: 1), x, indices, updates).values == [20, 1, 12, 3, 74, 5])
        #expect(
            try run(.scatterElements(.replace, axis: 1), x, indices, updates).values == [20, 1, 10, 3, 40, 5])
    }

    @Test(arguments: [-1, 3, 0x1p40])
    func anIndexOutsideIsAnError(_ index: Double) {
        let bad = vector([0, index], .int64)
        #expect(throws: TensorError("gather: index \(Int(index)) is outside 0..<3, axis 1 of [2, 3]")) {
            try run(.gather(axis: 1), x, bad)
        }
        #expect(throws: TensorError("scatter: index \(Int(index)) is outside 0..<3, axis 1 of [2, 3]")) {
            try run(.scatter(.add, axis: 1), x, bad, tensor([2, 2], [1, 1, 1, 1]))
        }
        let column = tensor([2, 1], [0, index], .int64)
        #expect(throws: TensorError("gatherElements: index \(Int(index)) is outside 0..<3, axis 1 of [2, 3]")) {
            try run(.gatherElements(axis: 1), x, column)
        }
        #expect(throws: TensorError("scatterElements: index \(Int(index)) is outside 0..<3, axis 1 of [2, 3]")) {
            try run(.scatterElements(.add, axis: 1), x, column, tensor([2, 1], [1, 1]))
        }
    }

    @Test func blocksMoveInward() throws {
        #expect(try run(.dynamicSlice(sizes: [1, 2]), x, vector([1, 1], .int64)) == tensor([1, 2], [4, 5]))
        #expect(try run(.dynamicSlice(sizes: [1, 2]), x, vector([9, 2], .int64)) == tensor([1, 2], [4, 5]))
        #expect(try run(.dynamicSlice(sizes: [1, 2]), x, vector([-4, -1], .int64)) == tensor([1, 2], [0, 1]))
        #expect(try run(.dynamicSlice(sizes: []), scalar(5), vector([], .int64)) == scalar(5))
        #expect(
            try run(.dynamicUpdate, x, tensor([1, 2], [8, 9]), vector([5, 0], .int64)).values == [0, 1, 2, 8, 9, 5])
    }

    @Test func sortsStablyWithNaNLast() throws {
        let y = vector([3, .nan, 1, 3, -.infinity, .nan, 1])
        #expect(try run(.argSort(axis: 0, descending: false), y).values == [4, 2, 6, 0, 3, 1, 5])
        #expect(try run(.argSort(axis: 0, descending: true), y).values == [0, 3, 2, 6, 4, 1, 5])
        let sorted = try run(.sort(axis: 0, descending: true), y).values
        #expect(sorted.prefix(5) == [3, 3, 1, 1, -.infinity] && sorted[5].isNaN && sorted[6].isNaN)
        #expect(try run(.sort(axis: 0, descending: true), x).values == [3, 4, 5, 0, 1, 2])
        #expect(try run(.sort(axis: 1, descending: false), tensor([2, 0], [])).values == [])
        #expect(try run(.sort(axis: 0, descending: false), vector([2, -5, 0], .int64)).values == [-5, 0, 2])
    }
}
