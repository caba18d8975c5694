import Apus
import Foundation

/// A file of Criteo's format, gone through once to see what is in it, and read again as it is needed.
package struct CriteoFile: Sendable {
    let url: URL
    /// Lines that are sound and have labels.
    package let count: Int
    /// The other ones.
    package let badCount: Int
    /// Where some of the sound lines begin: reading goes on from the last one before what is asked for.
    private let marks: [(index: Int, position: Int, number: Int)]

    private static let markInterval = 1 << 16

    /// - Parameter warn: told once how many lines are left out.
    /// - Throws: `DataError` naming the first bad line where more than one in a hundred is bad.
    package init(_ url: URL, warn: (String) -> Void = { _ in }) throws {
        let reader = try LineReader(contentsOf: url)
        var (sound, bad) = (0, 0)
        var firstProblem: DataError?
        var marks = [(index: 0, position: 0, number: 0)]
        var before = (position: 0, number: 0)
        while let line = try reader.next() {
            if line.bytes.isEmpty { continue }
            if sound == marks.last!.index + Self.markInterval {
                marks.append((sound, before.position, before.number))
            }
            before = (line.end, line.number)
            do {
                _ = try Self.sound(line)
                sound += 1
            } catch let error as DataError {
                bad += 1
                if firstProblem == nil {
                    firstProblem = DataError(
                        error.kind, url.path, "line \(line.number): \(error.problem)", remedy: error.remedy)
                }
            }
        }
        if let firstProblem {
            guard bad * 100 <= sound else { throw firstProblem }
            warn(
                "Left out \(Format.count(bad)) of \(Format.count(sound + bad)) lines, the first of them: \(firstProblem)"
            )
        }
        (self.url, count, badCount, self.marks) = (url, sound, bad, marks)
    }

    /// The sound lines of a range one by one, then nil.
    package func lines(_ range: Range<Int>) throws -> () throws -> CriteoLine? {
        let mark = marks.last { $0.index <= range.lowerBound }!
        let reader = try LineReader(contentsOf: url, from: mark.position, after: mark.number)
        var next = mark.index
        return {
            while next < range.upperBound, let line = try reader.next() {
                guard !line.bytes.isEmpty, let sound = try? Self.sound(line) else { continue }
                next += 1
                if next > range.lowerBound { return sound }
            }
            return nil
        }
    }

    private static func sound(_ line: LineReader.Line) throws -> CriteoLine {
        let parsed = try CriteoLine(line.bytes)
        guard parsed.isClick != nil else {
            throw DataError(.mismatch, "Criteo line", "has no label", remedy: "Train on lines that begin with 0 or 1")
        }
        return parsed
    }
}
