import ApusData
import ApusGraph
import ApusReference
import Foundation
import Testing

/// The picture that `Goldens/make_goldens.py` makes with the same formula.
func picture(_ height: Int, _ width: Int, _ channels: Int) -> Image {
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            for c in 0..<channels {
                let edge = x > width / 2 ? 60 : 0
                let value = x * 7 + y * 13 + c * 50 + (x * y) % 11 * 9 + edge
                pixels.append(UInt8(value % 256))
            }
        }
    }
    return Image(width: width, height: height, channels: channels, pixels: pixels)
}

/// Files and values made by `Goldens/make_goldens.py`.
enum Golden {
    struct Values: Decodable {
        let shape: [Int]
        let values: [Float]
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens")

    static func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

    static let all: [String: Values] = {
        let data = try! Data(contentsOf: file("goldens.json"))
        return try! JSONDecoder().decode([String: Values].self, from: data)
    }()

    static func values(_ name: String) throws -> Values { try #require(all[name], "no golden \(name)") }
}

func expectClose(
    _ actual: [Float], _ expected: [Float], within tolerance: Float, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, sourceLocation: sourceLocation)
    let worst = zip(actual, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(worst <= tolerance, "the largest difference is \(worst)", sourceLocation: sourceLocation)
}

/// Gives `body` an empty folder, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-data-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Expects a `DataError` of a kind, whose message has all of the given parts.
func expectDataError<Result>(
    _ kind: DataError.Kind, mentioning parts: String..., sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Result
) {
    do {
        _ = try body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
    } catch let error as DataError {
        #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
        for part in parts {
            #expect("\(error)".contains(part), "“\(error)” doesn't mention “\(part)”", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("another error: \(error)", sourceLocation: sourceLocation)
    }
}

/// Runs `body` with tensors computed by the reference backend.
func withReferenceBackend<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Engine.withBackend(ReferenceBackend(), body)
}
