import Apus
import ApusGallery
import Foundation
import Testing

/// A little language in which a word's ending says what kind of thing it is, and its stem which.
private enum TinyLanguage {
    static let stems = ["bal", "dor", "fin", "gul", "kes", "mar"]

    /// Sentences about one stem at a time: `bala` goes with `red`, `bali` with `blue`.
    static var text: String {
        var generator = Generator(seed: 12)
        let lines = (0..<500).map { number -> String in
            let stem = stems[number % stems.count]
            let form = Int.random(in: 0...1, using: &generator)
            let words = [
                stem + ["a", "i"][form], ["red", "blue"][form], "near-\(stem)", stem + ["a", "i"][form],
                ["warm", "cold"][form],
            ]
            return words.shuffled(using: &generator).joined(separator: " ")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static var questions: String {
        let pairs = stems.flatMap { first in stems.filter { $0 != first }.map { (first, $0) } }
        return ": gram1-form\n" + pairs.map { "\($0)a \($0)i \($1)a \($1)i\n" }.joined()
            + ": unknown\nParis France Rome Italy\n"
    }
}

/// One tiny training that a test looks at.
private struct TrainedRun {
    let place: Workplace
    let result: Workplace.Result

    init(_ preset: String, epochs: Int = 4, _ more: String...) throws {
        place = try Workplace()
        try Data(TinyLanguage.text.utf8).write(to: place.url("text.txt"))
        try Data(TinyLanguage.questions.utf8).write(to: place.url("questions.txt"))
        result = try place.apus(
            [
                "train", "word-analogies", "--data", "text.txt", "--preset", preset, "--epochs", "\(epochs)",
                "--batch-size", "500",
                "--learning-rate", preset.hasPrefix("cbow") ? "0.2" : "0.05", "--set", "dimension=24", "--set",
                "minimum-count=1",
                "--set", "questions=questions.txt", "--set", "buckets=500", "--set", "subsampling=0", "--seed", "2",
                "--out", "run",
                "--json",
            ] + more)
    }

    var weights: [String: Tensor] {
        get throws { try SafetensorsFile(contentsOf: place.url("run/model.safetensors")).tensors() }
    }
}

@Suite struct WordAnalogiesTests {
    @Test(arguments: ["skip-gram", "cbow", "skip-gram-hs", "cbow-hs", "glove", "fasttext"])
    func everyPresetTrains(_ preset: String) throws {
        let run = try TrainedRun(preset)
        #expect(run.result.status == 0, "\(run.result.errors)")
        let losses = run.result.events("epoch").compactMap { ($0["metrics"] as? [String: Double])?["trainingLoss"] }
        #expect(losses.count == 4 && losses[3] < losses[0], "\(losses)")
        let last = try #require(run.result.events.last)
        #expect(last["event"] as? String == "finished")
        let (metrics, baseline) = (last["metrics"] as? [String: Double], last["baseline"] as? [String: Double])
        #expect(metrics?["accuracy"] != nil && baseline?["accuracy"] != nil)
        for file in [
            "config.json", "model.safetensors", "report.html", "vectors.txt", "vocabulary.txt", "baseline.bin",
        ] {
            #expect(run.place.exists("run/\(file)"), "\(file)")
        }
        let report = try String(contentsOf: run.place.url("run/report.html"), encoding: .utf8)
        for part in [
            "Accuracy by category", "PPMI-SVD", "Neighbours", "Map by t-SNE", "Map by principal components",
            "Learning curves",
        ] {
            #expect(report.contains(part), "\(part)")
        }

        // The same weights give the same figures, and are what word2vec's format holds.
        let evaluated = try run.place.apus("evaluate", "word-analogies", "--model", "run", "--json")
        #expect(evaluated.events.last?["metrics"] as? [String: Double] == metrics)
        #expect(evaluated.events.last?["baseline"] as? [String: Double] == baseline)
        let vectors = try WordVectors(contentsOf: run.place.url("run/vectors.txt"))
        #expect(vectors.dimension == 24)
        let answer = try run.place.apus(
            "predict", "word-analogies", "--model", "run", "bala", "--set", "count=3", "--json")
        let neighbours = try #require(answer.events("prediction").first?["neighbours"] as? [[String: Any]])
        let expected = try #require(vectors.neighbours(of: "bala", count: 3))
        #expect(neighbours.map { $0["word"] as? String } == expected.map(\.word))
    }

    @Test func updatesReachEveryParameter() throws {
        for preset in ["skip-gram", "glove"] {
            let short = try TrainedRun(preset, epochs: 1).weights
            let long = try TrainedRun(preset, epochs: 2).weights
            #expect(short.count == (preset == "glove" ? 4 : 2))
            for (name, value) in short {
                #expect(
                    (value .!= long[name]!).any(axes: -1).all().item(as: Bool.self) || value.rank == 1,
                    "\(preset): \(name)")
                #expect((value .!= long[name]!).any().item(as: Bool.self), "\(preset): \(name)")
            }
        }
    }

    @Test func subwordsAnswerTheGrammar() throws {
        let run = try TrainedRun("fasttext", epochs: 8, "--set", "shortest-n-gram=2")
        let metrics = try #require(run.result.events.last?["metrics"] as? [String: Double])
        #expect(try #require(metrics["accuracy"]) > 0.8, "\(metrics)")
        // A word that was never seen is made of its parts.
        let made = try run.place.apus("predict", "word-analogies", "--model", "run", "balax", "--json")
        #expect(made.status == 0)
        #expect(made.events("prediction").first?["madeOfParts"] as? [String] == ["balax"])
    }

    @Test func filesOfExpressionsAreAnswered() throws {
        let run = try TrainedRun("skip-gram")
        try Data("bala - bali + dori\n\nred\nfina\n".utf8).write(to: run.place.url("lines.txt"))
        let result = try run.place.apus("predict", "word-analogies", "--model", "run", "lines.txt", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.events("prediction").map { $0["input"] as? String } == ["bala - bali + dori", "red", "fina"])
        let shown = try run.place.apus(
            "predict", "word-analogies", "--model", "run", "bala - bali + dori", "--set", "method=3cosmul")
        #expect(shown.status == 0 && shown.output.contains("Similarity"))
    }

    @Test func whatCannotBeAnsweredIsNamed() throws {
        let run = try TrainedRun("skip-gram")
        func errors(_ arguments: String...) throws -> String {
            let result = try run.place.apus(["predict", "word-analogies", "--model", "run"] + arguments)
            #expect(result.status == 1)
            return result.errors
        }
        let near = try errors("balq")
        #expect(near.contains("Near are bal") && near.contains("bala") && near.contains("bali"))
        #expect(try errors("bala dora").contains("no expression"))
        #expect(try errors("missing.txt").contains("no such file"))
        #expect(try errors("bala", "--set", "count=0").contains("count"))
        #expect(try errors("bala", "--set", "method=guess").contains("3cosadd, 3cosmul"))
        // One bad line stops no other.
        let both = try run.place.apus("predict", "word-analogies", "--model", "run", "balq", "bala", "--json")
        #expect(both.status == 1)
        #expect(both.events("prediction").count == 1 && both.events("error").count == 1)
    }

    @Test func badTextsAreNamed() throws {
        let place = try Workplace()
        try Data().write(to: place.url("empty.txt"))
        try Data("word\n".utf8).write(to: place.url("one.txt"))
        try Data("a\nb\nc\na\nb\nc\n".utf8).write(to: place.url("alone.txt"))
        try Data([0xFF, 0xFE, 0x00]).write(to: place.url("binary.txt"))
        try Data("no questions".utf8).write(to: place.url("questions.txt"))
        try Data(TinyLanguage.text.utf8).write(to: place.url("text.txt"))
        func error(_ arguments: String...) throws -> String {
            let result = try place.apus(
                ["train", "word-analogies", "--out", "run", "--set", "minimum-count=1"] + arguments)
            #expect(result.status == 1, "\(arguments)")
            #expect(!place.exists("run"), "\(arguments)")
            return result.errors
        }
        #expect(try error("--data", "missing.txt").contains("missing.txt: no such file"))
        #expect(try error("--data", "empty.txt").contains("empty"))
        #expect(try error("--data", "one.txt").contains("minimum-count"))
        #expect(try error("--data", "alone.txt").contains("one word"))
        #expect(try error("--data", "binary.txt").contains("UTF-8"))
        #expect(try error("--data", "text.txt", "--preset", "fastext").contains("Did you mean fasttext?"))
        #expect(try error("--data", "text.txt", "--set", "dimension=0").contains("dimension=0"))
        #expect(try error("--data", "text.txt", "--set", "questions=questions.txt").contains("line 1"))
    }

    @Test func damagedRunsAreNamed() throws {
        let run = try TrainedRun("skip-gram", epochs: 1)
        var weights = try run.weights
        weights["inputs"] = Tensor.zeros([3, 24])
        try SafetensorsFile.write(weights, metadata: [:], to: run.place.url("run/model.safetensors"))
        let result = try run.place.apus("predict", "word-analogies", "--model", "run", "bala")
        #expect(result.status == 1)
        #expect(result.errors.contains("inputs"))
        try Data("2 2\na 1 nan\nb 1 2\n".utf8).write(to: run.place.url("run/baseline.bin"))
        let again = try TrainedRun("skip-gram", epochs: 1)
        try Data("2 2\na 1 nan\nb 1 2\n".utf8).write(to: again.place.url("run/baseline.bin"))
        let evaluated = try again.place.apus("evaluate", "word-analogies", "--model", "run")
        #expect(evaluated.status == 1)
        #expect(evaluated.errors.contains("“a” holds nan"))
    }

    /// Ctrl-C, and the process's end without a word: one thread goes on to the same bits.
    @Test(arguments: ["skip-gram", "glove"], [SIGINT, SIGKILL])
    func aStoppedRunGoesOnToTheSameVectors(preset: String, signal: Int32) throws {
        let place = try Workplace()
        try Data(TinyLanguage.text.utf8).write(to: place.url("text.txt"))
        try Data(TinyLanguage.questions.utf8).write(to: place.url("questions.txt"))
        let arguments = [
            "train", "word-analogies", "--data", "text.txt", "--preset", preset, "--epochs", "60", "--batch-size",
            "100", "--set",
            "dimension=24", "--set", "minimum-count=1", "--set", "questions=questions.txt", "--threads", "1", "--json",
        ]
        let whole = try place.apus(arguments + ["--out", "whole"])
        #expect(whole.status == 0, "\(whole.errors)")
        let stopped = try place.start(arguments + ["--out", "parts"])
        while stopped.process.isRunning, try !stopped.output.contains("\"event\":\"epoch\"") { usleep(1000) }
        kill(stopped.process.processIdentifier, signal)
        stopped.process.waitUntilExit()
        #expect(!place.exists("parts/model.safetensors"))

        let resumed = try place.apus("train", "word-analogies", "--resume", "parts", "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        for file in ["model.safetensors", "vectors.txt"] {
            #expect(
                try Data(contentsOf: place.url("whole/\(file)")) == Data(contentsOf: place.url("parts/\(file)")),
                "\(file)")
        }
    }
}
