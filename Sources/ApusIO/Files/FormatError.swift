/// A file whose content breaks the rules of its format, or holds what Apus has no type for.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file's path, or the name given to data in memory.
    public let file: String
    /// Where in the file: `header, byte 17`, `tensor "conv1.weight"`. Empty where the whole file is meant.
    public let location: String
    /// What is wrong there.
    public let problem: String
    /// What the reader of the message can do.
    public let remedy: String

    public init(file: String, location: String = "", problem: String, remedy: String) {
        self.file = file
        self.location = location
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String {
        let place = location.isEmpty ? file : "\(file): \(location)"
        return "\(place): \(problem); \(remedy)"
    }
}
