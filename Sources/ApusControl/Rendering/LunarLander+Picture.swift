import ApusData

extension LunarLander {
    /// The moon with its pad, the craft, and what its engines burn.
    public func picture() -> Image {
        let scale = 15.0
        let (width, height) = (Self.width * scale, Self.height * scale)
        var canvas = Canvas(width: Int(width), height: Int(height), ground: Palette.sky)
        func place(_ point: Vector) -> Canvas.Point { [point.x * scale, height - point.y * scale] }

        let chunk = Self.width / Double(terrain.count - 1)
        let hills = terrain.enumerated().map { place(Vector(x: Double($0) * chunk, y: $1)) }
        canvas.fill(hills + [[width, height], [0, height]], Palette.earth)
        for side in [-1.0, 1] {
            let pole = place(Vector(x: Self.width / 2 + side * chunk, y: Self.padHeight))
            canvas.stroke([pole, pole - [0, 16]], width: 1.5, Palette.ground)
            canvas.fill([pole - [0, 16], pole - [-9, 13], pole - [0, 10]], Palette.flame)
        }
        if let flame {
            let nozzle: [Vector] =
                switch flame {
                case .main: [Vector(x: -0.2, y: -0.33), Vector(x: 0.2, y: -0.33), Vector(x: 0, y: -1.1)]
                case .left: [Vector(x: -0.55, y: 0.3), Vector(x: -0.55, y: 0.5), Vector(x: -1, y: 0.4)]
                case .right: [Vector(x: 0.55, y: 0.3), Vector(x: 0.55, y: 0.5), Vector(x: 1, y: 0.4)]
                }
            canvas.fill(nozzle.map { place(placed($0)) }, Palette.flame)
        }
        for (leg, feet) in Craft.feet.enumerated() {
            let hip = Craft.legCentres[leg] + Vector(x: 0, y: Craft.legSize.y).rotated(by: Craft.legAngles[leg])
            canvas.fill((feet + [hip]).map { place(placed($0)) }, Palette.wood)
        }
        canvas.fill(Craft.hull.map { place(placed($0)) }, [150, 160, 215])
        return canvas.image
    }
}
