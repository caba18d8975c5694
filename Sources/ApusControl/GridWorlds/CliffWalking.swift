extension GridWorld {
    /// A walk along a cliff, 4 by 12 cells: a step costs 1, one over the edge 100 and leads back to the start.
    ///
    /// Rules are those of Gymnasium's `CliffWalking-v1`, which never cuts an episode off; here it ends after 200 steps, since a network that
    /// has learned nothing yet may walk in circles.
    ///
    /// Reference: Sutton and Barto, “Reinforcement learning”, example 6.6.
    public static func cliffWalking() -> GridWorld {
        let grid = Grid(rows: 4, columns: 12)
        let (start, goal) = (36, 47)
        // North, east, south, west: the order of this world's actions.
        let directions = [(-1, 0), (0, 1), (1, 0), (0, -1)]
        let table = (0..<grid.cellCount).map { cell in
            directions.map { direction -> [Chance] in
                let next = grid.moved(cell, direction)
                if next > start && next < goal {
                    return [Chance(probability: 1, next: start, reward: -100, isTerminal: false)]
                }
                return [Chance(probability: 1, next: next, reward: -1, isTerminal: next == goal)]
            }
        }
        let cells = (0..<grid.cellCount).map { cell in
            cell == start ? "S" : cell == goal ? "G" : cell > start ? "C" : "F"
        }
        return GridWorld(
            table: table, starts: (0..<grid.cellCount).map { $0 == start ? 1 : 0 },
            actionNames: ["up", "right", "down", "left"], stepLimit: 200,
            look: Look(
                rows: grid.rows, columns: grid.columns, cells: cells, places: (0..<grid.cellCount).map { [$0] }))
    }
}
