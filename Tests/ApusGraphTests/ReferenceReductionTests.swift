import ApusGraph
import ApusReference
import Foundation
import Testing

@Suite struct ReferenceReductionTests {
    @Test func reducesAnyAxes() throws {
        let x = counting([2, 3, 2])
        #expect(try run(.reduce(.sum, axes: [1]), x) == tensor([2, 2], [6, 9, 24, 27]))
        #expect(try run(.reduce(.sum, axes: [0, 2]), x) == vector([14, 22, 30]))
        #expect(try run(.reduce(.sum, axes: [0, 1, 2]), x) == scalar(66))
        #expect(try run(.reduce(.product, axes: [0]), x).values == [0, 7, 16, 27, 40, 55])
        #expect(try run(.reduce(.maximum, axes: [1]), x).values == [4, 5, 10, 11])
        #expect(try run(.reduce(.minimum, axes: [0]), x).values == [0, 1, 2, 3, 4, 5])
        #expect(try run(.reduce(.sum, axes: []), scalar(5)) == scalar(5))
    }

    @Test func nothingGivesTheIdentity() throws {
        let none = tensor([0, 2], [])
        #expect(try run(.reduce(.sum, axes: [0]), none).values == [0, 0])
        #expect(try run(.reduce(.product, axes: [0]), none).values == [1, 1])
        #expect(try run(.reduce(.maximum, axes: [0]), none).values == [-.infinity, -.infinity])
        #expect(try run(.reduce(.minimum, axes: [0, 1]), none).values == [.infinity])
        #expect(try run(.reduce(.sum, axes: [1]), none).values == [])
        #expect(try run(.reduce(.maximum, axes: [0]), vector([], .int32)).values == [-2_147_483_648])
        #expect(try run(.reduce(.minimum, axes: [0]), vector([], .uint8)).values == [255])
        #expect(try run(.reduce(.maximum, axes: [0]), vector([], .bool)).values == [0])
        #expect(try run(.reduce(.minimum, axes: [0]), vector([], .bool)).values == [1])
    }

    @Test func anyAndAll() throws {
        let x = tensor([2, 2], [1, 0, 1, 1], .bool)
        #expect(try run(.reduce(.maximum, axes: [1]), x).values == [1, 1])
        #expect(try run(.reduce(.minimum, axes: [1]), x).values == [0, 1])
    }

    @Test func sumsAreWideAndWrapOnce() throws {
        let many = [Double](repeating: 1, count: 4096)
        #expect(try run(.reduce(.sum, axes: [0]), vector(many, .float16)).values == [4096])
        #expect(try run(.reduce(.sum, axes: [0]), vector([200, 100], .uint8)).values == [44])
        #expect(try run(.reduce(.maximum, axes: [0]), vector([1, .nan, 3])).values[0].isNaN)
    }

    @Test func indicesOfExtremes() throws {
        let x = tensor([2, 4], [1, 5, 5, 0, 2, .nan, 9, .nan])
        #expect(try run(.argReduce(.maximum, axis: 1), x) == vector([1, 1], .int64))
        #expect(try run(.argReduce(.minimum, axis: 1), x) == vector([3, 1], .int64))
        #expect(try run(.argReduce(.maximum, axis: 0), x) == vector([1, 1, 1, 1], .int64))
        #expect(try run(.argReduce(.maximum, axis: 1), tensor([0, 4], [])).values == [])
    }

    @Test func scans() throws {
        let x = tensor([2, 3], [1, 2, 3, 4, 5, 6])
        #expect(try run(.scan(.sum, axis: 1, reverse: false), x).values == [1, 3, 6, 4, 9, 15])
        #expect(try run(.scan(.sum, axis: 1, reverse: true), x).values == [6, 5, 3, 15, 11, 6])
        #expect(try run(.scan(.product, axis: 0, reverse: false), x).values == [1, 2, 3, 4, 10, 18])
        #expect(try run(.scan(.maximum, axis: 0, reverse: false), vector([2, 1, 3])).values == [2, 2, 3])
        #expect(try run(.scan(.minimum, axis: 0, reverse: true), vector([2, 1, 3])).values == [1, 1, 3])
        #expect(try run(.scan(.sum, axis: 0, reverse: false), vector([0, 1, 1], .bool)).values == [0, 1, 1])
        #expect(try run(.scan(.sum, axis: 0, reverse: false), tensor([0, 3], [])).values == [])
    }

    @Test func softmaxSumsToOneAndDoesNotOverflow() throws {
        let x = tensor([2, 2], [1000, 1000, 0, log(3)], .float64)
        let y = try run(.softmax(axis: 1), x).values
        let expected = [0.5, 0.5, 0.25, 0.75]
        #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 1e-15 })
        let z = try run(.logSoftmax(axis: 1), x).values
        #expect(zip(z, expected).allSatisfy { abs($0 - log($1)) < 1e-14 })
        #expect(try run(.softmax(axis: 0), tensor([1, 2], [7, -.infinity])).values[0] == 1)
        #expect(try run(.softmax(axis: 0), tensor([0, 2], [])).values == [])
    }
}
