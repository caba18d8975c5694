import ApusGraph

/// A plan before its memory is placed.
struct Draft {
    var steps: [any Step]
    var storages: [Storage]
    /// For each output of the program its storage.
    var outputs: [StorageID]
    /// Whether it is right only where all that it reads is finite.
    var needsFinite = false

    func finished(_ options: EngineOptions) -> CPUPlan {
        var draft = self
        if options.runs(.scheduling) {
            draft.steps = Scheduling.ordered(draft.steps, draft.storages, outputs: draft.outputs)
        }
        if options.runs(.donation) {
            Donation.apply(to: &draft.steps, storages: &draft.storages, outputs: &draft.outputs)
        }
        let (placed, size) = Placement.place(draft.storages, draft.steps, reuses: options.runs(.placementReuse))
        return CPUPlan(steps: draft.steps, storages: placed, arenaSize: size, outputs: draft.outputs)
    }

    /// The steps that depend on `constants` alone, and the rest, which reads their results as further inputs.
    ///
    /// - Parameter types: of the inputs of the program.
    /// - Returns: with the memories that must be finite; nil where no step depends on the constants alone.
    func split(constants: Set<Int>, types: [TensorType]) -> (once: Draft, rest: Draft, finite: FiniteMemories)? {
        let isConstant = constantSteps(constants)
        let onces = steps.indices.filter { isConstant[$0] }
        let rests = steps.indices.filter { !isConstant[$0] }
        let made = Set(onces.flatMap { steps[$0].writes })
        let kept = Set(rests.flatMap { steps[$0].reads }).intersection(made).sorted()
        if kept.isEmpty { return nil }

        var once = Draft(steps: onces.map { steps[$0] }, storages: storages, outputs: kept)
        var rest = Draft(steps: rests.map { steps[$0] }, storages: storages, outputs: outputs)
        for (number, id) in kept.enumerated() {
            once.storages[id].kind = .output
            rest.storages[id].kind = .input(types.count + number)
        }
        let finite = needsFinite ? FiniteMemories(kept, readBy: rest.steps, constants, types) : FiniteMemories()
        return (once, rest, finite)
    }

    /// For each step whether all that it reads, and all that its results' storages hold, comes from the constants.
    private func constantSteps(_ constants: Set<Int>) -> [Bool] {
        // Constant until something else turns up: a step that writes to a storage that another step fills from
        // elsewhere is not.
        var isConstantStorage = storages.map { storage in
            switch storage.kind {
            case .input(let number): constants.contains(number)
            case .output: false
            case .arena: true
            }
        }
        var isConstant = [Bool](repeating: true, count: steps.count)
        var changed = true
        while changed {
            changed = false
            for (index, step) in steps.enumerated() where isConstant[index] {
                if (step.reads + step.writes).allSatisfy({ isConstantStorage[$0] }) { continue }
                isConstant[index] = false
                changed = true
                for id in step.writes { isConstantStorage[id] = false }
            }
        }
        return isConstant
    }
}
