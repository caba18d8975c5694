import ApusIO
import Foundation

/// Bytes, unpacked where they are gzipped.
package func ungzipped(_ data: Data) throws -> Data {
    guard data.starts(with: [0x1F, 0x8B]) else { return data }
    do {
        return try gunzip(data)
    } catch let error as FormatError {
        throw DataError(.corrupt, error.file, error.problem, remedy: "Fetch or copy it again")
    }
}
