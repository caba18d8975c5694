import ApusData
import ApusNN
import Foundation
import Testing

import ApusTrain

@Suite struct ReportTests {
    private static let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 0, count: 40))

    private static var events: [RunEvent] {
        (1...100).map {
            .step(
                .init(
                    step: $0, epoch: 0, metrics: ["loss": 1 / Double($0), "learningRate": Double($0)], rate: nil,
                    seconds: 0))
        }
            + [
                .evaluation(.init(step: 100, epoch: 0, metrics: ["loss": 0.2, "accuracy": 0.9], isBest: true)),
                .epoch(.init(epoch: 0, step: 100, metrics: ["accuracy": 0.9], seconds: 2)),
            ]
    }

    private static var report: Report {
        var matrix = ConfusionMatrix(classCount: 2)
        matrix.update(predicted: [0, 1, 1, 1], actual: [0, 1, 0, 1])
        var report = Report(title: "Digits <1> & \"2\"", subtitle: "a\u{1}b")
        report.headline = [.init("Accuracy", "75 %", note: "over the baseline", verdict: .good)]
        report.sections = [
            .metrics(["accuracy": 0.75, "loss": 0.3], baseline: ["accuracy": 0.5]),
            .learningCurves(events, baseline: ["accuracy": 0.5]),
            .confusionMatrix(matrix, classes: ["cat", "dog"]),
            .pictures(
                "Predictions",
                [("Best", [.init(png: png, alternative: "a cat", title: "cat", shares: [.init("cat", 0.9)])])]),
            .model(summary(BlobNet(), input: .zeros([1, 2])) { $0($1) }),
            .data([("Name", "Blobs")]), .machine(.current()),
            .reproduction(commandLine: "apus train digits --seed 3", seed: 3, seconds: 61), .listing("Log", "a < b"),
        ]
        return report
    }

    @Test func picturesComeFromImages() throws {
        let image = Image(width: 3, height: 2, filledWith: [255, 0, 0])
        let picture = try Report.Picture(image, alternative: "red")
        #expect(picture.png == (try image.pngData()) && picture.markup.description.contains("class=\"small\""))
    }

    @Test func isWellFormedAndWhole() throws {
        let html = Self.report.html
        #expect(html.hasPrefix("<!DOCTYPE html>"))
        let elements = try xmlElements(html)
        #expect(elements.first == "html")
        #expect(elements.count { $0 == "section" } == 9)
        #expect(elements.count { $0 == "svg" } >= 5)
        for part in [
            "Digits &lt;1&gt; &amp; &quot;2&quot;", "75 %", "+25.00 points", "Learning curves", "Confusion matrix",
            "fc2",
            "data:image/png;base64,iVBORw0KGgo", "alt=\"a cat\"", "Blobs", "apus train digits --seed 3", "1 min 1 s",
            "Cores",
            "cat taken for dog", "Baseline",
        ] {
            #expect(html.contains(part), "\(part) is missing")
        }
    }

    @Test func needsNothingFromElsewhere() {
        let html = Self.report.html
        for reference in ["src=\"http", "href=\"http", "url(", "@import", "<script", "<link"] {
            #expect(!html.contains(reference))
        }
    }

    @Test func followsThemeAndPaper() {
        let html = Self.report.html
        #expect(html.contains("prefers-color-scheme:dark") && html.contains("@media print"))
        #expect(html.contains("lang=\"en\"") && html.contains("role=\"img\"") && html.contains("aria-label="))
    }

    @Test func emptyRunsHaveReportsToo() throws {
        var report = Report(title: "")
        report.sections = [.metrics([:]), .learningCurves([]), .pictures("None", []), .charts("None", [])]
        #expect(try xmlElements(report.html).first == "html")
    }

    @Test func markupEscapesTextOnly() {
        let inner: Markup = "<b>\("<&>'\"")</b>"
        #expect("\(inner)" as Markup == "<b>&lt;&amp;&gt;&#39;&quot;</b>")
        #expect(("\(0.1 + 0.2) \(3.0) \(-1)" as Markup).description == "0.3 3 -1")
    }

    @Test func replacesItsFileWhole() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("report.html")
            try Self.report.write(to: url)
            try Self.report.write(to: url)
            #expect(try String(contentsOf: url, encoding: .utf8) == Self.report.html)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["report.html"])
        }
    }

    @Test func machineIsKnown() {
        let machine = Machine.current()
        #expect(machine.cores > 0 && machine.memoryBytes > 1 << 20 && !machine.kernel.isEmpty && machine.threads > 0)
    }
}
