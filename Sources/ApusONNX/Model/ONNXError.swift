/// A model that can't be read, or can't be run on what it was given.
public struct ONNXError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What sort of thing is wrong.
    public enum Kind: Hashable, Sendable {
        /// The bytes are no ONNX model, or a tensor's elements don't fit its shape.
        case damaged
        /// The graph breaks ONNX's rules: a cycle, a value that nobody computes, a name given twice.
        case invalidGraph
        /// A type, an operator set or a form of an operator that Apus has not.
        case unsupported
        /// Operators that Apus has not, with how often they appear.
        case unsupportedOperators([String: Int])
        /// Elements in another file that is missing, too short or outside of the model's folder.
        case externalData
        /// An input of the model is missing, unknown or of the wrong type.
        case wrongInput
        /// A node can't compute what its inputs ask for.
        case failedNode
    }

    /// What sort of thing is wrong.
    public let kind: Kind
    /// The file's path, or the name given to data in memory.
    public let file: String
    /// Where in the file: `node "conv1" (Conv)`, `initializer "fc.weight"`. Empty where the whole file is meant.
    public let location: String
    /// What is wrong there.
    public let problem: String
    /// What the reader of the message can do.
    public let remedy: String

    public init(_ kind: Kind, file: String, location: String = "", problem: String, remedy: String) {
        self.kind = kind
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
