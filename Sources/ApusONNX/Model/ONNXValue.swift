import ApusNN

/// What an edge of a graph carries.
public enum ONNXValue: Sendable {
    case tensor(Tensor)
    case strings(StringTensor)
    case sequence([ONNXValue])
    /// An optional value that is not there.
    case absent
}

/// An array of strings, in row-major order.
public struct StringTensor: Hashable, Sendable {
    /// The elements in row-major order.
    public let elements: [String]
    /// The extents, outermost first.
    public let shape: Shape

    public init(_ elements: [String], shape: Shape) {
        self.elements = elements
        self.shape = shape
    }
}

/// What a value is declared to be.
public indirect enum ONNXType: Hashable, Sendable {
    /// Extents are nil where they are known only when the model runs, or have a name; no shape where even the rank isn't declared.
    case tensor(ONNXElementType?, shape: [ONNXExtent]?)
    case sequence(ONNXType)
    case optional(ONNXType)
    case undeclared
}

/// An extent of a declared shape.
public enum ONNXExtent: Hashable, Sendable, CustomStringConvertible {
    case fixed(Int)
    /// Equal names stand for equal extents.
    case named(String)
    case unknown

    public var description: String {
        switch self {
        case .fixed(let extent): String(extent)
        case .named(let name): name
        case .unknown: "?"
        }
    }
}

extension ONNXType: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tensor(let element, let shape):
            (element?.description ?? "?")
                + (shape.map { "[" + $0.map(\.description).joined(separator: ", ") + "]" } ?? "")
        case .sequence(let element): "sequence(\(element))"
        case .optional(let element): "optional(\(element))"
        case .undeclared: "?"
        }
    }
}
