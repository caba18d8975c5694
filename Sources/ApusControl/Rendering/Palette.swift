import ApusData

/// The colours of worlds.
enum Palette {
    static let ground: Canvas.Color = [250, 250, 248]
    static let ink: Canvas.Color = [52, 58, 70]
    static let earth: Canvas.Color = [201, 189, 168]
    static let body: Canvas.Color = [60, 98, 168]
    static let wood: Canvas.Color = [196, 132, 60]
    static let goal: Canvas.Color = [58, 150, 92]
    static let danger: Canvas.Color = [200, 72, 60]
    static let ice: Canvas.Color = [222, 236, 244]
    static let line: Canvas.Color = [205, 214, 220]
    static let sky: Canvas.Color = [26, 29, 44]
    static let flame: Canvas.Color = [244, 170, 66]
}
