import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// What a file descriptor can show.
public struct Terminal: Sendable {
    /// A standard stream, with its file descriptor as raw value.
    public enum Output: Int32, Sendable {
        case standardOutput = 1
        case standardError = 2
    }

    /// The stream that is written to.
    public let output: Output
    /// Whether a person is looking, and lines can be written over.
    public let isInteractive: Bool
    /// Whether colours are shown; `NO_COLOR` in the environment turns them off.
    public let hasColor: Bool
    /// Whether letters beyond ASCII can be shown.
    public let hasUnicode: Bool

    /// - Parameter environment: `TERM=dumb` means no cursor, `NO_COLOR` (no-color.org) no colour, and `LC_ALL`, `LC_CTYPE`,
    ///   `LANG` name the encoding.
    public init(_ output: Output, environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.init(output, isTerminal: isatty(output.rawValue) != 0, environment: environment)
    }

    package init(_ output: Output, isTerminal: Bool, environment: [String: String]) {
        self.output = output
        isInteractive = isTerminal && environment["TERM"] != "dumb"
        hasColor = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let encoding = locale.lowercased()
        hasUnicode = encoding.contains("utf-8") || encoding.contains("utf8")
    }

    /// Columns, asked anew each time because windows are resized.
    public var width: Int {
        var size = winsize()
        guard ioctl(output.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// One call of `write` for the whole text, so that no half of it is ever seen.
    public func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)[...]
            while !rest.isEmpty {
                let count = Glibc.write(output.rawValue, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno != EINTR { return }
                rest = rest.dropFirst(max(0, count))
            }
        }
    }

    package static let hideCursor = "\u{1B}[?25l"
    package static let showCursor = "\u{1B}[?25h"
    /// Erases from the cursor to the end of the line.
    static let eraseRest = "\u{1B}[K"
}
