/// A table of vectors, looked up by index.
///
/// - Input: integers in `0 ..< count`, of any shape. Output: `(…, features)`. An index outside is an error when the result is evaluated.
/// - Parameter: `weight (count, features)`, normal at first.
public final class Embedding: Module, Layer {
    @Parameter public var weight: Tensor
    /// The row that stands for padding: zeros at first, and never trained.
    public let paddingIndex: Int?

    /// - Parameter paddingIndex: negative ones count from the end.
    public init(_ count: Int, _ features: Int, paddingIndex: Int? = nil, generator: Generator = .current) {
        let padding = paddingIndex.map { $0 < 0 ? $0 + count : $0 }
        precondition(padding.map((0..<count).contains) ?? true, "Embedding: padding index \(paddingIndex!) of \(count)")
        self.paddingIndex = padding
        let table = Tensor.normal([count, features], generator: generator)
        weight = padding.map { `where`(Tensor.range(count).expandingDims(1) .== $0, 0, table) } ?? table
    }

    public func callAsFunction(_ indices: Tensor) -> Tensor {
        traced(indices) {
            let rows = weight.gathered(indices)
            guard let paddingIndex else { return rows }
            return `where`((indices .== paddingIndex).expandingDims(-1), stopGradient(rows), rows)
        }
    }
}
