import ApusData
import Foundation

/// A grid that moves are made on.
struct Grid {
    var rows: Int
    var columns: Int

    /// West, south, east, north: the order of Frozen Lake's actions.
    static let compass = [(0, -1), (1, 0), (0, 1), (-1, 0)]

    var cellCount: Int { rows * columns }

    /// The cell one step on; where the grid ends, the same cell.
    func moved(_ cell: Int, _ direction: (rows: Int, columns: Int)) -> Int {
        let row = min(max(cell / columns + direction.rows, 0), rows - 1)
        let column = min(max(cell % columns + direction.columns, 0), columns - 1)
        return row * columns + column
    }
}

extension GridWorld {
    /// A frozen lake with holes: from S to G, over ice on which two of three moves slip to a side.
    ///
    /// The goal is worth 1, all else nothing. Rules and maps are those of Gymnasium's `FrozenLake-v1`.
    public static func frozenLake(_ map: Map = .small, isSlippery: Bool = true) -> GridWorld {
        let grid = Grid(rows: map.lines.count, columns: map.lines[0].count)
        let cells = map.lines.flatMap { $0.map(String.init) }
        func chance(_ cell: Int, _ direction: Int, _ probability: Double) -> Chance {
            let next = grid.moved(cell, Grid.compass[direction])
            return Chance(
                probability: probability, next: next, reward: cells[next] == "G" ? 1 : 0,
                isTerminal: cells[next] == "G" || cells[next] == "H")
        }
        let table = cells.indices.map { cell in
            (0..<4).map { action -> [Chance] in
                if cells[cell] == "G" || cells[cell] == "H" {
                    return [Chance(probability: 1, next: cell, reward: 0, isTerminal: true)]
                }
                if !isSlippery { return [chance(cell, action, 1)] }
                return [(action + 3) % 4, action, (action + 1) % 4].map { chance(cell, $0, 1.0 / 3) }
            }
        }
        let startCount = Double(cells.count { $0 == "S" })
        return GridWorld(
            table: table, starts: cells.map { $0 == "S" ? 1 / startCount : 0 },
            actionNames: ["left", "down", "right", "up"], stepLimit: grid.cellCount <= 16 ? 100 : 200,
            look: Look(
                rows: grid.rows, columns: grid.columns, cells: cells, places: (0..<grid.cellCount).map { [$0] }))
    }

    /// A lake's map: lines of S (start), F (frozen), H (hole) and G (goal), as Gymnasium's.
    public struct Map: Codable, Hashable, Sendable {
        /// From north to south, all of one length.
        public let lines: [String]

        public static let small = Map(known: ["SFFF", "FHFH", "FFFH", "HFFG"])
        public static let large = Map(known: [
            "SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF", "FFFHFFFG",
        ])

        private init(known lines: [String]) { self.lines = lines }

        /// The most cells of a map; a network's first layer has a row for each.
        static let largestCellCount = 4096

        /// - Parameter source: what the text is called in errors.
        /// - Throws: `DataError` where it is no map, naming the line and the remedy.
        public init(text: String, source: String) throws {
            let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { !$0.isEmpty }
            func failure(_ problem: String, _ remedy: String) -> DataError {
                DataError(.corrupt, source, problem, remedy: remedy)
            }
            let help = "Write lines of S (start), F (frozen), H (hole) and G (goal), all of one length"
            guard let width = lines.first?.count else { throw failure("the map is empty", help) }
            for (number, line) in lines.enumerated() {
                if let stranger = line.first(where: { !"SFHG".contains($0) }) {
                    throw failure("line \(number + 1) has “\(stranger)”", help)
                }
                if line.count != width {
                    throw failure("line \(number + 1) has \(line.count) cells, the first \(width)", help)
                }
            }
            guard lines.count * width <= Self.largestCellCount else {
                throw failure(
                    "the map has \(lines.count)×\(width) cells", "Give one of at most \(Self.largestCellCount) cells")
            }
            for letter in "SG" where !lines.contains(where: { $0.contains(letter) }) {
                throw failure("the map has no \(letter)", help)
            }
            self.lines = lines
        }
    }
}
