import ApusGraph
import ApusReference
import Testing

@Suite struct ReferenceMovementTests {
    private let x = counting([2, 3])

    @Test func iotaCountsAlongItsAxis() throws {
        #expect(try run(.iota([2, 3], axis: 0, .int64)).values == [0, 0, 0, 1, 1, 1])
        #expect(try run(.iota([2, 3], axis: 1, .float32)).values == [0, 1, 2, 0, 1, 2])
        #expect(try run(.iota([3], axis: 0, .bool)).values == [0, 1, 1])
        #expect(try run(.iota([0], axis: 0, .int32)).values == [])
    }

    @Test func reshapesAndTransposes() throws {
        #expect(try run(.reshape([3, 2]), x) == counting([3, 2]))
        #expect(try run(.reshape([]), tensor([1, 1], [4])) == scalar(4))
        #expect(try run(.transpose([1, 0]), x) == tensor([3, 2], [0, 3, 1, 4, 2, 5]))
        let cube = try run(.transpose([2, 0, 1]), counting([2, 2, 3]))
        #expect(cube == tensor([3, 2, 2], [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]))
        #expect(try run(.transpose([]), scalar(1)) == scalar(1))
        #expect(try run(.transpose([1, 0]), tensor([0, 3], [])) == tensor([3, 0], []))
    }

    @Test func broadcasts() throws {
        #expect(try run(.broadcast([2, 2]), scalar(3)) == tensor([2, 2], [3, 3, 3, 3]))
        #expect(try run(.broadcast([2, 3]), tensor([2, 1], [1, 2])).values == [1, 1, 1, 2, 2, 2])
        #expect(try run(.broadcast([2, 2]), vector([1, 2])).values == [1, 2, 1, 2])
        #expect(try run(.broadcast([0, 2]), vector([1, 2])).values == [])
    }

    @Test func slices() throws {
        let ranges = [SliceRange(start: 1, count: 1), SliceRange(start: 2, count: 2, step: -2)]
        #expect(try run(.slice(ranges), x) == tensor([1, 2], [5, 3]))
        #expect(try run(.slice([SliceRange(start: 7, count: 0)]), vector([1])) == vector([]))
        #expect(try run(.slice([]), scalar(2)) == scalar(2))
    }

    @Test func pads() throws {
        #expect(
            try run(.pad(low: [1, 0], high: [0, 2]), x, scalar(9))
                == tensor([3, 5], [9, 9, 9, 9, 9, 0, 1, 2, 9, 9, 3, 4, 5, 9, 9]))
        #expect(try run(.pad(low: [1], high: [1]), vector([], .int32), scalar(7, .int32)).values == [7, 7])
        #expect(try run(.pad(low: [], high: []), scalar(1), scalar(2)) == scalar(1))
    }

    @Test func reversesAndConcatenates() throws {
        #expect(try run(.reverse(axes: [1]), x).values == [2, 1, 0, 5, 4, 3])
        #expect(try run(.reverse(axes: [0, 1]), x).values == [5, 4, 3, 2, 1, 0])
        #expect(
            try run(.concatenate(axis: 1), x, tensor([2, 0], []), tensor([2, 1], [8, 9]))
                == tensor([2, 4], [0, 1, 2, 8, 3, 4, 5, 9]))
        #expect(try run(.concatenate(axis: 0), vector([1], .bool), vector([0, 1], .bool)).values == [1, 0, 1])
    }
}
