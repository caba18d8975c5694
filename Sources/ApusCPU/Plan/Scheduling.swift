/// Runs steps early where that frees memory: the gradient of a weight, and the weight's update, as soon as what they read is there,
/// not after the whole backward pass. What they read is then still in a cache, too.
enum Scheduling {
    /// The steps in an order that needs less memory at a time; as they are where there is none.
    static func ordered(_ steps: [any Step], _ storages: [Storage], outputs: [StorageID]) -> [any Step] {
        let accesses = steps.map { Array(Set($0.reads + $0.writes)) }
        var memory = LiveMemory(accesses, storages, outputs: outputs)
        var schedule = Schedule(steps, storageCount: storages.count)
        var order: [Int] = []
        while let step = schedule.next(memory) {
            order.append(step)
            schedule.run(step)
            memory.run(step)
        }
        var given = LiveMemory(accesses, storages, outputs: outputs)
        for step in steps.indices { given.run(step) }
        return memory.greatest < given.greatest ? order.map { steps[$0] } : steps
    }
}

/// How much memory is in use after some of the steps.
private struct LiveMemory {
    /// The storages that each step reads or writes.
    let accesses: [[StorageID]]
    private let byteCounts: [Int]
    /// Storages that are in use to the end.
    private let isKept: [Bool]
    private var isLive: [Bool]
    /// For each storage the steps still to come that read or write it.
    private var uses: [Int]
    private var bytes = 0
    /// The most that was in use at a time, from the first step on.
    private(set) var greatest = 0

    init(_ accesses: [[StorageID]], _ storages: [Storage], outputs: [StorageID]) {
        self.accesses = accesses
        byteCounts = storages.map(\.byteCount)
        var isKept = [Bool](repeating: false, count: storages.count)
        isLive = isKept
        for (id, storage) in storages.enumerated() {
            guard case .input = storage.kind else { continue }
            isLive[id] = true
            isKept[id] = !storage.mayBeOverwritten
        }
        for id in outputs { isKept[id] = true }
        self.isKept = isKept
        uses = [Int](repeating: 0, count: storages.count)
        for ids in accesses { for id in ids { uses[id] += 1 } }
    }

    /// Bytes that a step takes when it begins, and those that it has freed when it ends; perhaps after another step.
    private func change(_ step: Int, after first: Int? = nil) -> (taken: Int, freed: Int) {
        let before = first.map { accesses[$0] } ?? []
        var (taken, freed) = (0, 0)
        for id in accesses[step] {
            let isBefore = before.contains(id)
            if !isLive[id] && !isBefore { taken += byteCounts[id] }
            if uses[id] == (isBefore ? 2 : 1) && !isKept[id] { freed += byteCounts[id] }
        }
        return (taken, freed)
    }

    /// Bytes more, or fewer, that are in use after a step and after those that it alone holds up, where they free memory.
    func growth(_ step: Int, before followers: [Int]) -> Int {
        let own = change(step)
        return followers.reduce(own.taken - own.freed) {
            let (taken, freed) = change($1, after: step)
            return $0 + min(0, taken - freed)
        }
    }

    mutating func run(_ step: Int) {
        let (taken, freed) = change(step)
        greatest = max(greatest, bytes + taken)
        bytes += taken - freed
        for id in accesses[step] {
            isLive[id] = true
            uses[id] -= 1
        }
    }
}

/// Which steps may run next.
private struct Schedule {
    /// For each step those that wait for it, and how many it waits for.
    private var followers: [[Int]]
    private var blockers: [Int]
    /// Ascending.
    private var ready: [Int] = []

    /// A step waits for those before it that write what it reads or writes, or read what it writes.
    init(_ steps: [any Step], storageCount: Int) {
        followers = [[Int]](repeating: [], count: steps.count)
        blockers = [Int](repeating: 0, count: steps.count)
        var writers = [[Int]](repeating: [], count: storageCount)
        var readers = writers
        for (index, step) in steps.enumerated() {
            var needed: Set<Int> = []
            for id in step.reads { needed.formUnion(writers[id]) }
            for id in step.writes { needed.formUnion(writers[id] + readers[id]) }
            for id in step.reads { readers[id].append(index) }
            for id in step.writes { writers[id].append(index) }
            needed.remove(index)
            for step in needed { followers[step].append(index) }
            blockers[index] = needed.count
        }
        ready = blockers.indices.filter { blockers[$0] == 0 }
    }

    /// The first step that makes less memory be in use, or else the first of all; nil when none is left.
    func next(_ memory: LiveMemory) -> Int? {
        ready.first { memory.growth($0, before: released(by: $0)) < 0 } ?? ready.first
    }

    /// The steps that wait for one alone.
    private func released(by step: Int) -> [Int] { followers[step].filter { blockers[$0] == 1 } }

    mutating func run(_ step: Int) {
        ready.remove(at: ready.firstIndex(of: step)!)
        for follower in followers[step] {
            blockers[follower] -= 1
            if blockers[follower] == 0 { ready.append(follower) }
        }
        ready.sort()
    }
}
