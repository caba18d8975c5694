/// Layers one after the other. Their state names are 0, 1, 2 …
///
/// ```swift
/// let model = Sequential {
///     Conv2d(1, 8, kernelSize: 3)
///     relu
///     Flatten()
///     Linear(5408, 10)
/// }
/// ```
public final class Sequential: Module, Layer {
    /// The layers in the order of their calls.
    public private(set) var layers: [any Layer]

    public init(_ layers: [any Layer]) { self.layers = layers }

    public convenience init(_ layers: any Layer...) { self.init(layers) }

    public convenience init(@SequentialBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

    public override func stateName(of property: String) -> String { String(property.dropFirst("layers.".count)) }

    public func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) } }

    /// Adds a layer behind the last one.
    public func append(_ layer: any Layer) { layers.append(layer) }

    /// The layer at a place, from 0; traps outside of `0 ..< count`.
    public subscript(index: Int) -> any Layer { layers[index] }
    /// How many layers there are.
    public var count: Int { layers.count }
}

/// Collects layers; a function from tensor to tensor counts as one.
@resultBuilder
public enum SequentialBuilder {
    /// One layer.
    public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
    /// Several layers in a row.
    public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
    /// A function, wrapped in a `Lambda`.
    public static func buildExpression(_ function: @escaping (Tensor) -> Tensor) -> [any Layer] { [Lambda(function)] }
    /// The layers of a block in order.
    public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
    /// The layers of an `if` without `else`; none where it does not hold.
    public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
    /// The layers of an `if` that holds.
    public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
    /// The layers of an `else`.
    public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
    /// The layers of a loop, pass after pass.
    public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}

/// A function as a layer.
public final class Lambda: Module, Layer {
    private let function: (Tensor) -> Tensor

    public init(_ function: @escaping (Tensor) -> Tensor) { self.function = function }

    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { function(x) } }
}

/// `x` itself.
public final class Identity: Module, Layer {
    public override init() {}
    public func callAsFunction(_ x: Tensor) -> Tensor { x }
}

/// Axes `first` to `last` (included) as one; all but the batch axis by default.
public final class Flatten: Module, Layer {
    /// The first axis that is joined; 1 by default.
    public let first: Int
    /// The last axis that is joined; −1, the very last, by default.
    public let last: Int

    public init(from first: Int = 1, to last: Int = -1) {
        self.first = first
        self.last = last
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { traced(x) { x.flattened(from: first, to: last) } }
}

/// One axis as several, the inverse of `Flatten`. One extent may be −1.
public final class Unflatten: Module, Layer {
    /// The axis that is split; a negative one counts from the end.
    public let axis: Int
    /// The extents in place of the axis; their product is its extent.
    public let extents: [Int]

    public init(axis: Int, _ extents: [Int]) {
        self.axis = axis
        self.extents = extents
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        traced(x) {
            let place = axis < 0 ? axis + x.rank : axis
            let known = extents.filter { $0 >= 0 }.reduce(1, *)
            let resolved = extents.map { $0 == -1 && known > 0 ? x.shape[place] / known : $0 }
            return x.reshaped(Shape(Array(x.shape[..<place]) + resolved + Array(x.shape[(place + 1)...])))
        }
    }
}
