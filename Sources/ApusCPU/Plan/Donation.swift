import ApusGraph

/// Lets a region write a result over an operand that dies in it: less memory, and what is written is in cache already. A copy that is
/// made to be changed in place, as scattering does, needs no memory of its own either where nobody reads the original again.
///
/// Operands are values in the arena, and inputs of the program that nobody else can see, such as the parameters that an
/// optimizer's step replaces.
enum Donation {
    static func apply(to steps: inout [any Step], storages: inout [Storage], outputs: inout [StorageID]) {
        var lastUse = [Int](repeating: -1, count: storages.count)
        var writeCount = [Int](repeating: 0, count: storages.count)
        var firstWrite = [Int](repeating: Int.max, count: storages.count)
        for (index, step) in steps.enumerated() {
            for id in step.reads + step.writes { lastUse[id] = index }
            for id in step.writes {
                writeCount[id] += 1
                firstWrite[id] = min(firstWrite[id], index)
            }
        }
        for id in outputs { lastUse[id] = Int.max }

        var renamed = Array(storages.indices)
        var needless: Set<Int> = []
        for (index, step) in steps.enumerated() {
            if let copy = step as? CopyStep {
                let (from, to) = (renamed[copy.from.storage], copy.to.storage)
                guard storages[from].kind == .arena || storages[from].mayBeOverwritten, lastUse[from] == index,
                    firstWrite[to] == index, copy.from.covers(storages[from]), copy.to.covers(storages[to])
                else { continue }
                needless.insert(index)
                renamed[to] = from
                if storages[from].kind == .arena { storages[from].kind = storages[to].kind }
                lastUse[from] = lastUse[to]
                continue
            }
            guard let region = step as? RegionStep else { continue }
            var taken: Set<StorageID> = []
            let readCounts = region.reads.reduce(into: [StorageID: Int]()) { $0[renamed[$1], default: 0] += 1 }
            for store in region.stores where writeCount[store.storage] == 1 {
                let donors = region.loads.filter { load in
                    let id = renamed[load.view.storage]
                    return (storages[id].kind == .arena || storages[id].mayBeOverwritten) && lastUse[id] == index
                        && readCounts[id] == 1 && !taken.contains(id) && load.view.offset == 0
                        && storages[id].byteCount == storages[store.storage].byteCount
                        && load.view.dtype.byteCount == store.elementSize && region.isDense(load)
                }
                // An output takes an input's place before one in the arena; what is read after the store would be copied first.
                let isOutput = storages[store.storage].kind == .output
                let donor = donors.min { a, b in
                    func cost(_ load: RegionStep.Load) -> Int {
                        let isInput = storages[renamed[load.view.storage]].mayBeOverwritten
                        return (isInput == isOutput ? 0 : 2) + (region.reads(load, after: store) ? 1 : 0)
                    }
                    return cost(a) < cost(b)
                }
                guard let donor else { continue }
                let id = renamed[donor.view.storage]
                taken.insert(id)
                renamed[store.storage] = id
                if storages[id].kind == .arena { storages[id].kind = storages[store.storage].kind }
                lastUse[id] = lastUse[store.storage]
            }
        }
        steps = steps.enumerated().filter { !needless.contains($0.offset) }.map { $0.element.renaming { renamed[$0] } }
        outputs = outputs.map { renamed[$0] }
    }
}

extension View {
    /// Whether this is the whole of a storage, dense and in order.
    fileprivate func covers(_ storage: Storage) -> Bool {
        offset == 0 && isContiguous && elementCount * dtype.byteCount == storage.byteCount
    }
}

extension RegionStep {
    /// Whether a load walks its memory densely in the region's order.
    fileprivate func isDense(_ load: Load) -> Bool {
        var expected = 1
        for axis in shape.indices.reversed() where shape[axis] != 1 {
            guard load.view.strides[axis] == expected else { return false }
            expected *= shape[axis]
        }
        return true
    }

    /// Whether a loaded value is needed after a store's value has been computed.
    fileprivate func reads(_ load: Load, after store: Store) -> Bool {
        let register = Int32(load.register)
        let made = instructions.lastIndex { $0.out == store.register } ?? -1
        return instructions[(made + 1)...].contains { $0.a == register || $0.b == register || $0.c == register }
            || stores.contains { $0.register == load.register } || reductions.contains { $0.register == load.register }
    }
}
