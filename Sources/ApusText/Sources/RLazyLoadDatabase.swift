import ApusData
import ApusIO
import Foundation

/// The data sets of an installed package of R: an index (`Rdata.rdx`) that says where each lies in the database (`Rdata.rdb`).
///
/// The index is gzipped; in the database each data set is a 32-bit length followed by a zlib stream.
package struct RLazyLoadDatabase: Sendable {
    private let database: Data
    private let url: URL
    /// Byte ranges in the database.
    private let places: [String: Range<Int>]

    /// - Throws: `DataError` naming the file that is missing or damaged.
    package init(folder: URL) throws {
        let index = folder.appendingPathComponent("Rdata.rdx")
        url = folder.appendingPathComponent("Rdata.rdb")
        database = try readFile(url)
        let variables = try RValue(serialized: ungzipped(readFile(index)), input: index.path)["variables"]
        guard case .list(let values, let names) = variables, values.count == names.count else {
            throw DataError(.corrupt, index.path, "the index lists no variables", remedy: "Fetch or copy it again")
        }
        var places: [String: Range<Int>] = [:]
        for (name, value) in zip(names, values) {
            guard case .integers(let place) = value, place.count == 2, place[0] >= 0, place[1] >= 4,
                place[0] <= database.count - place[1]
            else {
                throw DataError(
                    .mismatch, index.path, "\(name) lies outside of \(url.lastPathComponent)",
                    remedy: "Fetch both files again")
            }
            places[name] = place[0]..<place[0] + place[1]
        }
        self.places = places
    }

    /// The data sets there are, in alphabetical order.
    package var names: [String] { places.keys.sorted() }

    /// A data set.
    ///
    /// - Throws: `DataError` where there is none of this name, or it is damaged.
    package func value(_ name: String) throws -> RValue {
        guard let place = places[name] else {
            throw DataError(
                .missing, url.path, "holds no \(name)", remedy: "There are \(names.joined(separator: ", "))")
        }
        let packed = database[database.startIndex + place.lowerBound + 4..<database.startIndex + place.upperBound]
        let name = "\(url.path) (\(name))"
        do {
            return try RValue(serialized: gunzip(Data(packed), name: name, limit: 1 << 30), input: name)
        } catch let error as FormatError {
            throw DataError(.corrupt, name, error.problem, remedy: "Fetch or copy it again")
        }
    }
}
