import ApusGraph

// Convolutions as sums of matrix products, one for each element of the kernel. Slow and exact: for float64, which oneDNN doesn't have.

extension ProgramBuilder {
    /// One element of the kernel: its index, and where it reads the padded input.
    private struct Tap {
        let index: [Int]
        let ranges: [SliceRange]
    }

    private func taps(_ g: Convolution, _ kernel: [Int], _ output: [Int]) -> [Tap] {
        var indices: [[Int]] = [[]]
        for extent in kernel { indices = indices.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
        return indices.map { index in
            Tap(
                index: index,
                ranges: index.indices.map {
                    SliceRange(start: index[$0] * g.dilation[$0], count: output[$0], step: g.stride[$0])
                })
        }
    }

    private mutating func padded(_ x: Int, _ g: Convolution) -> Int {
        if (g.paddingLow + g.paddingHigh).allSatisfy({ $0 == 0 }) { return x }
        return emit(.pad(low: [0, 0] + g.paddingLow, high: [0, 0] + g.paddingHigh), [x, zero(type(x).dtype)])
    }

    /// A scalar 0: the first index.
    private mutating func zero(_ dtype: DType) -> Int {
        let first = emit(.iota([1], axis: 0, dtype), [])
        return emit(.reshape([]), [first])
    }

    /// `(N, C, padded…) → (N, G, C/G, P)`: what one tap sees.
    private mutating func read(_ x: Int, _ tap: Tap, groups: Int) -> Int {
        let shape = shape(x)
        let whole = [SliceRange(start: 0, count: shape[0]), SliceRange(start: 0, count: shape[1])]
        let seen = emit(.slice(whole + tap.ranges), [x])
        let positions = tap.ranges.reduce(1) { $0 * $1.count }
        return emit(.reshape([shape[0], groups, shape[1] / groups, positions]), [seen])
    }

    /// `(O, C/G, kernel…) → (N, G, O/G, C/G)`: the weights of one tap.
    private mutating func weights(_ weight: Int, _ tap: Tap, groups: Int, batch: Int) -> Int {
        let shape = shape(weight)
        let whole = [SliceRange(start: 0, count: shape[0]), SliceRange(start: 0, count: shape[1])]
        let one = emit(.slice(whole + tap.index.map { SliceRange(start: $0, count: 1) }), [weight])
        let matrix = emit(.reshape([1, groups, shape[0] / groups, shape[1]]), [one])
        return emit(.broadcast([batch, groups, shape[0] / groups, shape[1]]), [matrix])
    }

    private mutating func sum(_ terms: [Int]) -> Int {
        terms.dropFirst().reduce(terms[0]) { emit(.binary(.add), [$0, $1]) }
    }

    mutating func convolutionByMatmul(_ g: Convolution, _ x: Int, _ weight: Int) -> Int {
        let (xShape, wShape) = (shape(x), shape(weight))
        let kernel = Array(wShape.dropFirst(2))
        let output = g.outputSize(input: Array(xShape.dropFirst(2)), kernel: kernel)
        let input = padded(x, g)
        var terms: [Int] = []
        for tap in taps(g, kernel, output) {
            let columns = read(input, tap, groups: g.groups)
            let rows = weights(weight, tap, groups: g.groups, batch: xShape[0])
            terms.append(emit(.matmul, [rows, columns]))  // (N, G, O/G, P)
        }
        return emit(.reshape(Shape([xShape[0], wShape[0]] + output)), [sum(terms)])
    }

    mutating func weightGradientByMatmul(_ g: Convolution, _ kernel: [Int], _ x: Int, _ gradient: Int) -> Int {
        let (xShape, gShape) = (shape(x), shape(gradient))
        let output = Array(gShape.dropFirst(2))
        let (batch, outputs, channels) = (xShape[0], gShape[1], xShape[1])
        let input = padded(x, g)
        let rows = emit(.reshape([batch, g.groups, outputs / g.groups, output.reduce(1, *)]), [gradient])
        var terms: [Int] = []
        for tap in taps(g, kernel, output) {
            let columns = emit(.transpose([0, 1, 3, 2]), [read(input, tap, groups: g.groups)])
            let products = emit(.matmul, [rows, columns])  // (N, G, O/G, C/G)
            let summed = emit(.reduce(.sum, axes: [0]), [products])
            terms.append(emit(.reshape([outputs, channels / g.groups, 1]), [summed]))
        }
        let table = emit(.concatenate(axis: 2), terms)  // (O, C/G, Π kernel)
        return emit(.reshape(Shape([outputs, channels / g.groups] + kernel)), [table])
    }

    mutating func inputGradientByMatmul(_ g: Convolution, _ inputSize: [Int], _ gradient: Int, _ weight: Int) -> Int {
        let (gShape, wShape) = (shape(gradient), shape(weight))
        let (kernel, output) = (Array(wShape.dropFirst(2)), Array(gShape.dropFirst(2)))
        let (batch, channels) = (gShape[0], wShape[1] * g.groups)
        let paddedSize = inputSize.indices.map { inputSize[$0] + g.paddingLow[$0] + g.paddingHigh[$0] }
        let columns = emit(.reshape([batch, g.groups, gShape[1] / g.groups, output.reduce(1, *)]), [gradient])
        var terms: [Int] = []
        for tap in taps(g, kernel, output) {
            let rows = emit(.transpose([0, 1, 3, 2]), [weights(weight, tap, groups: g.groups, batch: batch)])
            let products = emit(.matmul, [rows, columns])  // (N, G, C/G, P)
            let seen = emit(.reshape(Shape([batch, channels] + output)), [products])
            terms.append(writeBack(seen, tap, into: paddedSize))
        }
        let whole = [SliceRange(start: 0, count: batch), SliceRange(start: 0, count: channels)]
        let inner = inputSize.indices.map { SliceRange(start: g.paddingLow[$0], count: inputSize[$0]) }
        return emit(.slice(whole + inner), [sum(terms)])
    }

    /// The transpose of reading: the elements go back to where the tap saw them, zeros elsewhere.
    private mutating func writeBack(_ x: Int, _ tap: Tap, into size: [Int]) -> Int {
        var result = x
        for (axis, range) in tap.ranges.enumerated() where range.step > 1 && range.count > 1 {
            result = spread(result, axis: axis + 2, by: range.step)
        }
        let extents = shape(result)
        let low = tap.ranges.map(\.start)
        let high = size.indices.map { size[$0] - low[$0] - extents[$0 + 2] }
        return emit(.pad(low: [0, 0] + low, high: [0, 0] + high), [result, zero(type(x).dtype)])
    }

    /// Zeros between the elements of an axis: n become (n − 1)·step + 1.
    private mutating func spread(_ x: Int, axis: Int, by step: Int) -> Int {
        var extents = shape(x)
        let n = extents[axis]
        let split = emit(.reshape(Shape(Array(extents[...axis]) + [1] + Array(extents[(axis + 1)...]))), [x])
        let low = [Int](repeating: 0, count: extents.count + 1)
        var high = low
        high[axis + 1] = step - 1
        let padded = emit(.pad(low: low, high: high), [split, zero(type(x).dtype)])
        extents[axis] = n * step
        let merged = emit(.reshape(Shape(extents)), [padded])
        var ranges = extents.map { SliceRange(start: 0, count: $0) }
        ranges[axis].count = (n - 1) * step + 1
        return emit(.slice(ranges), [merged])
    }
}
