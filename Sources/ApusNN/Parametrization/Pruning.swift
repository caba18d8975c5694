/// How many elements or slices are pruned: a part of those that are left, or a number of them.
public enum PruningAmount: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    case fraction(Double)
    case count(Int)

    public init(floatLiteral value: Double) { self = .fraction(value) }
    public init(integerLiteral value: Int) { self = .count(value) }

    func of(_ total: Int) -> Int {
        switch self {
        case .count(let count):
            precondition((0...total).contains(count), "pruning: \(count) of \(total)")
            return count
        case .fraction(let part):
            precondition((0...1).contains(part), "pruning: the part \(part) is not in 0...1")
            return Int((part * Double(total)).rounded(.toNearestOrEven))
        }
    }
}

/// What is pruned.
public enum PruningMethod: Sendable {
    /// Single elements, at random.
    case random
    /// The elements nearest to 0.
    case smallest
    /// Slices of an axis, at random.
    case randomSlices(axis: Int)
    /// The slices of an axis with the smallest norms of an order.
    case smallestSlices(axis: Int, order: Double)
    /// What is 0 or false in a mask of the parameter's shape.
    case mask(Tensor)
}

extension ParameterSlot {
    /// Keeps elements of the value at 0: it is the product of `weight_orig`, which is trained and saved in its place, and `weight_mask`.
    ///
    /// Pruning again takes from what is left. Prune before an optimizer is made: it is to have the original.
    public func prune(_ method: PruningMethod, amount: PruningAmount = 0, generator: Generator = .current) {
        let mask = mask(for: method, amount, generator)
        if let pruned = derivation as? PrunedValue { return pruned.mask.wrappedValue = mask }
        precondition(!isDerived, "prune: the parameter is parametrized")
        derivation = PrunedValue(tensor!, mask, isTrainable: isTrainable)
    }

    /// Which elements are left, 1 and 0; nil where nothing was pruned.
    public var pruningMask: Tensor? { (derivation as? PrunedValue)?.mask.wrappedValue }

    /// Makes what was pruned 0 for good: the value is a parameter of its own again.
    public func removePruning() {
        if let pruned = derivation as? PrunedValue { store(pruned.value.evaluated()) }
    }

    private func mask(for method: PruningMethod, _ amount: PruningAmount, _ generator: Generator) -> Tensor {
        let value = (derivation as? PrunedValue)?.original.wrappedValue ?? tensor!
        let old = pruningMask ?? .ones(like: value)
        switch method {
        case .mask(let mask):
            precondition(mask.shape == value.shape, "prune: a mask \(mask.shape) for \(value.shape)")
            return (old * mask.cast(to: value.dtype)).evaluated()
        case .random:
            return prunedSmallest(.uniform(value.shape, generator: generator), keeping: old, amount)
        case .smallest: return prunedSmallest(abs(value), keeping: old, amount)
        case .randomSlices(let axis):
            let count = value.shape[axis < 0 ? axis + value.rank : axis]
            return prunedSlices(.uniform([count], generator: generator), axis, keeping: old, amount)
        case .smallestSlices(let axis, let order):
            let place = axis < 0 ? axis + value.rank : axis
            let others = (0..<value.rank).filter { $0 != place }
            return prunedSlices(value.norm(order: order, axes: others), axis, keeping: old, amount)
        }
    }
}

/// Prunes the elements of several parameters that matter least among all of them (global_unstructured).
///
/// - Parameter method: `.smallest` or `.random`.
public func pruneGlobally(
    _ slots: [ParameterSlot], _ method: PruningMethod = .smallest, amount: PruningAmount,
    generator: Generator = .current
) {
    let values = slots.map { slot in
        (slot.derivation as? PrunedValue)?.original.wrappedValue ?? slot.tensor!
    }
    let masks = zip(slots, values).map { slot, value in (slot.pruningMask ?? .ones(like: value)).flattened() }
    let all = concatenate(values.map { $0.flattened() })
    let importance: Tensor
    switch method {
    case .smallest: importance = abs(all)
    case .random: importance = .uniform(all.shape, generator: generator)
    default: preconditionFailure("pruneGlobally: slices of several parameters cannot be compared")
    }
    let kept = prunedSmallest(importance, keeping: concatenate(masks), amount)
    for ((slot, value), part) in zip(zip(slots, values), kept.split(lengths: values.map(\.elementCount))) {
        slot.prune(.mask(part.reshaped(value.shape)))
    }
}

/// The mask without the least important of the elements that it keeps.
private func prunedSmallest(_ importance: Tensor, keeping mask: Tensor, _ amount: PruningAmount) -> Tensor {
    var kept: [Double] = mask.cast(to: .float64).elements()
    let sizes: [Double] = importance.cast(to: .float64).elements()
    let left = kept.indices.filter { kept[$0] != 0 }
    for index in left.sorted(by: { sizes[$0] < sizes[$1] }).prefix(amount.of(left.count)) { kept[index] = 0 }
    return Tensor(kept, shape: mask.shape, dtype: mask.dtype)
}

/// The mask without the least important of the slices that it does not hide wholly.
private func prunedSlices(
    _ importance: Tensor, _ axis: Int, keeping mask: Tensor, _ amount: PruningAmount
) -> Tensor {
    let place = axis < 0 ? axis + mask.rank : axis
    let others = (0..<mask.rank).filter { $0 != place }
    let slices = prunedSmallest(importance, keeping: mask.max(axes: others), amount)
    var shape = [Int](repeating: 1, count: mask.rank)
    shape[place] = mask.shape[place]
    return (mask * slices.reshaped(Shape(shape))).evaluated()
}

/// A parameter some of whose elements are kept at 0.
private final class PrunedValue: Derivation {
    let original: Parameter<Tensor>
    let mask: Module.Buffer<Tensor>

    init(_ value: Tensor, _ mask: Tensor, isTrainable: Bool) {
        original = Parameter(wrappedValue: value)
        original.isTrainable = isTrainable
        self.mask = Module.Buffer(wrappedValue: mask)
    }

    var value: Tensor { original.wrappedValue * mask.wrappedValue }

    func assign(_ value: Tensor) { original.wrappedValue = value }

    func members(named name: String) -> [(name: String, member: AnyObject)] {
        [(name + "_orig", original), (name + "_mask", mask)]
    }
}
