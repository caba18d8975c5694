/// Where the words beside a plot's points go.
extension PlotDrawing {
    /// The labels of all points, each at the first of four sides where it covers no point and no other label; where there is none, it is left to
    /// the resting pointer.
    var wordings: Markup {
        let labelled = series.enumerated().filter { !$1.labels.isEmpty }
        if labelled.isEmpty { return "" }
        var taken = series.filter { $0.style == .points }.flatMap(\.points).compactMap(place).map { Box(around: $0) }
        var texts: [Markup] = []
        for (index, series) in labelled {
            for (point, label) in zip(series.points, series.labels) {
                guard let place = place(point), !label.isEmpty else { continue }
                let boxes = Box.sides(of: place, width: textWidth(label))
                guard let box = boxes.first(where: { box in frame.contains(box) && !taken.contains { $0.meets(box) } })
                else { continue }
                taken.append(box)
                let x = (box.left + box.right) / 2
                texts.append(
                    "<text class=\"tick middle fill-\(color(series, index))\" x=\"\(x)\" y=\"\(box.bottom - 3)\">\(label)</text>"
                )
            }
        }
        return "\(texts)"
    }
}

/// A rectangle, with y growing downwards.
struct Box {
    var left: Double
    var right: Double
    var top: Double
    var bottom: Double

    init(left: Double, right: Double, top: Double, bottom: Double) {
        (self.left, self.right, self.top, self.bottom) = (left, right, top, bottom)
    }

    /// What a dot covers.
    init(around point: (x: Double, y: Double)) {
        self.init(left: point.x - 4, right: point.x + 4, top: point.y - 4, bottom: point.y + 4)
    }

    /// Where a word may stand: right, left, above, below.
    static func sides(of point: (x: Double, y: Double), width: Double) -> [Box] {
        let (x, y) = point
        return [
            Box(left: x + 5, right: x + 5 + width, top: y - 7, bottom: y + 7),
            Box(left: x - 5 - width, right: x - 5, top: y - 7, bottom: y + 7),
            Box(left: x - width / 2, right: x + width / 2, top: y - 19, bottom: y - 5),
            Box(left: x - width / 2, right: x + width / 2, top: y + 5, bottom: y + 19),
        ]
    }

    func meets(_ other: Box) -> Bool {
        left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }

    func contains(_ other: Box) -> Bool {
        left <= other.left && right >= other.right && top <= other.top && bottom >= other.bottom
    }
}
