/// Lays out a plot and draws it, from back to front: grid, columns, lines, points, labels.
struct PlotDrawing {
    private let plot: Plot
    let series: [Plot.Series]
    private let x: FittedAxis
    private let y: FittedAxis
    private let left: Double
    private let right: Double
    private let top: Double
    private let bottom: Double

    init(_ plot: Plot) {
        self.plot = plot
        series = plot.series.map { $0.thinned(columns: Int(plot.width)) }
        let points = series.flatMap(\.points)
        var xs = points.map(\.x)
        if let half = series.filter({ $0.style == .columns }).map({ Self.columnWidth($0) / 2 }).max(),
            let low = xs.min(),
            let high = xs.max()
        {
            xs += [low - half, high + half]
        }
        let ys = points.map(\.y) + plot.rules.map(\.y) + (series.contains { $0.style == .columns } ? [0] : [])
        x = FittedAxis(Self.tight(plot.x, xs), values: xs, tickCount: Int(plot.width / 90))
        y = FittedAxis(plot.y, values: ys, tickCount: Int(plot.height / 60))

        let widestTick = y.ticks.map { textWidth(plot.y.text($0)) }.max() ?? 0
        left = widestTick + 14 + (plot.y.label.isEmpty ? 0 : 20)
        right = plot.width - 18
        top = Self.hasLegend(plot) ? 34 : 12
        bottom = plot.height - (plot.x.label.isEmpty ? 26 : 44)
    }

    /// An x axis begins and ends with its data: half-empty steps at the sides would look like missing data.
    private static func tight(_ axis: Axis, _ xs: [Double]) -> Axis {
        guard axis.range == nil, axis.scale == .linear else { return axis }
        let finite = xs.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max(), low < high else { return axis }
        var axis = axis
        axis.range = low...high
        return axis
    }

    private static func hasLegend(_ plot: Plot) -> Bool {
        plot.series.count { !$0.name.isEmpty } + plot.rules.count > 1
    }

    var markup: Markup {
        let body =
            layer(.band, band) + layer(.columns, columns) + layer(.faintLine, line) + layer(.line, line)
            + layer(.points, points) + wordings
        return "\(grid)\(axes)\(body)\(plot.rules.map(rule))\(Self.hasLegend(plot) ? legend : "")"
    }

    private func layer(_ style: Plot.Style, _ draw: (Plot.Series, Int) -> Markup) -> Markup {
        "\(series.enumerated().filter { $1.style == style }.map { draw($1, color($1, $0)) })"
    }

    func color(_ series: Plot.Series, _ index: Int) -> Int { (series.color ?? index) % Theme.seriesCount }

    func place(_ point: Plot.Point) -> (x: Double, y: Double)? {
        guard let u = x.position(point.x), let v = y.position(point.y) else { return nil }
        return (left + u * (right - left), bottom - v * (bottom - top))
    }

    /// Where labels may stand.
    var frame: Box { Box(left: left, right: plot.width, top: top - 8, bottom: bottom) }

    // MARK: Frame

    private var grid: Markup {
        let lines = y.ticks.compactMap { tick -> Markup? in
            guard let v = y.position(tick) else { return nil }
            let height = bottom - v * (bottom - top)
            return "<line class=\"grid\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(height)\" y2=\"\(height)\"/>"
        }
        return "\(lines)"
    }

    private var axes: Markup {
        let yTicks = y.ticks.compactMap { tick -> Markup? in
            guard let v = y.position(tick) else { return nil }
            let height = bottom - v * (bottom - top) + 4
            return "<text class=\"tick end\" x=\"\(left - 8)\" y=\"\(height)\">\(plot.y.text(tick))</text>"
        }
        let xTicks = x.ticks.compactMap { tick -> Markup? in
            guard let u = x.position(tick) else { return nil }
            let place = left + u * (right - left)
            return """
                <line class="axis" x1="\(place)" x2="\(place)" y1="\(bottom)" y2="\(bottom + 4)"/>\
                <text class="tick middle" x="\(place)" y="\(bottom + 18)">\(plot.x.text(tick))</text>
                """
        }
        let baseline: Markup = "<line class=\"axis\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(bottom)\" y2=\"\(bottom)\"/>"
        return "\(baseline)\(yTicks)\(xTicks)\(labels)"
    }

    private var labels: Markup {
        let (across, up) = ((left + right) / 2, (top + bottom) / 2)
        let xLabel: Markup =
            "<text class=\"label middle\" x=\"\(across)\" y=\"\(plot.height - 6)\">\(plot.x.label)</text>"
        let yLabel: Markup =
            "<text class=\"label middle\" transform=\"translate(13 \(up)) rotate(-90)\">\(plot.y.label)</text>"
        return (plot.x.label.isEmpty ? "" : xLabel) + (plot.y.label.isEmpty ? "" : yLabel)
    }

    // MARK: Data

    private func line(_ series: Plot.Series, _ color: Int) -> Markup {
        var path = ""
        var isPenDown = false
        for point in series.points {
            guard let place = place(point) else {
                isPenDown = false
                continue
            }
            let step: Markup = "\(Markup(raw: isPenDown ? "L" : "M"))\(place.x) \(place.y)"
            path += step.description
            isPenDown = true
        }
        let style = series.style == .faintLine ? "faint line" : "line"
        let drawn: Markup = "<path class=\"\(style) stroke-\(color)\" d=\"\(path)\"/>"
        // With few points, each shows where it is, and its numbers to a resting pointer.
        return series.style == .line && series.points.count <= 60 ? drawn + points(series, color) : drawn
    }

    private func band(_ series: Plot.Series, _ color: Int) -> Markup {
        let places = series.points.compactMap(place)
        let half = places.count / 2
        let outline = places.prefix(half) + places.dropFirst(half).reversed()
        let corners = outline.map { "\($0.x) \($0.y)" as Markup }.map(\.description).joined(separator: "L")
        return corners.isEmpty ? "" : "<path class=\"band fill-\(color)\" d=\"M\(Markup(raw: corners))Z\"/>"
    }

    private func points(_ series: Plot.Series, _ color: Int) -> Markup {
        let radius = series.points.count > 400 ? 2.0 : 3.0
        let dots = series.points.enumerated().compactMap { index, point -> Markup? in
            guard let place = place(point) else { return nil }
            let label = series.labels.isEmpty ? series.name : series.labels[index]
            let name = label.isEmpty ? "" : label + ": "
            return """
                <circle class="dot fill-\(color)" cx="\(place.x)" cy="\(place.y)" r="\(radius)">\
                <title>\(name)\(numbers(point))</title></circle>
                """
        }
        return "\(dots)"
    }

    private func columns(_ series: Plot.Series, _ color: Int) -> Markup {
        let half = Self.columnWidth(series) / 2
        let bars = series.points.compactMap { point -> Markup? in
            guard let corner = place(.init(point.x - half, point.y)), let opposite = place(.init(point.x + half, 0))
            else { return nil }
            let (high, low) = (min(corner.y, opposite.y), max(corner.y, opposite.y))
            let gap = opposite.x - corner.x > 4 ? 1.0 : 0
            return """
                <rect class="column fill-\(color)" x="\(corner.x + gap / 2)" y="\(high)" \
                width="\(opposite.x - corner.x - gap)" height="\(low - high)"><title>\(numbers(point))</title></rect>
                """
        }
        return "\(bars)"
    }

    private static func columnWidth(_ series: Plot.Series) -> Double {
        let xs = series.points.map(\.x).sorted()
        return zip(xs, xs.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }.min() ?? 1
    }

    private func numbers(_ point: Plot.Point) -> String {
        let label = plot.x.label.isEmpty ? "" : plot.x.label.lowercased() + " "
        let value = plot.y.style == .percent ? Format.number(point.y * 100) + " %" : Format.number(point.y)
        return "\(label)\(Format.number(point.x)), \(value)"
    }

    private func rule(_ rule: Plot.Rule) -> Markup {
        guard let v = y.position(rule.y) else { return "" }
        let height = bottom - v * (bottom - top)
        return "<line class=\"rule\" x1=\"\(left)\" x2=\"\(right)\" y1=\"\(height)\" y2=\"\(height)\"/>"
    }

    // MARK: Legend

    private var legend: Markup {
        var entries: [Markup] = []
        var place = left
        func add(_ name: String, _ swatch: (Double) -> Markup) {
            entries.append(swatch(place) + "<text class=\"tick\" x=\"\(place + 22)\" y=\"15\">\(name)</text>")
            place += 22 + textWidth(name) + 18
        }
        for (index, series) in series.enumerated() where !series.name.isEmpty {
            let color = color(series, index)
            add(series.name) { place in
                switch series.style {
                case .line, .faintLine:
                    let style = series.style == .faintLine ? "faint line" : "line"
                    return "<path class=\"\(style) stroke-\(color)\" d=\"M\(place) 11h16\"/>"
                case .points: return "<circle class=\"dot fill-\(color)\" cx=\"\(place + 8)\" cy=\"11\" r=\"4\"/>"
                case .columns, .band:
                    return "<rect class=\"fill-\(color)\" x=\"\(place + 3)\" y=\"6\" width=\"10\" height=\"10\"/>"
                }
            }
        }
        for rule in plot.rules {
            add(rule.label) { "<line class=\"rule\" x1=\"\($0)\" x2=\"\($0 + 16)\" y1=\"11\" y2=\"11\"/>" }
        }
        return "\(entries)"
    }
}
