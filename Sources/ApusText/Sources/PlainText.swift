import ApusData
import Foundation

/// The text of a file in UTF-8, plain or gzipped, with line breaks as `\n`.
///
/// - Throws: `DataError` naming the file where it is missing, empty, or no text in UTF-8.
public func plainText(contentsOf url: URL) throws -> String {
    let data = try ungzipped(readFile(url))
    guard let text = String(validating: data, as: UTF8.self) else {
        throw DataError(.unrecognized, url.path, "is no text in UTF-8", remedy: "Convert it, for instance with iconv")
    }
    return text.replacingOccurrences(of: "\r\n", with: "\n")
}
