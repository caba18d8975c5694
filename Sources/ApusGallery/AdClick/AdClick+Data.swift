import Apus
import Foundation

/// Impressions in the order of time: the past to train on, the days after it to choose by, the last days to measure on.
struct ClickData {
    enum Source {
        /// All of them encoded.
        case columns(ClickColumns, MovieLensClicks)
        /// Read as they are needed.
        case file(CriteoFile)
    }

    /// What messages and reports call it.
    let name: String
    let encoder: ClickEncoder
    let source: Source
    let train: Range<Int>
    let validation: Range<Int>
    let test: Range<Int>

    private init(_ name: String, _ encoder: ClickEncoder, _ source: Source, count: Int) throws {
        guard count >= 100 else {
            throw InputError(name, "has \(count) impressions", remedy: "Give at least 100; thousands are better")
        }
        (self.name, self.encoder, self.source) = (name, encoder, source)
        let (first, second) = (count * 7 / 10, count * 8 / 10)
        (train, validation, test) = (0..<first, first..<second, second..<count)
    }

    /// - Throws: `DataError` naming file and line; `InputError` where there are too few.
    init(_ configuration: AdClick.Configuration, in folder: URL?, output: any SystemOutput) throws {
        let encoder = ClickEncoder(configuration.schema)
        if configuration.schema.kind == .criteo {
            let url = configuration.data.map { URL(fileURLWithPath: $0) } ?? Self.simulatedURL(folder!)
            if configuration.data == nil, !FileManager.default.fileExists(atPath: url.path) {
                try CriteoSimulator(seed: configuration.seed).write(configuration.simulatedLines!, to: url)
            }
            let file = try CriteoFile(url) { output.show($0) }
            let name = configuration.data == nil ? "simulated Criteo format" : url.lastPathComponent
            try self.init(name, encoder, .file(file), count: file.count)
        } else {
            let progress = FetchProgress("movielens-100k", output: output)
            let movieLens = try MovieLens.load(
                from: configuration.data.map { URL(fileURLWithPath: $0) }, progress: progress.receive)
            let clicks = MovieLensClicks(movieLens, configuration.schema)
            var columns = ClickColumns()
            for record in clicks.records { encoder.append(record, to: &columns) }
            let name = configuration.data.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "MovieLens 100k"
            try self.init(name, encoder, .columns(columns, clicks), count: columns.count)
        }
    }

    /// Where simulated lines are kept in a run's folder.
    static func simulatedURL(_ folder: URL) -> URL { folder.appendingPathComponent("simulated.tsv") }

    /// What a path holds.
    ///
    /// - Throws: `InputError` where there is nothing.
    static func kind(of url: URL?, settings: SettingValues) throws -> ClickSchema.Kind {
        guard let url else { return settings.text("simulated-lines") == "0" ? .movielens : .criteo }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw InputError(
                url.path, "no such file or folder",
                remedy: "Give a file of Criteo's format, or a folder with MovieLens 100k in RecBole's files")
        }
        return isFolder.boolValue ? .movielens : .criteo
    }

    /// The batches of a range, in order.
    func forEachBatch(_ range: Range<Int>, size: Int, _ body: (ClickBatch) throws -> Void) throws {
        let next = try batches(range, size: size)
        while let batch = try next() { try body(batch) }
    }

    private func batches(_ range: Range<Int>, size: Int) throws -> () throws -> ClickBatch? {
        switch source {
        case .columns(let columns, _):
            var start = range.lowerBound
            return {
                guard start < range.upperBound else { return nil }
                let end = min(start + size, range.upperBound)
                defer { start = end }
                return encoder.batch(columns, start..<end)
            }
        case .file(let file):
            let lines = try file.lines(range)
            return {
                var columns = ClickColumns()
                while columns.count < size, let line = try lines() { encoder.append(line, to: &columns) }
                return columns.count == 0 ? nil : encoder.batch(columns, 0..<columns.count)
            }
        }
    }

    /// The past in batches: in a new order each epoch where it is in memory, in its own where it is read from a file.
    func trainingBatches(size: Int, seed: UInt64) throws -> ClickBatches {
        let loader: DataLoader<ClickBatch>?
        if case .columns(let columns, _) = source {
            loader = try DataLoader(
                IndexRange(count: train.count), batchSize: min(size, train.count), seed: seed, dropsLast: true,
                prefetchCount: 1
            ) { [encoder] in encoder.batch(columns, $0) }
        } else {
            loader = nil
        }
        return ClickBatches(loader: loader, batchCount: max(1, train.count / size), examplesPerBatch: size) { start in
            try batches(train.lowerBound + start * size..<train.upperBound, size: size)
        }
    }

    /// Whether impressions were clicked.
    func labels(_ range: Range<Int>) throws -> [Bool] {
        if case .columns(let columns, _) = source { return columns.labels[range].map { $0 == 1 } }
        var labels: [Bool] = []
        try forEachBatch(range, size: 4096) { labels += $0.labels.elements(as: Float.self).map { $0 == 1 } }
        return labels
    }

    /// The part of the test period that each of its impressions falls into: days, or twentieths of a file, which knows no time.
    var testPeriods: (name: String, of: [Int]) {
        switch source {
        case .columns(_, let clicks):
            let first = clicks.days[test.lowerBound]
            return ("Day", test.map { clicks.days[$0] - first })
        case .file: return ("Twentieth", test.indices.map { ($0 - test.lowerBound) * 20 / test.count })
        }
    }

    /// Who saw each impression of the test period; nil where it isn't known.
    var testUsers: [Int]? {
        guard case .columns(_, let clicks) = source else { return nil }
        return Array(clicks.users[test])
    }
}

/// The numbers 0 ..< count as a data set.
private struct IndexRange: Dataset {
    let count: Int
    subscript(index: Int) -> Int { index }
}

/// Batches from a loader, or from a file in its order.
struct ClickBatches: BatchSource {
    fileprivate let loader: DataLoader<ClickBatch>?
    let batchCount: Int
    let examplesPerBatch: Int?
    fileprivate let ordered: (_ start: Int) throws -> () throws -> ClickBatch?

    func batches(epoch: Int, from start: Int) -> () throws -> ClickBatch? {
        if let loader { return loader.batches(epoch: epoch, from: start) }
        var next: (() throws -> ClickBatch?)?
        return {
            if next == nil { next = try ordered(start) }
            return try next!()
        }
    }
}
