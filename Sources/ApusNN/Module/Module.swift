/// A part of a model: parameters, buffers and other modules, and a function of them.
///
/// ```swift
/// final class Classifier: Module, Layer {
///     let hidden = Linear(784, 128)
///     let output = Linear(128, 10)
///
///     func callAsFunction(_ x: Tensor) -> Tensor { output(relu(hidden(x))) }
/// }
/// ```
/// - Submodules are plain properties, also in arrays, optionals and dictionaries.
/// - Parameters are declared `@Parameter var weight: Tensor` and buffers `@Buffer var runningMean: Tensor`. A bare `Tensor` property is
///   neither: it is not trained and not saved.
/// - Properties are read anew whenever the module is walked, so they may be replaced at any time.
///
/// Modules are not `Sendable`: one thread trains one model. Two threads may train two.
open class Module {
    /// Whether layers such as dropout and batch normalization behave as in training.
    public internal(set) var isTraining = true

    public init() {}

    /// The name in state dictionaries of a property, or of an element of one, such as `layers.0`. Empty names vanish from the path.
    ///
    /// The default turns camel case to snake case: `runningMean` is `running_mean`. Override it where a checkpoint has other names.
    open func stateName(of property: String) -> String { snakeCased(property) }
}

/// One callable on a single tensor: what `Sequential` is made of.
public protocol Layer: Module {
    func callAsFunction(_ x: Tensor) -> Tensor
}

// MARK: What a module holds

extension Module {
    /// Every parameter once, under its first name, in the order of declaration.
    public var namedParameters: [(name: String, slot: ParameterSlot)] {
        uniqueSlots.compactMap { entry in
            guard let slot = entry.slot as? ParameterSlot else { return nil }
            return (entry.name, slot)
        }
    }

    /// Every parameter once, in the order of declaration.
    public var parameters: [ParameterSlot] { namedParameters.map(\.slot) }

    /// The parameter of this name in this module itself, `lstm.slot(named: "weight_hh_l0")`; one that is derived from others has kept its name.
    public func slot(named name: String) -> ParameterSlot? {
        var pending: [Module] = [self]
        while let module = pending.popLast() {
            var found: ParameterSlot?
            module.forEachMember { property, member in
                let own = module.stateName(of: property)
                if let slot = member as? ParameterSlot, own == name { found = slot }
                // Modules without a name of their own.
                if let part = member as? Module, own.isEmpty { pending.append(part) }
            }
            if let found { return found }
        }
        return nil
    }

    /// Every buffer once, under its first name.
    public var namedBuffers: [(name: String, slot: Slot)] { uniqueSlots.filter { !($0.slot is ParameterSlot) } }

    /// Every buffer once.
    public var buffers: [Slot] { namedBuffers.map(\.slot) }

    /// This module (named "") and all below it, each once, parents first.
    public var namedModules: [(name: String, module: Module)] {
        var seen: Set<ObjectIdentifier> = []
        return walk().modules.filter { seen.insert(ObjectIdentifier($0.module)).inserted }
    }

    /// This module and all below it.
    public var modules: [Module] { namedModules.map(\.module) }

    /// How many numbers the parameters hold.
    public var parameterCount: Int { parameters.reduce(0) { $0 + ($1.tensor?.elementCount ?? 0) } }

    /// Slots that hold a tensor, each once.
    var uniqueSlots: [(name: String, slot: Slot)] {
        var seen: Set<ObjectIdentifier> = []
        return walk().slots.filter { seen.insert(ObjectIdentifier($0.slot)).inserted }
    }
}

// MARK: Modes

extension Module {
    /// Makes every module behave as in training (dropout drops, batch normalization uses the batch's statistics).
    @discardableResult
    public func train(_ isTraining: Bool = true) -> Self {
        for module in modules { module.isTraining = isTraining }
        return self
    }

    /// Makes every module behave as in use.
    @discardableResult
    public func eval() -> Self { train(false) }

    /// Calls `body` while every module behaves as in use, and puts the modes back.
    package func evaluating<Result>(_ body: () throws -> Result) rethrows -> Result {
        let modes = modules.map { ($0, $0.isTraining) }
        eval()
        defer { for (module, mode) in modes { module.isTraining = mode } }
        return try body()
    }

    /// Keeps all parameters as they are: no gradients are taken by them.
    public func freeze() { for parameter in parameters { parameter.isTrainable = false } }

    /// Undoes `freeze`.
    public func unfreeze() { for parameter in parameters { parameter.isTrainable = true } }

    /// Converts floating-point parameters and buffers.
    @discardableResult
    public func cast(to dtype: DType) -> Self {
        for (_, slot) in uniqueSlots {
            guard let tensor = slot.tensor, tensor.dtype.isFloatingPoint else { continue }
            slot.tensor = tensor.cast(to: dtype)
        }
        return self
    }
}
