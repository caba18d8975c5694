import ApusData
import ApusTensor
import Foundation

/// A world of finitely many states whose rules are a table: what each action leads to from each state, and how likely.
///
/// An observation is the state one-hot, so that a network's first layer is a table with a row for each state.
public struct GridWorld: Environment, Codable, Hashable, Sendable {
    /// One thing that an action may lead to.
    public struct Chance: Codable, Hashable, Sendable {
        public var probability: Double
        /// The state that follows.
        public var next: Int
        public var reward: Double
        public var isTerminal: Bool
    }

    /// `table[state][action]`: chances that sum to 1.
    public let table: [[[Chance]]]
    /// How likely an episode begins in each state.
    public let starts: [Double]
    public let actionNames: [String]
    public let stepLimit: Int?
    /// How the world looks.
    let look: Look
    /// Where the agent is.
    public private(set) var state: Int

    /// What is drawn in each cell, and which cells a state is shown in.
    struct Look: Codable, Hashable, Sendable {
        var rows: Int
        var columns: Int
        /// A letter for each cell: S start, F free, H hole, G goal, C cliff, or a taxi's stand.
        var cells: [String]
        /// Walls to the east of these cells.
        var walls: Set<Int> = []
        /// Cells of the agent and, in the taxi's world, of the passenger and of the destination, by state.
        var places: [[Int]]
    }

    init(
        table: [[[Chance]]], starts: [Double], actionNames: [String], stepLimit: Int?, look: Look
    ) {
        self.table = table
        self.starts = starts
        self.actionNames = actionNames
        self.stepLimit = stepLimit
        self.look = look
        state = starts.firstIndex { $0 > 0 } ?? 0
    }

    /// How many states there are.
    public var stateCount: Int { table.count }
    public var observationShape: Shape { [stateCount] }
    public var observation: [Float] { oneHot(state) }

    /// A state as the agent sees it.
    public func oneHot(_ state: Int) -> [Float] {
        var row = [Float](repeating: 0, count: stateCount)
        row[state] = 1
        return row
    }

    public mutating func reset(_ generator: Generator) { state = generator.index(weights: starts, total: 1) }

    public mutating func step(_ action: Int, _ generator: Generator) -> Outcome {
        let chances = table[state][action]
        let chance = chances[generator.index(weights: chances.map(\.probability), total: 1)]
        state = chance.next
        return Outcome(reward: chance.reward, isTerminal: chance.isTerminal)
    }

    /// Only where the agent is changes in an episode.
    public func savedState() throws -> Data { try JSONEncoder().encode(state) }

    public mutating func restore(_ data: Data) throws { state = try JSONDecoder().decode(Int.self, from: data) }
}

// MARK: What is best

extension GridWorld {
    /// The value of each state under the best policy, by value iteration: `V(s) = maxₐ Σ p (r + γ V(s′))`.
    ///
    /// - Parameter tolerance: iterations end where no value changes by more.
    /// - Reference: Bellman, “Dynamic programming”, 1957.
    public func optimalValues(discount: Double, tolerance: Double = 1e-10) -> [Double] {
        var values = [Double](repeating: 0, count: stateCount)
        while true {
            let next = (0..<stateCount).map { state in
                table[state].map { backup($0, values, discount) }.max() ?? 0
            }
            let change = zip(next, values).map { abs($0 - $1) }.max() ?? 0
            values = next
            if change <= tolerance { return values }
        }
    }

    /// What the best policy does in each state.
    public func optimalActions(discount: Double) -> [Int] {
        let values = optimalValues(discount: discount)
        return table.map { actions in
            let returns = actions.map { backup($0, values, discount) }
            return returns.indices.max { returns[$0] < returns[$1] - 1e-12 } ?? 0
        }
    }

    private func backup(_ chances: [Chance], _ values: [Double], _ discount: Double) -> Double {
        chances.reduce(0) { $0 + $1.probability * ($1.reward + ($1.isTerminal ? 0 : discount * values[$1.next])) }
    }
}
