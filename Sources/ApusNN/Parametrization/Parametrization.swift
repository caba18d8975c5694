/// A function that a parameter's value comes from: it may hold the value to a form, such as symmetric or of norm 1.
///
/// ```swift
/// final class Symmetric: Parametrization {
///     override func value(of originals: [Tensor]) -> Tensor {
///         let upper = originals[0].upperTriangle()
///         return upper + originals[0].upperTriangle(offset: 1).T
///     }
/// }
/// layer.$weight.parametrize(Symmetric())
/// ```
/// A parametrization is a module: it may have parameters and buffers of its own.
open class Parametrization: Module {
    /// The value that the originals stand for.
    open func value(of originals: [Tensor]) -> Tensor { fatalError("\(type(of: self)) must override value(of:)") }

    /// Originals that stand for a value; the value itself by default.
    open func originals(of value: Tensor) -> [Tensor] { [value] }
}

extension ParameterSlot {
    /// Has the value computed from originals, which are trained and saved in its place: `parametrizations.weight.original`, or `original0`,
    /// `original1` where there are several. A further parametrization is applied to what the ones before it give.
    ///
    /// Parametrize before an optimizer is made: it is to have the originals.
    public func parametrize(_ parametrization: Parametrization) {
        guard let value = tensor else { preconditionFailure("parametrize: there is no tensor in this slot") }
        if let list = derivation as? ParametrizationList {
            list.append(parametrization)
        } else {
            derivation = ParametrizationList(value, parametrization, isTrainable: isTrainable)
        }
    }

    /// Stores the value, or what stood there before it was parametrized, and lets go of the rest.
    public func removeParametrizations(keepingValue: Bool = true) {
        guard let list = derivation as? ParametrizationList else { return }
        precondition(
            keepingValue || list.originals.count == 1, "removeParametrizations: several originals are no value")
        store(keepingValue ? list.value.evaluated() : list.originals[0].wrappedValue)
    }

    /// What the value passes through, in this order.
    public var parametrizations: [Parametrization] { (derivation as? ParametrizationList)?.parametrizations ?? [] }
}

/// The originals of a value and what they pass through.
private final class ParametrizationList: Derivation {
    let originals: [Parameter<Tensor>]
    private(set) var parametrizations: [Parametrization]

    init(_ value: Tensor, _ first: Parametrization, isTrainable: Bool) {
        originals = first.originals(of: value).map { Parameter(wrappedValue: $0.evaluated()) }
        for original in originals { original.isTrainable = isTrainable }
        parametrizations = [first]
    }

    func append(_ parametrization: Parametrization) {
        let value = value
        parametrizations.append(parametrization)
        assign(value)
    }

    var value: Tensor {
        let first = parametrizations[0].value(of: originals.map(\.wrappedValue))
        return parametrizations.dropFirst().reduce(first) { $1.value(of: [$0]) }
    }

    func assign(_ value: Tensor) {
        var parts = [value]
        for parametrization in parametrizations.reversed() { parts = parametrization.originals(of: parts[0]) }
        for (original, part) in zip(originals, parts) { original.wrappedValue = part.evaluated() }
    }

    func members(named name: String) -> [(name: String, member: AnyObject)] {
        let place = "parametrizations." + name + "."
        let slots = originals.enumerated().map { index, slot -> (name: String, member: AnyObject) in
            (place + (originals.count == 1 ? "original" : "original\(index)"), slot)
        }
        return slots + parametrizations.enumerated().map { (place + String($0.offset), $0.element) }
    }
}
