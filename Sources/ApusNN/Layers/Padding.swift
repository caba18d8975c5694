/// Elements around those of an image, on each of its spatial axes.
///
/// ```swift
/// Pad([(1, 1), (2, 0)], mode: .reflect)    // one row above and below, two columns to the left
/// Pad(3, spatialRank: 2)                   // three zeros on all four sides
/// ```
/// - Input: `(N, C, …)` or `(C, …)`, behind which there are as many axes as widths. Output: the same with larger extents.
public final class Pad: Module, Layer {
    /// How many elements before and behind, for each of the last axes. Constants may have negative widths, which take elements away.
    public let widths: [(before: Int, behind: Int)]
    /// Where the elements come from; nil for constants.
    public let mode: PaddingMode?
    /// The constant.
    public let value: Double

    public init(_ widths: [(before: Int, behind: Int)], value: Double = 0) {
        self.widths = widths
        self.value = value
        mode = nil
    }

    public init(_ widths: [(before: Int, behind: Int)], mode: PaddingMode) {
        self.widths = widths
        self.mode = mode
        value = 0
    }

    /// As many elements on all sides.
    public convenience init(_ width: Int, spatialRank: Int, value: Double = 0) {
        self.init([(before: Int, behind: Int)](repeating: (width, width), count: spatialRank), value: value)
    }

    /// As many elements on all sides.
    public convenience init(_ width: Int, spatialRank: Int, mode: PaddingMode) {
        self.init([(before: Int, behind: Int)](repeating: (width, width), count: spatialRank), mode: mode)
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            guard x.rank > widths.count else {
                reportTensorError(TensorError("Pad: \(widths.count) spatial axes of \(x.shape)"))
                return x
            }
            let all = [(Int, Int)](repeating: (0, 0), count: x.rank - widths.count) + widths.map { ($0, $1) }
            return mode.map { x.padded(all, mode: $0) } ?? x.padded(all, value: value)
        }
    }
}
