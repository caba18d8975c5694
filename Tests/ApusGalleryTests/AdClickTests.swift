import Apus
import ApusGallery
import Foundation
import Testing

/// Lines of Criteo's format and a run trained on them; a training takes a second or two.
struct TrainedClicks {
    let place: Workplace
    let result: Workplace.Result

    static func arguments(_ preset: String, _ more: [String] = []) -> [String] {
        [
            "train", "ad-click", "--preset", preset, "--out", "run", "--json", "--seed", "3", "--batch-size", "64",
            "--set", "buckets=200", "--set", "online-batch-size=16",
        ] + more
    }

    init(_ preset: String = "dlrm", lines: Int = 3000, _ more: String...) throws {
        place = try Workplace()
        result = try place.apus(Self.arguments(preset, ["--set", "simulated-lines=\(lines)"] + more))
    }

    /// Unseen lines, labelled.
    static func lines(_ range: Range<Int>) -> [String] { range.map { CriteoSimulator(seed: 3).line(100_000 + $0) } }

    var weights: [String: Tensor] {
        get throws { try SafetensorsFile(contentsOf: place.url("run/model.safetensors")).tensors() }
    }
}

/// A folder of MovieLens' files in which people like the films of one half.
private func writeTinyMovieLens(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ name: String, _ lines: [String]) throws {
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: folder.appendingPathComponent(name))
    }
    try write(
        "tiny.user",
        ["user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token"]
            + (0..<12).map { "\($0)\t\(20 + $0)\t\($0 % 2 == 0 ? "M" : "F")\tartist\t\(10_000 + 991 * $0)" })
    try write(
        "tiny.item",
        ["item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq"]
            + (0..<20).map { "\($0)\tFilm \($0)\t\(1970 + $0)\t\($0 < 10 ? "Drama War" : "Comedy")" })
    let generator = Generator(seed: 8)
    try write(
        "tiny.inter",
        ["user_id:token\titem_id:token\trating:float\ttimestamp:float"]
            + (0..<1500).map { time in
                let (user, film) = (Int(generator.next() % 12), Int(generator.next() % 20))
                let likes = (film < 10) == (user % 2 == 0) ? 5 : 2
                return "\(user)\t\(film)\t\(generator.next() % 10 == 0 ? 3 : likes)\t\(880_000_000 + time * 600)"
            })
}

@Suite struct AdClickTests {
    @Test(arguments: ["logistic-regression", "wide-and-deep", "deepfm", "dlrm"])
    func everyPresetTrains(_ preset: String) throws {
        let run = try TrainedClicks(preset, "--epochs", "3")
        #expect(run.result.status == 0, "\(run.result.errors)")
        let losses = run.result.events("epoch").compactMap { ($0["metrics"] as? [String: Double])?["trainingLoss"] }
        #expect(losses.count == 3 && losses[2] < losses[0], "\(losses)")
        let last = try #require(run.result.events.last)
        let (metrics, baseline) = (last["metrics"] as? [String: Double], last["baseline"] as? [String: Double])
        for name in ["auc", "logLoss", "normalizedEntropy", "calibrationRatio", "calibrationError", "continuousAUC"] {
            #expect(metrics?[name] != nil && baseline?[name] != nil, "\(name)")
        }
        for file in ["config.json", "model.safetensors", "service.safetensors", "linear.safetensors", "report.html"] {
            #expect(run.place.exists("run/\(file)"), "\(file)")
        }
        let report = try String(contentsOf: run.place.url("run/report.html"), encoding: .utf8)
        for part in ["Ranking and reliability", "In service", "Logistic regression", "simulated"] {
            #expect(report.contains(part), "\(part)")
        }
        // The same weights give the same figures.
        let evaluated = try run.place.apus("evaluate", "ad-click", "--model", "run", "--json")
        let again = try #require(evaluated.events.last?["metrics"] as? [String: Double])
        #expect(again == metrics?.filter { again.keys.contains($0.key) } && again.count == 5)
    }

    @Test func updatesReachEveryParameter() throws {
        for preset in ["wide-and-deep", "deepfm", "dlrm"] {
            let (short, long) = (
                try TrainedClicks(preset, lines: 500).weights, try TrainedClicks(preset, lines: 600).weights
            )
            for (name, value) in short {
                #expect((value .!= long[name]!).any().item(as: Bool.self), "\(preset): \(name)")
            }
        }
    }

    @Test func whatIsInterruptedGoesOnTheSameWay() throws {
        let whole = try TrainedClicks("dlrm", lines: 4000, "--epochs", "2")
        #expect(whole.result.status == 0)
        let other = try Workplace()
        let run = try other.start(
            TrainedClicks.arguments("dlrm", ["--set", "simulated-lines=4000", "--epochs", "2"]))
        let end = Date().addingTimeInterval(20)
        while !(try run.output).contains("\"event\":\"step\""), run.process.isRunning, Date() < end { usleep(2000) }
        run.process.interrupt()
        run.process.waitUntilExit()
        if run.process.terminationStatus == 130 {
            let resumed = try other.apus("train", "ad-click", "--resume", "run", "--json")
            #expect(resumed.status == 0, "\(resumed.errors)")
        }
        let (a, b) = (
            try whole.weights, try SafetensorsFile(contentsOf: other.url("run/model.safetensors")).tensors()
        )
        for (name, value) in a { #expect((value .== b[name]!).all().item(as: Bool.self), "\(name)") }
    }

    @Test func movieLensIsJoinedWithItsPastOnly() throws {
        let place = try Workplace()
        try writeTinyMovieLens(to: place.url("tiny"))
        let result = try place.apus(
            TrainedClicks.arguments("dlrm", ["--data", "tiny", "--epochs", "2"]))
        #expect(result.status == 0, "\(result.errors)")
        let metrics = try #require(result.events.last?["metrics"] as? [String: Double])
        #expect(try #require(metrics["auc"]) > 0.75, "\(metrics)")

        let lines = try String(contentsOf: place.url("run/events.jsonl"), encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 300)
        let predicted = try place.apus(
            "predict", "ad-click", "--model", "run", "run/events.jsonl", "--json", "--set", "out=p.csv")
        #expect(predicted.status == 0 && predicted.events("prediction").count == 300, "\(predicted.errors)")
        #expect(try String(contentsOf: place.url("p.csv"), encoding: .utf8).split(separator: "\n").count == 301)

        // Films that come later change nothing of what was known before.
        let before = try MovieLens(contentsOf: place.url("tiny"))
        let text = try String(contentsOf: place.url("tiny/tiny.inter"), encoding: .utf8)
        let changed = text.split(separator: "\n").enumerated().map { number, line -> String in
            number > 1450 ? line.replacingOccurrences(of: "\t5\t", with: "\t1\t") : String(line)
        }
        try Data(changed.map { $0 + "\n" }.joined().utf8).write(to: place.url("tiny/tiny.inter"))
        #expect(try MovieLens(contentsOf: place.url("tiny")).ratings.prefix(1400) == before.ratings.prefix(1400))
        let again = try place.apus(
            TrainedClicks.arguments("dlrm", ["--data", "tiny", "--epochs", "2"]).map { $0 == "run" ? "run2" : $0 })
        #expect(again.status == 0)
        let others = try String(contentsOf: place.url("run2/events.jsonl"), encoding: .utf8).split(separator: "\n")
        #expect(lines.prefix(240) == others.prefix(240) && lines.suffix(20) != others.suffix(20))
        #expect(
            try Data(contentsOf: place.url("run/model.safetensors"))
                == Data(contentsOf: place.url("run2/model.safetensors")), "the test period leaked into training")
    }

    @Test func reasonsAndLinesOfBothKinds() throws {
        let run = try TrainedClicks("deepfm", lines: 2000)
        let lines = TrainedClicks.lines(0..<20)
        let unlabelled = lines.map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).dropFirst().joined(separator: "\t")
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: run.place.url("with.tsv"))
        try Data(unlabelled.joined(separator: "\n").utf8).write(to: run.place.url("without.tsv"))
        func probabilities(_ file: String) throws -> [Double] {
            let result = try run.place.apus("predict", "ad-click", "--model", "run", file, "--json")
            #expect(result.status == 0, "\(result.errors)")
            let events = result.events("prediction")
            #expect(events.allSatisfy { ($0["reasons"] as? [Any])?.count == 3 })
            return events.compactMap { $0["probability"] as? Double }
        }
        let (a, b) = (try probabilities("with.tsv"), try probabilities("without.tsv"))
        #expect(a.count == 20 && a == b && Set(a).count > 10)
        let shown = try run.place.apus("predict", "ad-click", "--model", "run", "with.tsv")
        #expect(shown.output.contains("On 20 labelled lines: ROC AUC"))
    }

    @Test func badInputsAreNamed() throws {
        let run = try TrainedClicks(lines: 500)
        func errors(_ arguments: String..., status: Int32 = 1) throws -> String {
            let result = try run.place.apus(arguments)
            #expect(result.status == status, "\(arguments)")
            return result.errors
        }
        func write(_ name: String, _ lines: [String]) throws {
            try Data(lines.joined(separator: "\n").utf8).write(to: run.place.url(name))
        }
        let good = TrainedClicks.lines(0..<300)
        try write("bad.tsv", good.prefix(50) + ["7\tx"] + good.suffix(50))
        try write("worse.tsv", good.prefix(5) + ["7\tx", "8"] + good.prefix(30))
        let worse = try errors("train", "ad-click", "--data", "worse.tsv", "--out", "x1")
        #expect(worse.contains("worse.tsv: line 6: 2 fields"), "\(worse)")
        try write("few.tsv", Array(good.prefix(20)))
        #expect(try errors("train", "ad-click", "--data", "few.tsv", "--out", "x2").contains("has 20 impressions"))
        #expect(try errors("train", "ad-click", "--data", "none.tsv", "--out", "x3").contains("no such file or folder"))
        #expect(
            try errors("train", "ad-click", "--set", "buckets=1", "--out", "x4").contains("from 2 to 10,000,000"))
        let predict = ["predict", "ad-click", "--model", "run"]
        #expect(try run.place.apus(predict + ["none.tsv"]).errors.contains("no such file"))
        let mixed = try run.place.apus(predict + ["bad.tsv", "--json"])
        #expect(mixed.status == 1 && mixed.events("prediction").count == 100 && mixed.events("error").count == 1)
        #expect(mixed.errors.contains("line 51"))
        try write("json.tsv", ["{\"I1\": 5, \"C1\": \"68fd1e64\"}", "{\"I99\": 5}", "{\"I1\": \"x\"}", "{"])
        let json = try run.place.apus(predict + ["json.tsv", "--json"])
        #expect(json.events("prediction").count == 1 && json.events("error").count == 3)
        #expect(json.errors.contains("I99") && json.errors.contains("a number is expected"))
        #expect(
            try run.place.apus(predict + ["bad.tsv", "--set", "socket=none.sock"]).errors.contains("no server answers"))
        try Data([1, 2, 3]).write(to: run.place.url("run/model.safetensors"))
        #expect(try run.place.apus(predict + ["bad.tsv"]).status == 1)
    }

    /// One bad line in a hundred is counted and left out.
    @Test func fewBadLinesAreLeftOut() throws {
        let place = try Workplace()
        let lines = TrainedClicks.lines(0..<400)
        try Data((lines.prefix(200) + ["", "7\tx"] + lines.suffix(200)).joined(separator: "\n").utf8)
            .write(to: place.url("log.tsv"))
        let result = try place.apus(
            "train", "ad-click", "--data", "log.tsv", "--set", "buckets=100", "--batch-size", "32", "--out", "run")
        #expect(result.status == 0 && result.output.contains("Left out 1 of 401 lines"), "\(result.errors)")
    }
}
