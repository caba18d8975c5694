/// What a slot's value is computed from, anew at each look.
protocol Derivation: AnyObject {
    /// The value.
    var value: Tensor { get }
    /// Makes this the value, as nearly as it can be.
    func assign(_ value: Tensor)
    /// The slots and modules behind the value, under the names that they have beside a slot of this name.
    func members(named name: String) -> [(name: String, member: AnyObject)]
}

extension ParameterSlot {
    /// Whether the value is computed from other parameters rather than stored.
    public var isDerived: Bool { derivation != nil }

    /// Stores a value, which is a parameter of its own from now on.
    func store(_ value: Tensor) {
        derivation = nil
        tensor = value
    }
}
