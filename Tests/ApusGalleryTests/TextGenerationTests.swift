import Apus
import ApusGallery
import Foundation
import Testing

@Suite struct TextGenerationTests {
    /// What trains in a test; the published GPT-2 takes more than that.
    private static let presets = TextGeneration.Preset.allCases.filter { $0 != .gpt2 }

    private let tokens: Tensor = .randomIntegers([2, 16], in: 0..<300, generator: Generator(seed: 1))

    @Test func presetsHaveTheirPublishedSizes() throws {
        #expect(try TextGeneration().summary(preset: "gpt2").parameterCount == 124_439_808)
        // wte 2048 · 256, wpe 128 · 256, 4 blocks of 12 · 256² + 13 · 256, the last norm 2 · 256
        #expect(try TextGeneration().summary(preset: "gpt").parameterCount == 3_716_608)
        // The embedding 2048 · 256, 3 blocks of 4 · 256² + 3 · 256 · 688 + 2 · 256, the last norm 256
        #expect(try TextGeneration().summary(preset: "llama").parameterCount == 2_897_664)
    }

    @Test(arguments: presets)
    func gradientsReachEveryParameter(_ preset: TextGeneration.Preset) {
        func check(_ model: some LanguageModel) {
            let (_, gradients) = valueAndGradients(model) { model in
                crossEntropy(model(tokens).flattened(to: 1), tokens.flattened())
            }
            #expect(gradients.count == model.namedParameters.count)
            for element in gradients { #expect(element.gradient.norm().item() > 0, "\(element.name)") }
        }
        let model = withSeed(1) { preset.makeModel(vocabularySize: 300) }
        check(model)
    }

    @Test(arguments: presets)
    func theLossFalls(_ preset: TextGeneration.Preset) {
        func losses(_ model: some LanguageModel) -> [Double] {
            let optimizer = preset.makeOptimizer(model, learningRate: preset.recipe.learningRate)
            return (0..<30).map { _ in
                let (loss, gradients) = withSeed(2) {
                    valueAndGradients(model) { crossEntropy($0(tokens).flattened(to: 1), tokens.flattened()) }
                }
                optimizer.step(gradients)
                return loss.item()
            }
        }
        let model = withSeed(1) { preset.makeModel(vocabularySize: 300) }
        let losses = losses(model)
        #expect(losses[29] < losses[0] / 2, "\(losses[0]) → \(losses[29])")
    }
}

/// One tiny training that several tests look at.
private struct TrainedText {
    let place: Workplace
    let result: Workplace.Result

    init(_ preset: String) throws {
        place = try Workplace()
        try TinyText.write(to: place.url("text.txt"))
        result = try place.apus(
            "train", "text-generation", "--data", "text.txt", "--preset", preset, "--epochs", "2", "--batch-size", "8",
            "--seed", "3", "--out", "run", "--json")
    }
}

@Suite struct TextGenerationCommandTests {
    @Test(arguments: ["llama", "lstm"])
    func trainingPredictionAndEvaluationAgree(preset: String) throws {
        let run = try TrainedText(preset)
        #expect(run.result.status == 0, "\(run.result.errors)")
        let finished = try #require(run.result.events.last)
        let metrics = try #require(finished["metrics"] as? [String: Double])
        let baseline = try #require(finished["baseline"] as? [String: Double])
        #expect(try #require(metrics["bitsPerCharacter"]) < 4)
        #expect(try #require(baseline["bitsPerCharacter"]) < 1)
        let tokenizer = preset == "llama" ? "tokenizer.json" : "characters.json"
        for file in ["config.json", "metrics.jsonl", "model.safetensors", "report.html", tokenizer] {
            #expect(run.place.exists("run/\(file)"), "\(file)")
        }
        let report = try String(contentsOf: run.place.url("run/report.html"), encoding: .utf8)
        let inside = preset == "llama" ? "Attention" : "Activations"
        for part in ["Learning curves", "Samples", "Surprise", "Likeliest continuations", inside, "Machine"] {
            #expect(report.contains(part), "\(part)")
        }

        let evaluated = try run.place.apus("evaluate", "text-generation", "--model", "run", "--json")
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        #expect(evaluated.events.last?["metrics"] as? [String: Double] == metrics)
        #expect(evaluated.events.last?["baseline"] as? [String: Double] == baseline)
        try TinyText.write(to: run.place.url("own.txt"), lines: 20)
        let own = try run.place.apus(
            "evaluate", "text-generation", "--model", "run", "--data", "own.txt", "--json")
        #expect(own.status == 0, "\(own.errors)")
        #expect((own.events.last?["metrics"] as? [String: Double])?["bitsPerCharacter"] ?? 99 < 4)

        try checkPredictions(run)
    }

    private func checkPredictions(_ run: TrainedText) throws {
        func predict(_ inputs: [String], _ settings: [String] = []) throws -> Workplace.Result {
            try run.place.apus(
                ["predict", "text-generation", "--model", "run"] + inputs
                    + (["length=40"] + settings).flatMap { ["--set", $0] } + ["--json"])
        }
        let first = try predict(["the cat"])
        #expect(first.status == 0, "\(first.errors)")
        let text = try #require(first.events("prediction").first?["text"] as? String)
        #expect(text.count >= 40)
        #expect(first.events("token").compactMap { $0["text"] as? String }.joined() == text)
        #expect(first.events("token").allSatisfy { (0...1).contains($0["probability"] as? Double ?? -1) })
        #expect(try predict(["the cat"]).events("prediction").first?["text"] as? String == text)
        #expect(try predict(["the cat"], ["seed=1"]).events("prediction").first?["text"] as? String != text)

        let likeliest = try predict(["the cat"], ["temperature=0"]).events("prediction").first?["text"] as? String
        let one = try predict(["the cat"], ["top-k=1", "seed=9"]).events("prediction").first?["text"] as? String
        #expect(likeliest == one)

        try Data("nobody has".utf8).write(to: run.place.url("prompt.txt"))
        let others = try predict(["prompt.txt", "", "missing.txt"])
        #expect(others.status == 1)
        #expect(others.events("prediction").count == 2)
        #expect(others.events("error").first?["input"] as? String == "missing.txt")

        let shown = try run.place.apus(
            "predict", "text-generation", "--model", "run", "the cat", "--set", "length=40")
        #expect(shown.output == "the cat" + text + "\n")
    }

    @Test func aStoppedRunGoesOnToTheSameModel() throws {
        let place = try Workplace()
        try TinyText.write(to: place.url("text.txt"))
        let arguments = [
            "train", "text-generation", "--data", "text.txt", "--preset", "gpt", "--epochs", "3", "--batch-size", "8",
            "--json",
        ]
        let whole = try place.apus(arguments + ["--out", "whole"])
        let stopped = try place.start(arguments + ["--out", "parts"])
        while stopped.process.isRunning, try !stopped.output.contains("\"event\":\"epoch\"") { usleep(1000) }
        stopped.process.interrupt()
        stopped.process.waitUntilExit()
        #expect(stopped.process.terminationStatus == 130)
        let resumed = try place.apus("train", "text-generation", "--resume", "parts", "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(
            resumed.events.last?["metrics"] as? [String: Double] == whole.events.last?["metrics"] as? [String: Double])
    }

    @Test func badTextsAreNamed() throws {
        let place = try Workplace()
        try Data().write(to: place.url("empty.txt"))
        try Data([0x61, 0xFF, 0x00, 0x62]).write(to: place.url("binary.txt"))
        try Data("Too short.\nFar too short.\n".utf8).write(to: place.url("short.txt"))
        try FileManager.default.createDirectory(at: place.url("folder"), withIntermediateDirectories: true)
        for (input, reason) in [
            ("empty.txt", "empty"), ("binary.txt", "UTF-8"), ("short.txt", "too few"), ("folder", "no text"),
            ("missing.txt", "no such file"),
        ] {
            let result = try place.apus("train", "text-generation", "--data", input, "--out", "run-\(input)")
            #expect(result.status == 1)
            #expect(result.errors.contains(input) && result.errors.contains(reason), "\(result.errors)")
        }
    }

    @Test func unknownCharactersAndBrokenTokenizersAreNamed() throws {
        let run = try TrainedText("lstm")
        let strange = try run.place.apus("predict", "text-generation", "--model", "run", "the ☃ cat")
        #expect(strange.status == 1 && strange.errors.contains("☃"), "\(strange.errors)")
        try Data("\"aa\"".utf8).write(to: run.place.url("run/characters.json"))
        let broken = try run.place.apus("predict", "text-generation", "--model", "run", "the cat")
        #expect(broken.status == 1 && broken.errors.contains("characters.json"), "\(broken.errors)")
        let range = try run.place.apus(
            "predict", "text-generation", "--model", "run", "the cat", "--set", "temperature=-1")
        #expect(range.status != 0 && range.errors.contains("temperature"), "\(range.errors)")
    }
}
