import ApusData
import ApusIO
import ApusNN
import ApusTensor
import Foundation

/// The newest transitions that agents made, to learn from again and again.
///
/// With priorities, a transition is drawn in proportion to `(|δ| + ε)^α`, δ its last temporal-difference error, and its weight `(N · P(i))^−β`, scaled so that the batch's
/// largest is 1, makes up for being drawn more often.
///
/// References: Lin, “Self-improving reactive agents”, 1992; Schaul, Quan, Antonoglou and Silver, “Prioritized experience replay”, 2016.
public struct ReplayBuffer {
    /// Transitions that are kept; the oldest make room for new ones.
    public let capacity: Int
    /// Transitions that are there.
    public private(set) var count = 0
    /// α; nil where all are equally likely.
    public let priorityExponent: Double?

    private let shape: Shape
    /// Where the next one goes.
    private var cursor = 0
    private var observations: Store
    private var nextObservations: Store
    private var actions: [Int32]
    private var rewards: [Float]
    private var continues: [Float]
    private var priorities: SumTree?
    private var largestPriority = 1.0

    private static let smallestError = 1e-6

    /// Numbers as they are or, for pixels, as bytes.
    private enum Store {
        case floats([Float])
        case bytes([UInt8])

        init(count: Int, isPixels: Bool) {
            self = isPixels ? .bytes(Array(repeating: 0, count: count)) : .floats(Array(repeating: 0, count: count))
        }

        mutating func set(_ row: [Float], at index: Int) {
            let start = index * row.count
            switch self {
            case .floats(var values):
                // So that the array has one owner and is changed in place.
                self = .floats([])
                values.replaceSubrange(start..<(start + row.count), with: row)
                self = .floats(values)
            case .bytes(var values):
                self = .bytes([])
                values.replaceSubrange(start..<(start + row.count), with: row.lazy.map { UInt8(($0 * 255).rounded()) })
                self = .bytes(values)
            }
        }

        func append(row index: Int, of size: Int, to result: inout [Float]) {
            let range = (index * size)..<((index + 1) * size)
            switch self {
            case .floats(let values): result.append(contentsOf: values[range])
            case .bytes(let values): result.append(contentsOf: values[range].lazy.map { Float($0) / 255 })
            }
        }

        var tensor: Tensor {
            switch self {
            case .floats(let values): Tensor(values)
            case .bytes(let values): Tensor(values)
            }
        }

        mutating func load(_ tensor: Tensor) {
            switch self {
            case .floats: self = .floats(tensor.elements())
            case .bytes: self = .bytes(tensor.elements())
            }
        }
    }

    /// - Parameters:
    ///   - isPixels: whether observations are in [0, 1] and kept as bytes.
    ///   - priorityExponent: α in [0, 1]; nil for equal chances.
    public init(capacity: Int, observationShape: Shape, isPixels: Bool = false, priorityExponent: Double? = nil) {
        precondition(capacity > 0, "ReplayBuffer: a capacity of \(capacity)")
        self.capacity = capacity
        self.priorityExponent = priorityExponent
        shape = observationShape
        observations = Store(count: capacity * shape.elementCount, isPixels: isPixels)
        nextObservations = Store(count: capacity * shape.elementCount, isPixels: isPixels)
        actions = Array(repeating: 0, count: capacity)
        rewards = Array(repeating: 0, count: capacity)
        continues = Array(repeating: 0, count: capacity)
        priorities = priorityExponent.map { _ in SumTree(count: capacity) }
    }

    /// Keeps a transition. With priorities it gets the largest so far, so that each is learned from soon.
    public mutating func append(
        _ observation: [Float], action: Int, reward: Double, isTerminal: Bool, next: [Float]
    ) {
        observations.set(observation, at: cursor)
        nextObservations.set(next, at: cursor)
        actions[cursor] = Int32(action)
        rewards[cursor] = Float(reward)
        continues[cursor] = isTerminal ? 0 : 1
        if let priorityExponent { priorities?[cursor] = pow(largestPriority, priorityExponent) }
        cursor = (cursor + 1) % capacity
        count = min(count + 1, capacity)
    }

    // MARK: Drawing

    /// Transitions to learn from.
    public struct Batch {
        /// Places in the buffer.
        public var indices: [Int]
        /// (B, …)
        public var observations: Tensor
        /// (B), integers.
        public var actions: Tensor
        /// (B)
        public var rewards: Tensor
        /// (B): 0 where the world ended, else 1.
        public var continues: Tensor
        /// (B, …)
        public var nextObservations: Tensor
        /// (B): what makes up for unequal chances.
        public var weights: Tensor
    }

    /// Draws transitions, with repetition.
    ///
    /// - Parameter correction: β in [0, 1], how much unequal chances are made up for.
    public func sample(_ size: Int, correction: Double, _ generator: Generator) -> Batch {
        precondition(count > 0, "ReplayBuffer: nothing to draw from")
        let (indices, weights) = draw(size, correction, generator)
        var (now, next): ([Float], [Float]) = ([], [])
        now.reserveCapacity(size * shape.elementCount)
        next.reserveCapacity(size * shape.elementCount)
        for index in indices {
            observations.append(row: index, of: shape.elementCount, to: &now)
            nextObservations.append(row: index, of: shape.elementCount, to: &next)
        }
        let batchShape = Shape([size] + Array(shape))
        return Batch(
            indices: indices, observations: Tensor(now, shape: batchShape),
            actions: Tensor(indices.map { actions[$0] }),
            rewards: Tensor(indices.map { rewards[$0] }), continues: Tensor(indices.map { continues[$0] }),
            nextObservations: Tensor(next, shape: batchShape), weights: Tensor(weights))
    }

    private func draw(_ size: Int, _ correction: Double, _ generator: Generator) -> ([Int], [Float]) {
        guard let priorities else {
            return ((0..<size).map { _ in generator.integer(below: count) }, Array(repeating: 1, count: size))
        }
        // One from each of as many equal parts, as in the paper's appendix B.2.1.
        let part = priorities.total / Double(size)
        let indices = (0..<size).map { priorities.place(at: (Double($0) + generator.unit()) * part) }
        let weights = indices.map { pow(Double(count) * priorities[$0] / priorities.total, -correction) }
        let largest = weights.max() ?? 1
        return (indices, weights.map { Float($0 / largest) })
    }

    /// Sets the priorities of transitions by their new errors. Without priorities it does nothing.
    public mutating func update(_ indices: [Int], errors: [Float]) {
        guard let priorityExponent else { return }
        for (index, error) in zip(indices, errors) where error.isFinite {
            let priority = Double(abs(error)) + Self.smallestError
            largestPriority = max(largestPriority, priority)
            priorities?[index] = pow(priority, priorityExponent)
        }
    }
}

// MARK: Checkpoints

extension ReplayBuffer {
    /// All that is there.
    public func stateDictionary() -> StateDictionary {
        var state: StateDictionary = [
            "observations": observations.tensor, "nextObservations": nextObservations.tensor,
            "actions": Tensor(actions), "rewards": Tensor(rewards), "continues": Tensor(continues),
            "position": Tensor([count, cursor]),
        ]
        if let priorities {
            state["priorities"] = Tensor(
                (0..<capacity).map { priorities[$0] } + [largestPriority], dtype: .float64)
        }
        return state
    }

    /// - Throws: `FormatError` where it is the state of another buffer.
    public mutating func load(_ state: StateDictionary) throws {
        func entry(_ name: String, count: Int) throws -> Tensor {
            guard let tensor = state[name], tensor.shape.elementCount == count else {
                throw FormatError(
                    file: "checkpoint", location: "tensor \"\(name)\"",
                    problem: "it is missing or not of \(count) elements", remedy: "train anew")
            }
            return tensor
        }
        observations.load(try entry("observations", count: capacity * shape.elementCount))
        nextObservations.load(try entry("nextObservations", count: capacity * shape.elementCount))
        actions = try entry("actions", count: capacity).elements()
        rewards = try entry("rewards", count: capacity).elements()
        continues = try entry("continues", count: capacity).elements()
        let position: [Int] = try entry("position", count: 2).elements()
        (count, cursor) = (position[0], position[1])
        guard priorities != nil else { return }
        let weights: [Double] = try entry("priorities", count: capacity + 1).elements()
        for index in 0..<capacity { priorities?[index] = weights[index] }
        largestPriority = weights[capacity]
    }
}
