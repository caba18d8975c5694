import ApusGraph
import ApusReference
import Testing

@Suite struct ReferenceContractionTests {
    @Test func multipliesMatrices() throws {
        #expect(
            try run(.matmul, counting([2, 3]), counting([3, 2])) == tensor([2, 2], [10, 13, 28, 40]))
        #expect(
            try run(.matmul, counting([2, 1, 2]), counting([2, 2, 2])).values == [2, 3, 26, 31])
        #expect(try run(.matmul, tensor([2, 0], []), tensor([0, 1], [])) == tensor([2, 1], [0, 0]))
        #expect(try run(.matmul, tensor([0, 3], []), counting([3, 2])) == tensor([0, 2], []))
    }

    @Test func convolvesOneAndThreeAxes() throws {
        let line = Convolution(stride: [1], paddingLow: [0], paddingHigh: [0], dilation: [1])
        let ones = tensor([3, 2, 2], [Double](repeating: 1, count: 12))
        #expect(
            try run(.convolution(line), counting([1, 2, 4]), ones)
                == tensor([1, 3, 3], [10, 14, 18, 10, 14, 18, 10, 14, 18]))
        let space = Convolution(
            stride: [1, 1, 1], paddingLow: [0, 0, 0], paddingHigh: [0, 0, 0], dilation: [1, 1, 1])
        let cube = tensor([1, 1, 2, 2, 2], [Double](repeating: 1, count: 8))
        #expect(
            try run(.convolution(space), counting([1, 1, 3, 3, 3]), cube).values
                == [52, 60, 76, 84, 124, 132, 148, 156])
    }

    /// Stride (2, 1), padding (1…2, 2…0), dilation (2, 1), 2 groups: the values of PyTorch's `conv2d` and its
    /// gradients.
    private let geometry = Convolution(
        stride: [2, 1], paddingLow: [1, 2], paddingHigh: [2, 0], dilation: [2, 1], groups: 2)
    private let x = tensor([2, 2, 5, 4], (0..<80).map { Double($0 % 7 - 3) })
    private let weight = tensor([4, 1, 2, 3], (0..<24).map { Double($0 % 5 - 2) })
    private let gradient = tensor([2, 4, 3, 4], (0..<96).map { Double($0 % 3 - 1) })

    @Test func convolvesWithEverything() throws {
        let y: [Double] = [
            -2, -2, -1, 14, -4, -3, 10, -6, 0, -2, -7, -3, -1, -4, -5, 1, -1, -5, 3, 9, 2, 3, -5, -5, 0, 0, -1, -4, 0,
            1, 1, 1, 2, 5, 8, -3, 0, 1, 2, 2, 1, 0, 0, -6, -2, -2, -1, 14, 2, -2, -3, -2, 0, -1, 0, -2, 0, 0, -1, -4,
            1, 2, -3, -4, -1, -1, -2, -3, 0, 1, 2, 2, 0, 2, 5, 2, -4, -3, 1, 1, -2, -1, 2, 5, -2, -1, 2, 2, 3, -2, -2,
            -1, 2, -2, -3, -2,
        ]
        #expect(try run(.convolution(geometry), x, weight) == tensor([2, 4, 3, 4], y))
    }

    @Test func gradientByTheInput() throws {
        let expected: [Double] = [
            0, 0, 0, 0, 8, -1, -4, 3, 0, 0, 0, 0, -1, -7, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, -2, -1, 2, -1, 0, 0, 0, 0, -1,
            3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, -1, -4, 3, 0, 0, 0, 0, -1, -7, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, -2, -1, 2,
            -1, 0, 0, 0, 0, -1, 3, 2, 0, 0, 0, 0, 0,
        ]
        #expect(
            try run(.convolutionInputGradient(geometry, inputSize: [5, 4]), gradient, weight)
                == tensor([2, 2, 5, 4], expected))
    }

    @Test func gradientByTheWeight() throws {
        let expected: [Double] = [
            4, -5, -3, -4, -4, 10, 4, -5, -3, -4, -4, 10, 4, 2, -5, -2, -4, -2, 4, 2, -5, -2, -4, -2,
        ]
        #expect(
            try run(.convolutionWeightGradient(geometry, kernelSize: [2, 3]), x, gradient)
                == tensor([4, 1, 2, 3], expected))
    }

    @Test func anEmptyBatch() throws {
        let none = tensor([0, 2, 5, 4], [])
        #expect(try run(.convolution(geometry), none, weight) == tensor([0, 4, 3, 4], []))
        let weightGradient = try run(
            .convolutionWeightGradient(geometry, kernelSize: [2, 3]), none, tensor([0, 4, 3, 4], []))
        #expect(weightGradient.values.allSatisfy { $0 == 0 })
    }
}
