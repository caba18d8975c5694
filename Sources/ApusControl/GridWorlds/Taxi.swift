extension GridWorld {
    /// A taxi in a town of 5 by 5 cells with walls: fetch a passenger at one of four stands, bring her to another.
    ///
    /// A step costs 1, a wrong try to pick up or drop 10, arriving is worth 20. States are numbered
    /// `((row · 5 + column) · 5 + passenger) · 4 + destination`, where passenger 4 is in the taxi. Rules are those of Gymnasium's `Taxi-v4`.
    ///
    /// Reference: Dietterich, “Hierarchical reinforcement learning with the MAXQ value function decomposition”, 2000.
    public static func taxi() -> GridWorld {
        let grid = Grid(rows: 5, columns: 5)
        let stands = [0, 4, 20, 23]
        // To the east of these cells there is a wall.
        let walls: Set = [1, 6, 15, 17, 20, 22]
        let inTaxi = 4

        func state(_ cell: Int, _ passenger: Int, _ destination: Int) -> Int {
            (cell * 5 + passenger) * 4 + destination
        }
        func outcome(_ cell: Int, _ passenger: Int, _ destination: Int, _ action: Int) -> Chance {
            var (cell, passenger, reward, isTerminal) = (cell, passenger, -1.0, false)
            switch action {
            case 0: cell = grid.moved(cell, (1, 0))
            case 1: cell = grid.moved(cell, (-1, 0))
            case 2 where !walls.contains(cell): cell = grid.moved(cell, (0, 1))
            case 3 where cell % 5 > 0 && !walls.contains(cell - 1): cell = grid.moved(cell, (0, -1))
            case 4:
                if passenger < inTaxi && cell == stands[passenger] { passenger = inTaxi } else { reward = -10 }
            case 5:
                if passenger == inTaxi, let stand = stands.firstIndex(of: cell) {
                    passenger = stand
                    if stand == destination { (reward, isTerminal) = (20, true) }
                } else {
                    reward = -10
                }
            default: break
            }
            return Chance(
                probability: 1, next: state(cell, passenger, destination), reward: reward, isTerminal: isTerminal)
        }

        var table: [[[Chance]]] = []
        var starts: [Double] = []
        var places: [[Int]] = []
        for cell in 0..<grid.cellCount {
            for passenger in 0..<5 {
                for destination in 0..<4 {
                    table.append((0..<6).map { [outcome(cell, passenger, destination, $0)] })
                    // The passenger waits at a stand that isn't where she wants to go: 25 · 4 · 3 = 300 beginnings.
                    starts.append(passenger < inTaxi && passenger != destination ? 1.0 / 300 : 0)
                    places.append([cell, passenger < inTaxi ? stands[passenger] : cell, stands[destination]])
                }
            }
        }
        let letters = [0: "r", 4: "g", 20: "y", 23: "b"]
        return GridWorld(
            table: table, starts: starts,
            actionNames: ["south", "north", "east", "west", "pick up", "drop"], stepLimit: 200,
            look: Look(
                rows: 5, columns: 5, cells: (0..<25).map { letters[$0] ?? "F" }, walls: walls, places: places))
    }
}
