// Sliding windows as elements of a tensor, and their sum back into an image.

/// The windows of a convolution as columns (im2col): `column[c · k + j, i] = x[c, stride · i + dilation · j − padding]`.
///
/// - Input: `(N, C, …)` with one spatial axis or more. Output: `(N, C · Πkernel, Πpositions)`.
public func unfold(
    _ x: Tensor, _ kernelSize: any SpatialExtent, stride: any SpatialExtent = 1, padding: any SpatialExtent = 0,
    dilation: any SpatialExtent = 1
) -> Tensor {
    guard x.rank >= 3 else { return x.invalid("unfold: \(x.shape) has no spatial axis behind (N, C)") }
    let windows = Windows(
        Array(x.shape.dropFirst(2)), kernelSize: kernelSize, stride: stride, padding: padding, dilation: dilation)
    guard windows.areInside else { return x.invalid("unfold: kernel \(windows.kernelSize) on \(x.shape)") }
    let n = windows.axes.count
    var result = x.padded([(0, 0), (0, 0)] + windows.padding.map { ($0, $0) })
    for axis in windows.axes.reversed() { result = result.gathered(windows.table(axis), axis: axis + 2) }
    // (N, C, k₀, p₀, k₁, p₁, …) → (N, C, k₀, k₁, …, p₀, p₁, …)
    let order = [0, 1] + (0..<n).map { 2 + 2 * $0 } + (0..<n).map { 3 + 2 * $0 }
    let columns = x.shape[1] * windows.kernelSize.reduce(1, *)
    return result.transposed(order).reshaped([x.shape[0], columns, windows.positions.reduce(1, *)])
}

/// The sum of windows into an image (col2im): the transpose of `unfold`, whose arguments it takes.
///
/// - Input: `(N, C · Πkernel, Πpositions)`. Output: `(N, C) + outputSize`.
public func fold(
    _ x: Tensor, outputSize: [Int], _ kernelSize: any SpatialExtent, stride: any SpatialExtent = 1,
    padding: any SpatialExtent = 0, dilation: any SpatialExtent = 1
) -> Tensor {
    let windows = Windows(
        outputSize, kernelSize: kernelSize, stride: stride, padding: padding, dilation: dilation)
    let (n, kernel) = (windows.axes.count, windows.kernelSize.reduce(1, *))
    guard x.rank == 3, windows.areInside, kernel > 0, x.shape[1] % kernel == 0,
        x.shape[2] == windows.positions.reduce(1, *)
    else { return x.invalid("fold: \(x.shape) to \(outputSize) by windows of \(windows.kernelSize)") }
    let channels = x.shape[1] / kernel
    // (N, C, k₀, k₁, …, p₀, p₁, …) → (N, C, k₀, p₀, k₁, p₁, …)
    var result = x.reshaped(Shape([x.shape[0], channels] + windows.kernelSize + windows.positions))
        .transposed([0, 1] + (0..<n).flatMap { [2 + $0, 2 + n + $0] })
    for axis in windows.axes {
        var summed = Shape(Array(result.shape[..<(axis + 2)]) + [outputSize[axis] + 2 * windows.padding[axis]])
        summed.dimensions += result.shape[(axis + 4)...]
        result = Tensor.zeros(summed, dtype: x.dtype).scattered(windows.table(axis), result, axis: axis + 2)
    }
    for axis in windows.axes { result = result.sliced(axis: axis + 2, windows.padding[axis], outputSize[axis]) }
    return result
}

/// Windows over the spatial axes of an image.
private struct Windows {
    let kernelSize: [Int], stride: [Int], padding: [Int], dilation: [Int]
    /// How many windows there are along each axis.
    let positions: [Int]

    init(
        _ size: [Int], kernelSize: any SpatialExtent, stride: any SpatialExtent, padding: any SpatialExtent,
        dilation: any SpatialExtent
    ) {
        let n = size.count
        let geometry = Convolution(
            stride: stride.extents(n), paddingLow: padding.extents(n), paddingHigh: padding.extents(n),
            dilation: dilation.extents(n))
        self.kernelSize = kernelSize.extents(n)
        (self.stride, self.padding, self.dilation) = (geometry.stride, geometry.paddingLow, geometry.dilation)
        positions = geometry.outputSize(input: size, kernel: self.kernelSize)
    }

    var axes: Range<Int> { kernelSize.indices }
    var areInside: Bool { positions.allSatisfy { $0 > 0 } && kernelSize.allSatisfy { $0 > 0 } }

    /// Where in the padded image element k of the window p lies: `(kernel, positions)`.
    func table(_ axis: Int) -> Tensor {
        Tensor.range(kernelSize[axis]).expandingDims(1) * dilation[axis] + Tensor.range(positions[axis]) * stride[axis]
    }
}

extension Tensor {
    /// Windows of `size` elements along `axis`, one every `step`, their elements along a new last axis
    /// (PyTorch's Tensor.unfold; NumPy's sliding_window_view where `step` is 1).
    public func windows(axis: Int, size: Int, step: Int = 1) -> Tensor {
        guard let axis = resolvedAxis("windows", axis) else { return self }
        guard (0...shape[axis]).contains(size), step > 0 else {
            return invalid("windows: of \(size) elements by \(step) on axis \(axis) of \(shape)")
        }
        let table = Tensor.range((shape[axis] - size) / step + 1).expandingDims(1) * step + Tensor.range(size)
        return gathered(table, axis: axis).movingAxis(axis + 1, to: -1)
    }
}
