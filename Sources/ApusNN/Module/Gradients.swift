/// The gradients of a loss by a model's parameters, by the parameters' slots.
public struct Gradients {
    /// One parameter's part.
    public struct Element {
        /// The parameter's name in the model, `layer1.0.weight`.
        public let name: String
        /// Where the parameter is held.
        public let slot: ParameterSlot
        /// The loss's derivative, of the parameter's shape.
        public var gradient: Tensor
    }

    private var elements: [Element]
    private let places: [ObjectIdentifier: Int]
    /// What belongs to the same step and is worth computing with it: the loss, and what the closure gave beside it.
    package private(set) var companions: [Tensor]
    /// The buffers that the loss changed, whose new values belong to the step too.
    private var buffers: [Slot]

    init(_ elements: [Element], companions: [Tensor] = [], buffers: [Slot] = []) {
        self.elements = elements
        self.companions = companions
        self.buffers = buffers
        places = Dictionary(
            elements.enumerated().map { (ObjectIdentifier($0.element.slot), $0.offset) },
            uniquingKeysWith: { a, _ in a })
    }

    /// The gradient by a parameter, `gradients[model.$weight]`; nil if none was taken by it.
    public subscript(slot: ParameterSlot) -> Tensor? {
        get { places[ObjectIdentifier(slot)].map { elements[$0].gradient } }
        set {
            guard let place = places[ObjectIdentifier(slot)], let newValue else { return }
            elements[place].gradient = newValue
        }
    }

    /// The gradient by the parameter of this name in the model.
    public subscript(name: String) -> Tensor? { elements.first { $0.name == name }?.gradient }

    /// Every gradient changed by a function.
    public func map(_ transform: (Tensor) throws -> Tensor) rethrows -> Gradients {
        var result = self
        for index in elements.indices { result.elements[index].gradient = try transform(elements[index].gradient) }
        return result
    }

    /// `√Σ‖g‖²` over all gradients.
    public var globalNorm: Tensor {
        let squares = elements.map { square($0.gradient).sum() }
        return squares.isEmpty ? Tensor(0.0) : sqrt(stack(squares).sum())
    }

    /// `(Σ|g|ᵖ)^(1/p)` over all gradients, the largest of |g| for ∞.
    public func norm(order p: Double) -> Tensor {
        if p == 2 || elements.isEmpty { return globalNorm }
        return stack(elements.map { $0.gradient.flattened().norm(order: p) }).norm(order: p)
    }

    /// The sums for each parameter; both must be by the same ones.
    public static func + (a: Gradients, b: Gradients) -> Gradients {
        precondition(
            a.elements.map { ObjectIdentifier($0.slot) } == b.elements.map { ObjectIdentifier($0.slot) },
            "Gradients: these are by other parameters than those")
        var result = a
        for index in a.elements.indices {
            result.elements[index].gradient = a.elements[index].gradient + b.elements[index].gradient
        }
        result.companions = a.companions + b.companions
        let known = Set(a.buffers.map(ObjectIdentifier.init))
        result.buffers += b.buffers.filter { !known.contains(ObjectIdentifier($0)) }
        return result
    }

    /// Every gradient times a number.
    public static func * (a: Gradients, factor: Double) -> Gradients { a.map { $0 * factor } }

    /// Adds the gradients of another batch; both must be by the same parameters.
    public static func += (a: inout Gradients, b: Gradients) { a = a + b }

    /// Computes the gradients, and the loss and buffers with them, now.
    @discardableResult
    public func evaluated() -> Gradients {
        evaluate(elements.map(\.gradient) + stepResults)
        return self
    }

    /// Has something else computed with the step: a norm to look at.
    package mutating func attach(_ tensor: Tensor) { companions.append(tensor) }

    /// What one step's evaluation computes beside the new parameters.
    package var stepResults: [Tensor] { companions + buffers.compactMap(\.tensor) }
}

extension Gradients: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> Element { elements[position] }
}

/// The loss of a model and its gradients by all trainable parameters.
///
/// ```swift
/// let (loss, gradients) = valueAndGradients(model) { crossEntropy($0(images), labels) }
/// optimizer.step(gradients)
/// ```
/// - Parameter loss: gives a scalar. While it runs, variables stand in the place of the parameters; they are put back
///   afterwards, also when it throws.
public func valueAndGradients<Model: Module>(
    _ model: Model, _ loss: (Model) throws -> Tensor
) rethrows -> (value: Tensor, gradients: Gradients) {
    let (value, _, gradients) = try valueAndGradients(model) { model in (try loss(model), ()) }
    return (value, gradients)
}

/// The same for a closure that gives something else beside the loss: predictions, metrics.
public func valueAndGradients<Model: Module, Auxiliary>(
    _ model: Model, _ loss: (Model) throws -> (Tensor, Auxiliary)
) rethrows -> (value: Tensor, auxiliary: Auxiliary, gradients: Gradients) {
    let slots = model.uniqueSlots
    let trained = slots.compactMap { entry -> (name: String, slot: ParameterSlot, value: Tensor)? in
        guard let slot = entry.slot as? ParameterSlot, slot.isTrainable, let value = slot.tensor,
            value.dtype.isFloatingPoint
        else { return nil }
        return (entry.name, slot, value)
    }
    // Initial values that are still pending would make the first step's program another one than the second's.
    evaluate(slots.compactMap(\.slot.tensor).filter { $0.node.scope == nil })

    let changes = StateChanges.current ?? StateChanges()
    let (value, auxiliary, gradients) = try StateChanges.$current.withValue(changes) {
        try valueAndGradients(at: trained.map(\.value)) { variables in
            for ((_, slot, _), variable) in zip(trained, variables) { slot.tensor = variable }
            defer { for (_, slot, value) in trained { slot.tensor = value } }
            return try loss(model)
        }
    }
    let elements = zip(trained, gradients).map { Gradients.Element(name: $0.name, slot: $0.slot, gradient: $1) }
    let companions = [value] + tensors(in: auxiliary)
    return (value, auxiliary, Gradients(elements, companions: companions, buffers: changes.slots))
}

/// The tensors in a tensor, an array, a tuple or a struct of them.
func tensors(in value: Any, depth: Int = 0) -> [Tensor] {
    if let tensor = value as? Tensor { return [tensor] }
    guard depth < 3, !(value is any Hashable) else { return [] }
    return Mirror(reflecting: value).children.flatMap { tensors(in: $0.value, depth: depth + 1) }
}
