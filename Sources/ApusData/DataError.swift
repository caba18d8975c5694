import Foundation

/// Something wrong with data that came from outside: a file, a folder, a package or a data set.
///
/// It names the input, says what is wrong with it, and what to do about it where that is known.
public struct DataError: Error, Hashable, Sendable, CustomStringConvertible, LocalizedError {
    /// What kind of trouble it is, for code that decides by it.
    public enum Kind: Hashable, Sendable {
        /// The file, folder, package or entry isn't there.
        case missing
        /// It is there and holds nothing.
        case empty
        /// It ends too early.
        case truncated
        /// It isn't of the expected format.
        case unrecognized
        /// It is of the expected format but broken inside.
        case corrupt
        /// It asks for more memory than is allowed.
        case tooLarge
        /// Its parts contradict each other or what was asked for: counts, shapes, classes, labels, checksums.
        case mismatch
        /// It couldn't be written.
        case unwritable
        /// A program that was needed couldn't be run, or failed.
        case toolFailed
    }

    /// What kind of trouble it is.
    public let kind: Kind
    /// The file, folder or name that the error is about.
    public let input: String
    /// What is wrong with the input.
    public let problem: String
    /// What to do about it; nil where that isn't known.
    public let remedy: String?

    public init(_ kind: Kind, _ input: String, _ problem: String, remedy: String? = nil) {
        self.kind = kind
        self.input = input
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String {
        "\(input): \(problem)" + (remedy.map { ". \($0)" } ?? "")
    }

    public var errorDescription: String? { description }

    /// The same error about another input: a decoder knows what is wrong, its caller knows the file's name.
    package func about(_ input: String) -> DataError {
        DataError(kind, input, problem, remedy: remedy)
    }
}

/// The contents of a file that must exist and hold something.
package func readFile(_ url: URL, limit: Int = .max) throws -> Data {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
        throw DataError(.missing, url.path, "no such file", remedy: "Check the path")
    }
    if isFolder.boolValue { throw DataError(.unrecognized, url.path, "is a folder, and a file is expected") }
    let data: Data
    do {
        data = try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
        throw DataError(.missing, url.path, "can't be read: \(error.localizedDescription)", remedy: "Check permissions")
    }
    if data.isEmpty { throw DataError(.empty, url.path, "the file is empty", remedy: "Fetch or copy it again") }
    if data.count > limit { throw DataError(.tooLarge, url.path, "\(data.count) bytes, over the limit of \(limit)") }
    return data
}

/// Writes a file through a temporary one beside it, so that a failure leaves no half-written file.
package func writeFile(_ data: Data, to url: URL) throws {
    do {
        try data.write(to: url, options: .atomic)
    } catch {
        throw DataError(
            .unwritable, url.path, "can't be written: \(error.localizedDescription)",
            remedy: "Check that the folder exists, may be written to and has space left")
    }
}
