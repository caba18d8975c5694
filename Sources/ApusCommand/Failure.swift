import ApusGallery
import ArgumentParser
import Foundation

/// Why a command ends without having done what it was asked.
struct Failure {
    private let error: any Error
    private let isJSON: Bool

    init(_ error: any Error, isJSON: Bool) {
        self.error = error
        self.isJSON = isJSON
    }

    /// Says what is wrong on standard error, for programs on standard output too, and ends the process.
    ///
    /// Usage errors and requests for help are the parser's: it exits with 64 and 0.
    func exit() -> Never {
        let code = RootCommand.exitCode(for: error)
        let isUsage = code == .validationFailure
        if isJSON, code != .success, !(error is ExitCode) {
            CommandOutput(isJSON: true).emit("error", ErrorEvent(message: message, status: code.rawValue))
        }
        if isUsage || code == .success || error is ExitCode { RootCommand.exit(withError: error) }
        FileHandle.standardError.write(Data("apus: \(message)\n".utf8))
        Foundation.exit(code.rawValue)
    }

    private var message: String {
        let text = RootCommand.message(for: error)
        return text.isEmpty ? "\(error)" : text
    }
}

private struct ErrorEvent: Encodable, Sendable {
    let message: String
    let status: Int32
}
