import ApusGraph

/// Gives every arena storage its place: storages whose lives overlap don't.
enum Placement {
    /// - Parameter reuses: whether storages whose lives don't overlap may share a place.
    /// - Returns: the storages with their offsets, and the arena's size.
    static func place(_ storages: [Storage], _ steps: [any Step], reuses: Bool) -> (storages: [Storage], size: Int) {
        var result = storages
        var lives: [StorageID: ClosedRange<Int>] = [:]
        for (index, step) in steps.enumerated() {
            for id in step.reads + step.writes where storages[id].kind == .arena {
                lives[id] = lives[id].map { $0.lowerBound...index } ?? index...index
            }
        }

        // Largest first, each at the lowest place that is free for the whole of its life.
        let order = lives.keys.sorted { a, b in
            let (sizeA, sizeB) = (storages[a].byteCount, storages[b].byteCount)
            return sizeA != sizeB ? sizeA > sizeB : a < b
        }
        var placed: [(range: Range<Int>, life: ClosedRange<Int>)] = []  // ascending by range
        var size = 0
        for id in order {
            let bytes = (max(1, storages[id].byteCount) + 63) & ~63
            let life = lives[id]!
            var offset = 0
            for other in placed where !reuses || other.life.overlaps(life) {
                if other.range.lowerBound >= offset + bytes { break }
                offset = max(offset, other.range.upperBound)
            }
            result[id].offset = offset
            size = max(size, offset + bytes)
            let index = placed.firstIndex { $0.range.lowerBound > offset } ?? placed.count
            placed.insert((offset..<(offset + bytes), life), at: index)
        }
        return (result, size)
    }
}
