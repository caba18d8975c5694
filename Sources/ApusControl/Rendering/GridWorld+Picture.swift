import ApusData

extension GridWorld {
    /// The cells, the walls, and the agent: a circle; in the taxi's town the passenger is a small one, her destination a frame.
    public func picture() -> Image { picture(actions: nil) }

    /// The same with an arrow in each cell for what is done there. Only a world whose actions are directions has arrows.
    ///
    /// - Parameter actions: an action for each state.
    public func picture(actions: [Int]?) -> Image {
        let side = max(8.0, min(36, 400 / Double(look.columns)))
        var canvas = Canvas(
            width: Int(side) * look.columns, height: Int(side) * look.rows, ground: Palette.line)
        let cell = side.rounded(.down)
        func corner(_ index: Int) -> Canvas.Point {
            [Double(index % look.columns) * cell, Double(index / look.columns) * cell]
        }
        func middle(_ index: Int) -> Canvas.Point { corner(index) + [cell / 2, cell / 2] }

        for (index, letter) in look.cells.enumerated() {
            let at = corner(index)
            canvas.fillRectangle(x: at.x + 0.5, y: at.y + 0.5, width: cell - 1, height: cell - 1, Self.color(letter))
            if let actions, let arrow = arrow(actions[index]), !"GHC".contains(letter) {
                let (tip, back) = (middle(index) + cell * 0.3 * arrow, middle(index) - cell * 0.3 * arrow)
                let aside = cell * 0.16 * Canvas.Point(-arrow.y, arrow.x)
                canvas.stroke([back, tip], width: cell / 14, Palette.ink)
                canvas.fill(
                    [tip + cell * 0.08 * arrow, tip - cell * 0.14 * arrow + aside, tip - cell * 0.14 * arrow - aside],
                    Palette.ink)
            }
        }
        for wall in look.walls {
            let at = corner(wall)
            canvas.fillRectangle(x: at.x + cell - 2, y: at.y, width: 4, height: cell, Palette.ink)
        }
        guard actions == nil else { return canvas.image }
        let places = look.places[state]
        if places.count == 3 {
            let at = corner(places[2])
            let frame = [
                at + [3, 3], at + [cell - 3, 3], at + [cell - 3, cell - 3], at + [3, cell - 3], at + [3, 3],
            ]
            canvas.stroke(frame, width: 3, Palette.goal)
        }
        canvas.fillCircle(middle(places[0]), radius: cell * 0.3, Palette.body)
        if places.count == 3 { canvas.fillCircle(middle(places[1]), radius: cell * 0.14, Palette.flame) }
        return canvas.image
    }

    private static func color(_ letter: String) -> Canvas.Color {
        switch letter {
        case "G": Palette.goal
        case "H": Palette.sky
        case "C": Palette.danger
        case "S", "r", "g", "y", "b": Palette.earth
        default: Palette.ice
        }
    }

    private func arrow(_ action: Int) -> Canvas.Point? {
        switch actionNames[action] {
        case "left", "west": [-1, 0]
        case "right", "east": [1, 0]
        case "up", "north": [0, -1]
        case "down", "south": [0, 1]
        default: nil
        }
    }
}
