import Apus
import Foundation

/// A text that a user gives: a file's, or the argument itself.
package struct TextInput: Hashable, Sendable {
    /// What messages and results call it: the file's path, or the text.
    package let name: String
    package let text: String
    /// Whether it was read from a file.
    package let isFile: Bool

    /// - Parameter argument: a file's path, `-` for standard input, or the text itself.
    /// - Throws: `DataError` for a file that is no text, `InputError` for what looks like a path where there is no file.
    package init(_ argument: String) throws {
        name = argument
        guard argument != "-" else {
            let data = FileHandle.standardInput.readDataToEndOfFile()
            guard let text = String(validating: data, as: UTF8.self) else {
                throw InputError("standard input", "is no text in UTF-8", remedy: "Convert it, for instance with iconv")
            }
            (self.text, isFile) = (text, true)
            return
        }
        isFile = FileManager.default.fileExists(atPath: argument)
        guard isFile || !Self.looksLikePath(argument) else {
            throw InputError(
                argument, "no such file", remedy: "Check the path; a text with spaces is taken as it is")
        }
        text = isFile ? try plainText(contentsOf: URL(fileURLWithPath: argument)) : argument
    }

    /// One word with a slash or a file's ending.
    private static func looksLikePath(_ argument: String) -> Bool {
        guard !argument.contains(where: \.isWhitespace) else { return false }
        let endings = ["txt", "tsv", "csv", "md", "gz", "json", "en", "es"]
        return argument.contains("/") || endings.contains((argument as NSString).pathExtension)
    }

    /// The text's lines without empty ones.
    package var lines: [String] {
        text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
