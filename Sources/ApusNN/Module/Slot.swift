@_exported import ApusTensor

/// A place in a module where a tensor lives. Slots have identity: a slot reached by two ways is one.
///
/// Users declare slots with `@Parameter` and `@Buffer`.
public class Slot {
    private var stored: Tensor?
    /// What the value is computed from; nil where it is stored.
    var derivation: (any Derivation)?

    /// The value; nil where an optional parameter is absent.
    public var tensor: Tensor? {
        get { derivation.map(\.value) ?? stored }
        set {
            guard let derivation else { return stored = newValue }
            if let newValue { derivation.assign(newValue) }
        }
    }

    init(_ tensor: Tensor?) { stored = tensor }

    /// Whether training changes the tensor.
    var isTrained: Bool { false }
}

/// The slot of a parameter, whatever its declared type.
public class ParameterSlot: Slot {
    /// Whether gradients are taken by it and optimizers change it.
    public var isTrainable = true

    override var isTrained: Bool { isTrainable }
}

/// What a slot may be declared as: `Tensor` or `Tensor?`.
public protocol SlotValue {
    init(slot: Slot)
    var slotTensor: Tensor? { get }
}

extension Tensor: SlotValue {
    public init(slot: Slot) { self = slot.tensor! }
    /// The tensor itself.
    public var slotTensor: Tensor? { self }
}

extension Optional: SlotValue where Wrapped == Tensor {
    public init(slot: Slot) { self = slot.tensor }
    /// The tensor, nil where the slot is empty.
    public var slotTensor: Tensor? { self }
}

/// A tensor that training changes.
///
/// ```swift
/// final class Scale: Module {
///     @Parameter var factor = Tensor.ones([1])
///     func callAsFunction(_ x: Tensor) -> Tensor { x * factor }
/// }
/// ```
/// `$factor` is the slot itself: the key to its gradient, and where it is frozen. An optional parameter (`Tensor?`) may be absent.
@propertyWrapper
public final class Parameter<Value: SlotValue>: ParameterSlot {
    public init(wrappedValue: Value) { super.init(wrappedValue.slotTensor) }

    /// The slot's tensor, as it was declared.
    public var wrappedValue: Value {
        get { Value(slot: self) }
        set { tensor = newValue.slotTensor }
    }

    /// The slot itself, `$weight`.
    public var projectedValue: Parameter { self }
}

extension Module {
    /// A tensor that belongs to a module's state but is not trained, such as a running mean.
    ///
    /// It is nested in `Module` so that `@Buffer` is found there before `ApusGraph.Buffer`, a value's memory.
    @propertyWrapper
    public final class Buffer<Value: SlotValue>: Slot {
        public init(wrappedValue: Value) { super.init(wrappedValue.slotTensor) }

        override public var tensor: Tensor? {
            didSet { StateChanges.current?.note(self) }
        }

        /// The slot's tensor, as it was declared.
        public var wrappedValue: Value {
            get { Value(slot: self) }
            set { tensor = newValue.slotTensor }
        }

        /// The slot itself, `$runningMean`.
        public var projectedValue: Buffer { self }
    }
}
