extension Module: Stateful {
    /// All parameters and buffers, what of them is trained, and the modes of all modules.
    public var compiledState: CompiledState {
        var (slots, traits, path) = ([Slot](), [Int](), [Module]())
        collect(&slots, &traits, &path)
        return CompiledState(slots, traits: traits)
    }

    /// A walk without names, which cost more than the rest of it: `walk` has them.
    private func collect(_ slots: inout [Slot], _ traits: inout [Int], _ path: inout [Module]) {
        guard !path.contains(where: { $0 === self }) else { return }
        path.append(self)
        traits.append(isTraining ? 1 : 0)
        forEachMember { _, member in Self.take(member, &slots, &traits, &path) }
        path.removeLast()
    }

    private static func take(
        _ member: AnyObject, _ slots: inout [Slot], _ traits: inout [Int], _ path: inout [Module]
    ) {
        if let slot = member as? Slot {
            if let derivation = slot.derivation {
                return derivation.members(named: "").forEach { take($0.member, &slots, &traits, &path) }
            }
            guard slot.tensor != nil else { return }
            slots.append(slot)
            traits.append(slot.isTrained ? 1 : 0)
        } else if let module = member as? Module {
            module.collect(&slots, &traits, &path)
        }
    }
}

extension Slot: TensorHolder {
    package var contents: [String: Tensor] {
        get { tensor.map { ["": $0] } ?? [:] }
        set { tensor = newValue[""] }
    }

    package func append(to tensors: inout [Tensor]) {
        if let tensor { tensors.append(tensor) }
    }

    package func empty() { tensor = nil }

    package func put(_ tensors: ArraySlice<Tensor>) { tensor = tensors.first }
}
