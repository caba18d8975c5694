import ApusGraph
import Foundation
import Testing

@Suite struct ShapeTests {
    @Test(
        arguments: [
            ([2, 3], [2, 3], [2, 3]), ([], [4], [4]), ([], [], []), ([3], [2, 3], [2, 3]), ([2, 1], [1, 3], [2, 3]),
            ([1], [0], [0]), ([0, 1], [5], [0, 5]), ([5, 1, 4, 1], [3, 1, 2], [5, 3, 4, 2]),
        ] as [(Shape, Shape, Shape)])
    func broadcasts(_ a: Shape, _ b: Shape, _ expected: Shape) {
        #expect(a.broadcast(with: b) == expected)
        #expect(b.broadcast(with: a) == expected)
    }

    @Test(arguments: [([2], [3]), ([0], [2]), ([2, 3], [2]), ([4, 1, 2], [4, 3, 3])] as [(Shape, Shape)])
    func doesNotBroadcast(_ a: Shape, _ b: Shape) {
        #expect(a.broadcast(with: b) == nil)
        #expect(b.broadcast(with: a) == nil)
    }

    @Test func stridesAreRowMajor() {
        #expect(Shape([2, 3, 4]).strides == [12, 4, 1])
        #expect(Shape([7]).strides == [1])
        #expect(Shape([]).strides == [])
        #expect(Shape([2, 0, 3]).strides == [0, 3, 1])
    }

    @Test func elementCounts() {
        #expect(Shape([]).elementCount == 1)
        #expect(Shape([3, 0]).elementCount == 0)
        #expect(Shape([3, 5]).elementCount == 15)
        #expect(TensorType([3, 5], .float16).byteCount == 30)
    }

    @Test func axesGoOrStayAsOne() {
        #expect(Shape([2, 3, 4]).removing(axes: [0, 2]) == [3])
        #expect(Shape([2, 3, 4]).keeping(axes: [0, 2]) == [1, 3, 1])
        #expect(Shape([2]).removing(axes: [0]) == [])
    }

    @Test func isCodedAsAList() throws {
        let data = try JSONEncoder().encode(Shape([2, 0, 3]))
        #expect(String(decoding: data, as: UTF8.self) == "[2,0,3]")
        #expect(try JSONDecoder().decode(Shape.self, from: data) == [2, 0, 3])
    }
}
