import ApusIO
import ApusReference
import ApusTensor
import Foundation
import Testing

/// A file made by `make-fixtures.py`.
func fixture(_ name: String) -> URL {
    Bundle.module.resourceURL!.appendingPathComponent("Fixtures").appendingPathComponent(name)
}

/// A tensor's values, whatever its dtype.
func values(_ tensor: Tensor) -> [Double] {
    Engine.withBackend(ReferenceBackend.shared) { tensor.elements(as: Double.self) }
}

/// What `make-fixtures.py` puts into an array of `count` elements.
func pattern(_ count: Int, _ dtype: DType, isUnsigned: Bool = false) -> [Double] {
    (0..<count).map { index in
        if dtype == .bool { return Double(index % 2) }
        return Double(index % 7 - (isUnsigned || dtype == .uint8 ? 0 : 3))
    }
}

/// Runs `body` with a new folder, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-io-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

func names(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

/// The bits of a tensor, to compare without a backend.
func bits(_ tensor: Tensor) -> [UInt8] {
    let buffer = tensor.buffer
    return withExtendedLifetime(buffer) { Array(buffer.elements(as: UInt8.self).prefix(tensor.node.type.byteCount)) }
}

/// Expects that `body` throws a `FormatError` whose message has all of `parts`.
func expectFormatError(
    _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("no error", sourceLocation: sourceLocation)
    } catch let error as FormatError {
        for part in parts where !"\(error)".contains(part) {
            Issue.record("\"\(error)\" does not say \"\(part)\"", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("\(error) is no FormatError", sourceLocation: sourceLocation)
    }
}
