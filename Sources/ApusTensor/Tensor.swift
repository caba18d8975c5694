@_exported import ApusGraph

import ApusCPU

/// An n-dimensional array of numbers that is computed when its values are looked at.
///
/// An operation on tensors checks shapes and dtypes, adds a node to a graph and returns at once. Looking at a value
/// (`item()`, `elements()`, printing, saving) computes the part of the graph it needs, once.
///
/// Mathematics is written with free functions and operators (`exp(x)`, `matmul(a, b)`, `softmax(x)`), what asks or rearranges a single
/// tensor is a method (`x.shape`, `x.reshaped(2, 3)`, `x.sum(axes: 0)`). Negative axes count from the last.
///
/// A mistake in shapes or dtypes traps with a message that names the operation, the shapes and the rule; inside `withTensorErrors` it is thrown.
public struct Tensor: Sendable {
    /// Tells the node how long a user can still see it, so that evaluation keeps what will be looked at.
    private final class Holder: Sendable {
        let node: Node
        init(_ node: Node) {
            self.node = node
            node.retainForUser()
        }
        deinit { node.releaseForUser() }
    }

    private var holder: Holder

    /// The node of the graph that this tensor shows.
    public var node: Node { holder.node }

    /// The processor's backend is the default one.
    private static let installBackend: Void = Engine.install(CPUBackend.shared)

    public init(_ node: Node) {
        Self.installBackend
        holder = Holder(node)
    }

    /// An operation on tensors of the right dtypes and shapes.
    init(_ operation: Operation, _ operands: Tensor...) {
        self.init(Node.make(operation, operands.map(\.node)))
    }

    /// The same for one operand, without an array of tensors: nodes are made often.
    init(_ operation: Operation, _ x: Tensor) { self.init(Node.make(operation, [x.node])) }

    /// The same for two.
    init(_ operation: Operation, _ a: Tensor, _ b: Tensor) { self.init(Node.make(operation, [a.node, b.node])) }

    /// The extents, outermost first.
    public var shape: Shape { node.shape }
    /// The type of the elements.
    public var dtype: DType { node.dtype }
    /// The number of dimensions.
    public var rank: Int { shape.rank }
    /// The number of elements.
    public var elementCount: Int { shape.elementCount }

    /// Computes the value now rather than when it is looked at. While a function is compiled nothing is computed.
    @discardableResult
    public func evaluated() -> Tensor {
        if !GraphFunction.isBeingMade { Evaluator.evaluate([node]) }
        return self
    }

    /// The value's memory: dense, row-major.
    public var buffer: Buffer {
        Evaluator.evaluate([node])
        return node.value!
    }
}

/// Computes several tensors at once, sharing what they share. While a function is compiled nothing is computed.
public func evaluate(_ tensors: some Sequence<Tensor>) {
    if !GraphFunction.isBeingMade { Evaluator.evaluate(tensors.map(\.node)) }
}

extension Tensor {
    /// The known value for somebody who overwrites it, and leaves this tensor without one: its own memory where nobody else can see
    /// it, else a copy.
    mutating func surrendered() -> Buffer {
        if isKnownUniquelyReferenced(&holder), let memory = node.surrender() { return memory }
        let value = node.value!
        let copy = Buffer(byteCount: value.byteCount)
        withExtendedLifetime(value) { copy.pointer.copyMemory(from: value.pointer, byteCount: value.byteCount) }
        return copy
    }
}

extension Tensor {
    // MARK: Looking at values

    /// All elements in row-major order, converted to `Element`.
    public func elements<Element: TensorScalar>(as type: Element.Type = Element.self) -> [Element] {
        let value = cast(to: Element.dtype)
        return withExtendedLifetime(value.buffer) { Array($0.elements(as: Element.self).prefix(elementCount)) }
    }

    /// The only element of a tensor of one.
    public func item<Element: TensorScalar>(as type: Element.Type) -> Element {
        guard elementCount == 1 else {
            reportTensorError(TensorError("item: \(shape) has \(elementCount) elements, not one"))
            return Element.zero
        }
        return elements(as: type)[0]
    }

    /// The only element of a tensor of one, as a `Double`.
    public func item() -> Double {
        // The usual loss is read as it is: a cast would be a program of its own.
        dtype == .float32 ? Double(item(as: Float.self)) : item(as: Double.self)
    }
}

/// A Swift number that can be an element of a tensor.
public protocol TensorScalar: Sendable {
    static var dtype: DType { get }
    static var zero: Self { get }
    /// The number itself, in the type that holds it without loss.
    var scalar: Scalar { get }
}

/// A number on its way into a tensor.
public enum Scalar: Hashable, Sendable {
    case float(Double)
    case integer(Int)
    case bool(Bool)
}

extension Float: TensorScalar {
    public static var dtype: DType { .float32 }
    public var scalar: Scalar { .float(Double(self)) }
}
extension Double: TensorScalar {
    public static var dtype: DType { .float64 }
    public var scalar: Scalar { .float(self) }
}
extension Int: TensorScalar {
    public static var dtype: DType { .int64 }
    public var scalar: Scalar { .integer(self) }
}
extension Int32: TensorScalar {
    public static var dtype: DType { .int32 }
    public var scalar: Scalar { .integer(Int(self)) }
}
extension UInt8: TensorScalar {
    public static var dtype: DType { .uint8 }
    public var scalar: Scalar { .integer(Int(self)) }
}
extension Bool: TensorScalar {
    public static var dtype: DType { .bool }
    public static var zero: Bool { false }
    public var scalar: Scalar { .bool(self) }
}
