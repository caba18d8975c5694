/// A run that cannot begin, go on or be read, in words for the person who started it.
public struct RunError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder or file that it is about.
    public let path: String
    /// What is wrong with it.
    public let problem: String
    /// What to do about it.
    public let remedy: String

    public init(path: String, problem: String, remedy: String) {
        self.path = path
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String { "\(path): \(problem); \(remedy)" }
}
