import ApusTensor
import ApusTestSupport
import Testing

@Suite("Gradients of several slices of one tensor") struct SlicedGradientTests {
    struct Slice: Sendable {
        let axis: Int
        let range: SliceRange

        init(_ axis: Int, _ start: Int, _ count: Int, _ step: Int = 1) {
            self.axis = axis
            range = SliceRange(start: start, count: count, step: step)
        }
    }

    private static let cuts: [[Slice]] = [
        [Slice(0, 0, 2), Slice(0, 2, 3)],  // all of it
        [Slice(0, 3, 2), Slice(0, 0, 1)],  // with a gap
        [Slice(1, 0, 2), Slice(1, 1, 2)],  // overlapping
        [Slice(1, 2, 1), Slice(1, 2, 1), Slice(1, 0, 1)],  // one twice
        [Slice(0, 0, 2, 2), Slice(0, 4, 1)],  // with a step
        [Slice(0, 4, 2, -1), Slice(0, 0, 1)],  // backward
        [Slice(0, 0, 2), Slice(1, 0, 2)],  // along two axes
        [Slice(0, 0, 0), Slice(0, 1, 2)],  // an empty one
        [Slice(0, 0, 5), Slice(0, 1, 2)],  // a whole one
    ]

    @Test(arguments: cuts)
    func areTheirSum(cut: [Slice]) {
        TestedBackend.reference.run {
            let x = Tensor.normal([5, 3], dtype: .float64, generator: Generator(seed: 5))
            checkGradients(at: [x]) { inputs in
                let parts = cut.map { slice -> Tensor in
                    let range = slice.range
                    let part = inputs[0].sliced(axis: slice.axis, range.start, range.count, step: range.step)
                    return weightedSum(square(part))
                }
                return parts.dropFirst().reduce(parts[0], +)
            }
        }
    }
}
