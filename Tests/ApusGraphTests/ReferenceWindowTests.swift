import ApusGraph
import ApusReference
import Testing

@Suite struct ReferenceWindowTests {
    private func pooling(_ kind: PoolingKind, countsPadding: Bool = true) -> Pooling {
        Pooling(
            kind, windowSize: [2, 2], stride: [1, 2], paddingLow: [1, 0], paddingHigh: [0, 1],
            countsPadding: countsPadding)
    }
    private let x = tensor([1, 1, 2, 3], [-1, -2, -3, -4, 5, 5])

    @Test func aMaximumIgnoresPadding() throws {
        #expect(try run(.pool(pooling(.maximum)), x) == tensor([1, 1, 2, 2], [-1, -3, 5, 5]))
        #expect(try run(.pool(pooling(.maximum)), tensor([1, 1, 1, 1], [-7])).values == [-7])
        #expect(throws: TensorError.self) { try run(.pool(pooling(.maximum)), tensor([1, 1, 1, 1], [-7], .int32)) }
    }

    @Test func averagesCountPaddingOrNot() throws {
        #expect(try run(.pool(pooling(.average)), x).values == [-0.75, -0.75, -0.5, 0.5])
        #expect(try run(.pool(pooling(.average, countsPadding: false)), x).values == [-1.5, -3, -0.5, 1])
    }

    @Test func theFirstGreatestTakesTheGradient() throws {
        let pooling = Pooling(
            .maximum, windowSize: [2], stride: [1], paddingLow: [0], paddingHigh: [0])
        let gradient = tensor([1, 1, 3], [1, 10, 100])
        let result = try run(.poolGradient(pooling, inputSize: [4]), gradient, tensor([1, 1, 4], [3, 3, 1, 2]))
        #expect(result.values == [1, 10, 0, 100])
    }

    @Test func averagesShareTheGradient() throws {
        let gradient = tensor([1, 1, 2, 2], [4, 8, 12, 16])
        let counting = try run(.poolGradient(pooling(.average), inputSize: [2, 3]), gradient)
        #expect(counting == tensor([1, 1, 2, 3], [4, 4, 6, 3, 3, 4]))
        let inside = try run(.poolGradient(pooling(.average, countsPadding: false), inputSize: [2, 3]), gradient)
        #expect(inside == tensor([1, 1, 2, 3], [5, 5, 16, 3, 3, 8]))
    }

    @Test func anEmptyBatch() throws {
        #expect(try run(.pool(pooling(.maximum)), tensor([0, 1, 2, 3], [])) == tensor([0, 1, 2, 2], []))
    }
}
