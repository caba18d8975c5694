import Apus

/// Impressions as models take them, in flat arrays: one row each of numbers, of rows in tables, and of what those rows weigh.
package struct ClickColumns: Sendable {
    /// 1 for a click, 0 for none, NaN where it isn't known.
    package var labels: [Float] = []
    /// (n, numbers)
    package var numbers: [Float] = []
    /// (n, slots + cross slots)
    package var rows: [Int32] = []
    /// (n, slots + cross slots): 1 over the count of a bag's values, 0 where there is no value.
    package var weights: [Float] = []

    package var count: Int { labels.count }

    package init() {}

    /// Adds the impressions of other columns of the same schema.
    mutating func append(_ other: ClickColumns) {
        labels += other.labels
        numbers += other.numbers
        rows += other.rows
        weights += other.weights
    }
}

/// Turns impressions into columns.
package struct ClickEncoder: Sendable {
    package let schema: ClickSchema
    private let hashes: [FieldHash]
    private let offsets: [Int]
    private let crossHashes: [FieldHash]
    private let width: Int

    package init(_ schema: ClickSchema) {
        self.schema = schema
        hashes = schema.categories.map { FieldHash(field: $0.name, buckets: $0.buckets) }
        offsets = schema.offsets
        crossHashes = schema.crosses.map { pair in
            FieldHash(
                field: pair.map { schema.categories[$0].name }.joined(separator: "×"), buckets: schema.crossBuckets)
        }
        width = schema.slotCount + schema.crossSlotCount
    }

    /// Adds an impression.
    package func append(_ record: ClickRecord, to columns: inout ClickColumns) {
        columns.labels.append(record.isClick.map { $0 ? 1 : 0 } ?? .nan)
        for (number, value) in zip(schema.numbers, record.numbers) { columns.numbers.append(number.scaled(value)) }
        append(record.categories.map { $0.map { Array($0.utf8)[...] } }, to: &columns)
    }

    /// Adds a line of Criteo's format; a missing category is a value of its own.
    package func append(_ line: CriteoLine, to columns: inout ClickColumns) {
        columns.labels.append(line.isClick.map { $0 ? 1 : 0 } ?? .nan)
        for (number, value) in zip(schema.numbers, line.integers) {
            columns.numbers.append(number.scaled(value.map(Double.init)))
        }
        if schema.crosses.isEmpty {
            for field in line.categories.indices {
                columns.rows.append(Int32(offsets[field] + hashes[field].bucket(of: line.categories[field])))
                columns.weights.append(1)
            }
        } else {
            append(line.categories.map { [$0] }, to: &columns)
        }
    }

    private func append(_ values: [[ArraySlice<UInt8>]], to columns: inout ClickColumns) {
        for (field, category) in schema.categories.enumerated() {
            let taken = values[field].suffix(category.capacity)
            let rows = taken.map { offsets[field] + hashes[field].bucket(of: $0) }
            fill(rows, capacity: category.capacity, &columns)
        }
        for (cross, pair) in schema.crosses.enumerated() {
            let (a, b) = (schema.categories[pair[0]], schema.categories[pair[1]])
            let rows = values[pair[0]].suffix(a.capacity).flatMap { first in
                values[pair[1]].suffix(b.capacity).map { second in
                    schema.rowCount + crossHashes[cross].bucket(of: [first, [0x09], second].joined())
                }
            }
            fill(rows, capacity: a.capacity * b.capacity, &columns)
        }
    }

    private func fill(_ rows: [Int], capacity: Int, _ columns: inout ClickColumns) {
        let weight = 1 / Float(max(1, rows.count))
        for slot in 0..<capacity {
            columns.rows.append(slot < rows.count ? Int32(rows[slot]) : 0)
            columns.weights.append(slot < rows.count ? weight : 0)
        }
    }

    /// Some of the columns' impressions as tensors.
    package func batch(_ columns: ClickColumns, _ indices: some Collection<Int>) -> ClickBatch {
        func taken<Element>(_ values: [Element], _ width: Int) -> [Element] {
            var result: [Element] = []
            result.reserveCapacity(indices.count * width)
            for index in indices { result += values[index * width..<(index + 1) * width] }
            return result
        }
        let (count, numbers) = (indices.count, schema.numbers.count)
        return ClickBatch(
            numbers: Tensor(taken(columns.numbers, numbers), shape: [count, numbers]),
            rows: Tensor(taken(columns.rows, width), shape: [count, width]),
            weights: Tensor(taken(columns.weights, width), shape: [count, width]),
            labels: Tensor(taken(columns.labels, 1), shape: [count]))
    }
}

/// Impressions as tensors.
package struct ClickBatch: Sendable {
    /// (B, numbers)
    package var numbers: Tensor
    /// (B, slots), integers
    package var rows: Tensor
    /// (B, slots)
    package var weights: Tensor
    /// (B)
    package var labels: Tensor

    package var count: Int { labels.shape[0] }

    package init(numbers: Tensor, rows: Tensor, weights: Tensor, labels: Tensor) {
        (self.numbers, self.rows, self.weights, self.labels) = (numbers, rows, weights, labels)
    }
}
