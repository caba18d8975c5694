import ApusGraph

/// A plan's memory for many runs: what is bound stays bound until it is bound anew.
struct PlanFrame {
    private let plan: CPUPlan
    private let arena: Buffer
    private var addresses: [UnsafeMutableRawPointer?]
    /// The storages of the plan's inputs.
    private let inputs: [Int: StorageID]

    init(_ plan: CPUPlan) {
        self.plan = plan
        let arena = Buffer(byteCount: plan.arenaSize)
        self.arena = arena
        addresses = plan.storages.map { $0.kind == .arena ? arena.pointer + $0.offset : nil }
        var inputs: [Int: StorageID] = [:]
        for (id, storage) in plan.storages.enumerated() {
            if case .input(let number) = storage.kind { inputs[number] = id }
        }
        self.inputs = inputs
    }

    /// The bytes of an output.
    func byteCount(ofOutput number: Int) -> Int { plan.storages[plan.outputs[number]].byteCount }

    mutating func bind(input number: Int, to address: UnsafeMutableRawPointer) {
        if let id = inputs[number] { addresses[id] = address }
    }

    /// Has an output written to an address, if it has a storage of its own.
    mutating func bind(output number: Int, to address: UnsafeMutableRawPointer) {
        let id = plan.outputs[number]
        if plan.storages[id].kind == .output { addresses[id] = address }
    }

    /// Where an output is after a run: in an input where it is one or was written over it.
    func address(ofOutput number: Int) -> UnsafeMutableRawPointer { addresses[plan.outputs[number]]! }

    mutating func run() throws {
        try addresses.withUnsafeMutableBufferPointer { addresses in
            guard let base = addresses.baseAddress else { return }
            let memory = Memory(addresses: base)
            for step in plan.steps { try step.run(memory) }
        }
    }
}
