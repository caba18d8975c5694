import Apus
import Foundation
import Testing

/// One tiny training that several tests look at.
private struct TrainedRun {
    let place: Workplace
    let result: Workplace.Result

    init(_ preset: String = "mlp", epochs: Int = 4) throws {
        place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"))
        result = try place.apus(
            "train", "image-classification", "--data", "data", "--preset", preset, "--epochs", "\(epochs)",
            "--batch-size", "16", "--seed", "3", "--out", "run", "--json")
    }
}

@Suite struct TrainingCommandTests {
    @Test func trainingKeepsTheContract() throws {
        let run = try TrainedRun()
        #expect(run.result.status == 0, "\(run.result.errors)")
        let last = try #require(run.result.events.last)
        #expect(last["event"] as? String == "finished")
        #expect(last["system"] as? String == "image-classification")
        let metrics = try #require(last["metrics"] as? [String: Double])
        let baseline = try #require(last["baseline"] as? [String: Double])
        for name in ["accuracy", "top5", "f1", "loss"] {
            #expect(metrics[name] != nil && baseline[name] != nil, "\(name)")
        }
        #expect(try #require(metrics["accuracy"]) > 0.8)
        #expect(last["seconds"] is Double)
        #expect((last["run"] as? String)?.hasSuffix("/run") == true)
        for file in ["config.json", "metrics.jsonl", "model.safetensors", "report.html", "baseline.safetensors"] {
            #expect(run.place.exists("run/\(file)"), "\(file)")
        }
        let report = try String(contentsOf: run.place.url("run/report.html"), encoding: .utf8)
        for part in ["Learning curves", "Confusion matrix", "Predictions", "Machine", "Linear baseline"] {
            #expect(report.contains(part), "\(part)")
        }
        let losses = run.result.events("epoch").compactMap { ($0["metrics"] as? [String: Double])?["trainingLoss"] }
        #expect(losses.count == 4 && losses[3] < losses[0] / 2)
    }

    @Test(arguments: ["lenet", "resnet"])
    func otherPresetsTrainToo(_ preset: String) throws {
        let run = try TrainedRun(preset, epochs: 1)
        #expect(run.result.status == 0, "\(run.result.errors)")
        let evaluated = try run.place.apus("evaluate", "image-classification", "--model", "run", "--json")
        #expect(evaluated.status == 0, "\(evaluated.errors)")
        #expect(
            evaluated.events.last?["metrics"] as? [String: Double] == run.result.events.last?["metrics"]
                as? [String: Double])
    }

    @Test func evaluationRepeatsTheTrainingsFigures() throws {
        let run = try TrainedRun()
        let evaluated = try run.place.apus("evaluate", "image-classification", "--model", "run", "--json")
        let (last, trained) = (try #require(evaluated.events.last), try #require(run.result.events.last))
        #expect(last["metrics"] as? [String: Double] == trained["metrics"] as? [String: Double])
        #expect(last["baseline"] as? [String: Double] == trained["baseline"] as? [String: Double])
        #expect((evaluated.events("classes").first?["confusion"] as? [[Int]])?.count == 10)
        let shown = try run.place.apus("evaluate", "image-classification", "--model", "run")
        #expect(shown.output.contains("Most often taken for"))
    }

    @Test func predictionsAreRightAndBrokenFilesStopNobody() throws {
        let run = try TrainedRun()
        let pictures = run.place.url("pictures")
        try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
        try TinyPictures.picture(of: 2).write(to: pictures.appendingPathComponent("two.png"))
        try TinyPictures.picture(of: 7).rgb().write(to: pictures.appendingPathComponent("seven.png"))
        try Data("no picture".utf8).write(to: pictures.appendingPathComponent("broken.png"))

        let result = try run.place.apus(
            "predict", "image-classification", "--model", "run", "pictures", "missing.jpg", "--json")
        #expect(result.status == 1)
        #expect(result.events("error").map { $0["input"] as? String } == ["pictures/broken.png", "missing.jpg"])
        let predictions = result.events("prediction")
        let found = predictions.map { prediction in
            (prediction["classes"] as? [[String: Any]])?.first?["name"] as? String
        }
        #expect(predictions.map { $0["input"] as? String } == ["pictures/seven.png", "pictures/two.png"])
        #expect(found == ["7", "2"])

        let again = try run.place.apus("predict", "image-classification", "--model", "run", "pictures/two.png")
        #expect(again.status == 0)
        #expect(again.output.contains("pictures/two.png"))
        let empty = run.place.url("empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        let nothing = try run.place.apus("predict", "image-classification", "--model", "run", "empty")
        #expect(nothing.status == 1 && nothing.errors.contains("holds no pictures"))
    }

    @Test func runsAreNumberedAndNeverOverwritten() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"), perClass: 4)
        let arguments = ["train", "image-classification", "--data", "data", "--preset", "mlp", "--epochs", "1"]
        for _ in 0..<2 { #expect(try place.apus(arguments).status == 0) }
        #expect(place.exists("runs/image-classification-1/model.safetensors"))
        #expect(place.exists("runs/image-classification-2/model.safetensors"))
        let again = try place.apus(arguments + ["--out", "runs/image-classification-1"])
        #expect(again.status == 1)
        #expect(again.errors.contains("--resume"))
    }

    @Test func aStoppedRunGoesOnToTheSameModel() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"))
        let arguments = [
            "train", "image-classification", "--data", "data", "--preset", "resnet", "--epochs", "40", "--batch-size",
            "16",
            "--json",
        ]
        let whole = try place.apus(arguments + ["--out", "whole"])
        let stopped = try place.start(arguments + ["--out", "parts"])
        while stopped.process.isRunning, try !stopped.output.contains("\"event\":\"step\"") { usleep(1000) }
        stopped.process.interrupt()
        stopped.process.waitUntilExit()
        #expect(stopped.process.terminationStatus == 130)
        #expect(Workplace.events(in: try stopped.output).last?["event"] as? String == "interrupted")
        #expect(!place.exists("parts/model.safetensors"))

        let resumed = try place.apus("train", "image-classification", "--resume", "parts", "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(
            try Data(contentsOf: place.url("whole/model.safetensors"))
                == Data(contentsOf: place.url("parts/model.safetensors")))
        let (a, b) = (whole.events.last, resumed.events.last)
        #expect(a?["metrics"] as? [String: Double] == b?["metrics"] as? [String: Double])
    }

    @Test func imageFoldersTrainAndOtherClassesAreRefused() throws {
        let place = try Workplace()
        try TinyPictures.writeFolders(to: place.url("folders"))
        try TinyPictures.writeIDX(to: place.url("data"), perClass: 2)
        let trained = try place.apus(
            "train", "image-classification", "--data", "folders", "--preset", "lenet", "--epochs", "1", "--out", "run",
            "--json")
        #expect(trained.status == 0, "\(trained.errors)")
        #expect((trained.events.last?["metrics"] as? [String: Double])?["top5"] == nil, "three classes have no top 5")
        let other = try place.apus("evaluate", "image-classification", "--model", "run", "--data", "data")
        #expect(other.status == 1)
        #expect(other.errors.contains("10 classes, the model 3"), "\(other.errors)")
    }

    @Test func weightsOfAnotherArchitectureAreNamed() throws {
        let place = try Workplace()
        try TinyPictures.writeIDX(to: place.url("data"), perClass: 2)
        for preset in ["mlp", "lenet"] {
            #expect(
                try place.apus(
                    "train", "image-classification", "--data", "data", "--preset", preset, "--epochs", "1", "--out",
                    preset
                ).status == 0)
        }
        try FileManager.default.removeItem(at: place.url("mlp/model.safetensors"))
        try FileManager.default.copyItem(
            at: place.url("lenet/model.safetensors"), to: place.url("mlp/model.safetensors"))
        let result = try place.apus("evaluate", "image-classification", "--model", "mlp")
        #expect(result.status == 1)
        #expect(result.errors.contains("unexpected keys: conv1.bias"), "\(result.errors)")
        #expect(result.errors.contains("fc1.weight"))

        try Data("{".utf8).write(to: place.url("mlp/model.safetensors"))
        let broken = try place.apus("evaluate", "image-classification", "--model", "mlp")
        #expect(broken.status == 1 && broken.errors.contains("model.safetensors"))
    }
}
