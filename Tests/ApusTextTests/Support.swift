import ApusData
import ApusTensor
import Foundation
import Testing

/// Gives `body` an empty folder, which is removed afterwards.
@discardableResult
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-text-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Reads damaged copies of a file. Each must be read or refused with a `DataError`, never end the process.
func fuzz(_ bytes: [UInt8], rounds: Int = 500, seed: UInt64, _ read: (Data) throws -> Void) throws {
    var generator = Generator(seed: seed)
    for _ in 0..<rounds {
        var damaged = bytes
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: damaged.removeLast(Int.random(in: 1...damaged.count, using: &generator))
        case 1:
            damaged.insert(
                UInt8.random(in: 0...255, using: &generator), at: damaged.indices.randomElement(using: &generator)!)
        default:
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged[damaged.indices.randomElement(using: &generator)!] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(
                    using: &generator)!
            }
        }
        do { try read(Data(damaged)) } catch is DataError {}
    }
}

extension DataCatalogue {
    /// Whether a data set is in the cache already: a test fetches nothing.
    static func has(_ name: String) -> Bool { standard.list().contains { $0.entry.name == name && $0.isFetched } }
}
