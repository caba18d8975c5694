/// An order in which nodes can run: the file's own where it is one, as ONNX demands, else one that keeps to it as far as possible.
struct NodeOrder {
    private let nodes: [ONNXNode]
    private let location: String
    private let reader: ModelReader
    /// For each node, those that take a result of it.
    private var followers: [[Int]]
    /// For each node, how many others have to run before.
    private var missing: [Int]

    /// - Parameter known: names of values that are there before any node runs.
    /// - Throws: `ONNXError` where a node takes a value that nobody computes.
    init(_ nodes: [ONNXNode], known: Set<String>, location: String, reader: ModelReader) throws {
        self.nodes = nodes
        self.location = location
        self.reader = reader
        followers = [[Int]](repeating: [], count: nodes.count)
        missing = [Int](repeating: 0, count: nodes.count)

        var producers: [String: Int] = [:]
        for (index, node) in nodes.enumerated() {
            for output in node.outputs where !output.isEmpty { producers[output] = index }
        }
        for (index, node) in nodes.enumerated() {
            for name in node.dependencies.sorted() {
                if let producer = producers[name] {
                    followers[producer].append(index)
                    missing[index] += 1
                } else if !known.contains(name) {
                    throw reader.failure(
                        .invalidGraph, "\(location), \(node.place)", "the input \"\(name)\" is computed by no node",
                        ModelReader.invalid)
                }
            }
        }
    }

    /// - Throws: `ONNXError` where nodes wait for each other.
    consuming func sorted() throws -> [ONNXNode] {
        var ready = nodes.indices.filter { missing[$0] == 0 }
        var order: [Int] = []
        var next = 0
        while next < ready.count {
            let index = ready[next]
            next += 1
            order.append(index)
            for follower in followers[index] {
                missing[follower] -= 1
                if missing[follower] == 0 { ready.append(follower) }
            }
        }
        guard order.count == nodes.count else {
            let stuck = nodes.indices.first { missing[$0] > 0 }!
            throw reader.failure(
                .invalidGraph, "\(location), \(nodes[stuck].place)", "the node waits for its own result",
                ModelReader.invalid)
        }
        return order.map { nodes[$0] }
    }
}
