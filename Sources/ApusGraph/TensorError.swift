import Synchronization

/// A programmer's mistake in the use of an operation. It names the operation, the shapes or dtypes, and the rule broken.
public struct TensorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Names the operation, the shapes or dtypes, and the rule.
    public let message: String

    public init(_ message: String) { self.message = message }

    public var description: String { message }
}

/// Collects the first mistake made inside `withTensorErrors`.
public final class TensorErrorSink: Sendable {
    @TaskLocal public static var current: TensorErrorSink?

    private let first = Mutex<TensorError?>(nil)

    public init() {}

    /// The first mistake, if there was one.
    public var error: TensorError? { first.withLock { $0 } }

    func record(_ error: TensorError) {
        first.withLock { if $0 == nil { $0 = error } }
    }
}

/// Runs `body`; a mistake in the use of a tensor operation inside it is thrown instead of trapping.
///
/// The mistaken operation returns a tensor of zeros, and `body` runs on to its end before the first mistake is thrown,
/// so its own side effects happen. A server wraps the handling of one request in this and survives a bad one.
///
/// - Throws: `TensorError` for the first mistake, or whatever `body` throws.
public func withTensorErrors<Result>(_ body: () throws -> Result) throws -> Result {
    let sink = TensorErrorSink()
    let result = try TensorErrorSink.$current.withValue(sink) { () throws -> Result in
        do {
            return try body()
        } catch {
            throw sink.error ?? error
        }
    }
    if let error = sink.error { throw error }
    return result
}

/// Reports a programmer's mistake: recorded where `withTensorErrors` is in force, a trap elsewhere.
public func reportTensorError(_ error: TensorError, file: StaticString = #file, line: UInt = #line) {
    guard let sink = TensorErrorSink.current else { fatalError(error.message, file: file, line: line) }
    sink.record(error)
}
