import Apus
import Foundation

/// The fields of an impression, and how they become what models take: numbers on a small scale, and rows of tables by hashing.
package struct ClickSchema: Codable, Hashable, Sendable {
    /// The data that the fields are of.
    package enum Kind: String, Codable, Sendable {
        case movielens, criteo
    }

    /// A field of a number.
    package struct Number: Codable, Hashable, Sendable {
        /// How a number is brought to a small scale.
        package enum Scale: String, Codable, Sendable {
            /// `log(1 + x)`, 0 for what is negative or missing, as in DLRM's code.
            case count
            /// `log(x / (1 − x))` of a share between 0 and 1; 0 where it is missing.
            case share
        }
        package var name: String
        package var scale: Scale

        func scaled(_ value: Double?) -> Float {
            guard let value else { return 0 }
            switch scale {
            case .count: return Float(log1p(max(0, value)))
            case .share:
                let share = min(max(value, 1e-3), 1 - 1e-3)
                return Float(log(share / (1 - share)))
            }
        }
    }

    /// A field of one of many values, or of several.
    package struct Category: Codable, Hashable, Sendable {
        package var name: String
        /// How many rows its values are hashed to.
        package var buckets: Int
        /// The most values that count; more than 1 makes a bag, whose vectors are averaged.
        package var capacity = 1
    }

    package var kind: Kind
    package var numbers: [Number]
    /// Those of one value come first.
    package var categories: [Category]
    /// Pairs of categories whose values count together in the wide part, by their places.
    package var crosses: [[Int]] = []
    /// Rows that all crossed values are hashed to.
    package var crossBuckets = 0
}

extension ClickSchema {
    /// MovieLens' fields, with what was known of user and film at the moment.
    static func movieLens(buckets: Int, crossed: Bool) -> ClickSchema {
        let singles = ["user", "film", "gender", "age", "occupation", "zip", "year", "hour", "weekday"]
        let bags = [("genres", 6), ("liked", 20), ("disliked", 20)]
        let categories =
            singles.map { Category(name: $0, buckets: buckets) }
            + bags.map { Category(name: $0.0, buckets: buckets, capacity: $0.1) }
        let schema = ClickSchema(
            kind: .movielens,
            numbers: ["user", "film", "genre"].flatMap {
                [Number(name: $0 + "Views", scale: .count), Number(name: $0 + "ClickRate", scale: .share)]
            }, categories: categories)
        // As in the reference: what one has had with what one is shown.
        let pairs = [("liked", "film"), ("gender", "genres"), ("age", "genres"), ("occupation", "genres")]
        return crossed ? schema.crossing(pairs, buckets: 4 * buckets) : schema
    }

    /// Criteo's 13 counts and 26 categories.
    static func criteo(buckets: Int, crossed: Bool) -> ClickSchema {
        let schema = ClickSchema(
            kind: .criteo, numbers: CriteoLine.integerNames.map { Number(name: $0, scale: .count) },
            categories: CriteoLine.categoryNames.map { Category(name: $0, buckets: buckets) })
        // Fields of few values in the public logs.
        let pairs = [("C6", "C14"), ("C9", "C17"), ("C14", "C17"), ("C20", "C23"), ("C6", "C9")]
        return crossed ? schema.crossing(pairs, buckets: 4 * buckets) : schema
    }

    private func crossing(_ pairs: [(String, String)], buckets: Int) -> ClickSchema {
        var schema = self
        schema.crosses = pairs.map { pair in
            [pair.0, pair.1].map { name in categories.firstIndex { $0.name == name }! }
        }
        schema.crossBuckets = buckets
        return schema
    }

    /// Rows of all fields' tables together.
    package var rowCount: Int { categories.reduce(0) { $0 + $1.buckets } }
    /// Values that an impression has room for.
    package var slotCount: Int { categories.reduce(0) { $0 + $1.capacity } }
    /// Pairs of values that it has room for.
    package var crossSlotCount: Int {
        crosses.reduce(0) { $0 + categories[$1[0]].capacity * categories[$1[1]].capacity }
    }
    /// The first row of each field's table in all of them one behind the other.
    var offsets: [Int] {
        categories.reduce(into: [0]) { $0.append($0.last! + $1.buckets) }.dropLast()
    }
    /// Every field's name, numbers first.
    package var fieldNames: [String] { numbers.map(\.name) + categories.map(\.name) }
}
