import Foundation
import Testing

import ApusTrain

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// The names of all elements in an XML text, or what is wrong with it.
func xmlElements(_ text: String) throws -> [String] {
    final class Reader: NSObject, XMLParserDelegate {
        var names: [String] = []
        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            names.append(name)
        }
    }
    let reader = Reader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = reader
    guard parser.parse() else {
        throw RunError(
            path: "line \(parser.lineNumber)", problem: "\(parser.parserError.map { "\($0)" } ?? "")", remedy: "")
    }
    return reader.names
}

@Suite struct ChartTests {
    static let values: [[Double]] = [
        [], [1], [0, 0, 0], [3, -2, 5], [.nan, 1, .infinity, 2, -.infinity], [1e-300, 1e300],
        (0..<5000).map { sin(Double($0)) },
    ]

    @Test(arguments: values)
    func everyKindIsWellFormedForAnyValues(values: [Double]) throws {
        let points = values.map { Plot.Point($0, -$0) }
        var charts: [any Chart] = [
            BarChart("b <&>", categories: values.indices.map { "\($0) \"quoted\"" }, series: [.init("v", values)]),
            HeatMap("h", values: values.isEmpty ? [] : [values, values], palette: .diverging),
        ]
        for style in [Plot.Style.line, .faintLine, .points, .columns] {
            for scale in [Axis.Scale.linear, .logarithmic] {
                let axis = Axis("a & b", scale: scale)
                charts.append(
                    Plot(
                        "p", x: axis, y: axis, series: [.init("s<1>", points, style: style)],
                        rules: [.init("r", y: 0.5)]))
            }
        }
        for chart in charts {
            let document = chart.document
            #expect(try xmlElements(document).first == "svg")
            #expect(!document.contains("nan"))
        }
    }

    @Test func manyPointsAreThinnedToWhatCanBeSeen() {
        let points = (0..<100_000).map { Plot.Point(Double($0), $0 == 777 ? 50 : sin(Double($0))) }
        let thinned = Plot.Series("", points).thinned(columns: 500).points
        #expect(thinned.count <= 4 * 501 && thinned.first == points.first && thinned.last == points.last)
        #expect(thinned.contains { $0.y == 50 })
        #expect(zip(thinned, thinned.dropFirst()).allSatisfy { $0.x < $1.x })
    }

    @Test func smoothingKeepsConstantsAndLines() {
        let constant = Plot.Series("", values: Array(repeating: 2.5, count: 100)).smoothed(window: 10)
        #expect(constant.points.allSatisfy { abs($0.y - 2.5) < 1e-12 })
        let line = Plot.Series("", values: (1...201).map(Double.init)).smoothed(window: 9)
        #expect(abs(line.points[100].y - 101) < 1e-9)
    }

    @Test(arguments: [(0.0, 1.0), (0, 0.93), (-3, 7), (1e-6, 2e-6), (0, 12_345), (-1e9, 1e9), (5, 5)])
    func ticksAreRoundAndCoverTheData(low: Double, high: Double) {
        let fitted = FittedAxis(Axis(), values: [low, high], tickCount: 5)
        #expect(fitted.range.lowerBound <= low && fitted.range.upperBound >= high)
        #expect((2...12).contains(fitted.ticks.count))
        #expect(fitted.ticks.allSatisfy { fitted.range.contains($0) || abs($0) < 1e-12 * abs(high) })
        #expect(Set(fitted.ticks.map(tickText)).count == fitted.ticks.count)
    }

    @Test func logarithmicTicksArePowers() {
        let fitted = FittedAxis(Axis(scale: .logarithmic), values: [0.003, 900, -1, 0], tickCount: 6)
        #expect(fitted.range.lowerBound <= 0.003 && fitted.range.upperBound >= 900)
        #expect(fitted.position(0) == nil && fitted.position(-1) == nil)
        #expect(abs(fitted.position(fitted.range.upperBound)! - 1) < 1e-12)
    }

    @Test func heatMapWritesItsCells() throws {
        let map = HeatMap(
            "h", values: [[1, 0], [0.2, 0.8]], texts: [["10", ""], ["2", "8"]], rowLabels: ["cat", "dog"],
            columnLabels: ["cat", "dog"])
        let text = map.drawing.description
        #expect(text.contains(">10</text>") && text.contains("<title>dog · cat · 2</title>"))
    }

    @Test func chartsAreSavedAsFiles() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("c.svg")
            try Plot("p", series: [.init("s", values: [1, 2])]).write(to: url)
            let text = try String(contentsOf: url, encoding: .utf8)
            #expect(try xmlElements(text).contains("path") && text.contains("prefers-color-scheme:dark"))
        }
    }
}
