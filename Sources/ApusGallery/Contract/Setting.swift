import Apus

/// What a system lets its users choose beside what all systems do: `--set temperature=0.8`.
public struct Setting: Codable, Hashable, Sendable {
    /// When a setting is given.
    public enum Use: String, Codable, Hashable, Sendable {
        case training
        case prediction
        case serving
    }

    /// What `--set` is given, before the `=`.
    public var name: String
    /// What it decides, in a line.
    public var summary: String
    /// Its value where none is given, as one would write it.
    public var value: String
    /// When it is given.
    public var use: Use

    public init(_ name: String, _ value: String, for use: Use, _ summary: String) {
        self.name = name
        self.summary = summary
        self.value = value
        self.use = use
    }
}

/// The values of a system's settings: what the user gave, and the defaults of the others.
public struct SettingValues: Hashable, Sendable {
    private var values: [String: String] = [:]

    /// No settings.
    public init() {}

    /// - Parameter given: `name=value`, each.
    /// - Throws: `InputError` for what is no such pair, or a name that the system doesn't know.
    public init(_ given: [String] = [], of card: SystemCard, for use: Setting.Use) throws {
        let known = card.settings.filter { $0.use == use }
        values = Dictionary(uniqueKeysWithValues: known.map { ($0.name, $0.value) })
        for text in given {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else {
                throw InputError(text, "is no setting", remedy: "Write --set name=value")
            }
            guard values[parts[0]] != nil else {
                guard !known.isEmpty else {
                    throw InputError(text, "\(card.name) has no settings for \(use.rawValue)", remedy: "Leave it out")
                }
                throw InputError.unknown(
                    "setting for \(use.rawValue)", parts[0], of: "\(card.name) has", among: known.map(\.name))
            }
            values[parts[0]] = parts[1]
        }
    }

    /// - Throws: `InputError` where it is no number, or none in `range`.
    public func number(_ name: String, in range: ClosedRange<Double>) throws -> Double {
        let text = text(name)
        guard let value = Double(text), range.contains(value) else {
            throw InputError(
                "--set \(name)=\(text)",
                "a number from \(Format.number(range.lowerBound)) to "
                    + "\(Format.number(range.upperBound)) is needed", remedy: "Give one in this range")
        }
        return value
    }

    /// - Throws: `InputError` where it is no whole number, or none in `range`.
    public func count(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        let text = text(name)
        guard let value = Int(text), range.contains(value) else {
            throw InputError(
                "--set \(name)=\(text)",
                "a whole number from \(Format.count(range.lowerBound)) to \(Format.count(range.upperBound)) is needed",
                remedy: "Give one in this range")
        }
        return value
    }

    /// - Throws: `InputError` where it is none of `words`.
    public func word(_ name: String, among words: [String]) throws -> String {
        let text = text(name)
        guard words.contains(text) else {
            throw InputError.unknown("value for --set \(name)", text, of: "\(name) is one of", among: words)
        }
        return text
    }

    /// What a setting's value says where it is up to the preset.
    public static let presets = "preset's"

    /// Whether a setting is up to the preset.
    public func isPresets(_ name: String) -> Bool { text(name) == Self.presets }

    /// A value as it was given.
    public func text(_ name: String) -> String {
        guard let text = values[name] else { preconditionFailure("the card declares no setting \(name)") }
        return text
    }
}
