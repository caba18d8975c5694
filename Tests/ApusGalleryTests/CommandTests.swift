import Apus
import Foundation
import Testing

@Suite struct CommandTests {
    @Test func systemsAreListedAndDescribed() throws {
        let place = try Workplace()
        let list = try place.apus("systems")
        #expect(list.status == 0)
        #expect(list.output.contains("image-classification"))
        let card = try place.apus("systems", "image-classification", "--json")
        let fields = try #require(card.events("system").first)
        for key in ["name", "references", "defaultData", "metric", "target", "baseline", "limits", "presets"] {
            #expect(fields[key] != nil, "\(key)")
        }
        #expect(card.events.last?["event"] as? String == "finished")
    }

    @Test(arguments: [["version"], ["summary", "image-classification", "--preset", "lenet"], ["data", "list"]])
    func lastLineSaysFinished(_ command: [String]) throws {
        let place = try Workplace()
        let result = try place.apus(command + ["--json"])
        #expect(result.status == 0)
        #expect(result.events.count == result.output.split(separator: "\n").count, "every line is a JSON object")
        #expect(result.events.last?["event"] as? String == "finished")
        #expect(result.events.last?["seconds"] is Double)
    }

    @Test func summaryTellsParametersAndOperations() throws {
        let result = try Workplace().apus("summary", "image-classification", "--preset", "lenet")
        #expect(result.output.contains("61,706"))
        #expect(result.output.contains("FLOPs"))
    }

    @Test(arguments: [
        (["trian"], "train"), (["train", "image-classification", "--epoch", "1"], "--epochs"),
        (["train", "image-classification", "--batch-size", "0"], "at least 1"),
        (["train", "image-classification", "--resume", "x", "--seed", "1"], "--seed"),
        (["train", "image-classification", "--precision", "f31"], "f32"),
        (["predict", "image-classification"], "--model"),
    ])
    func wrongUsageExitsWith64(_ arguments: [String], _ hint: String) throws {
        let place = try Workplace()
        let result = try place.apus(arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains(hint), "\(result.errors)")
    }

    @Test(arguments: [
        (["systems", "image-clasification"], "Did you mean image-classification?"),
        (["train", "image-classification", "--preset", "resnett"], "Did you mean resnet?"),
        (["data", "fetch", "fashion-mnits"], "Did you mean fashion-mnist?"),
        (["evaluate", "image-classification", "--model", "nowhere"], "nowhere"),
        (["train", "image-classification", "--resume", "nowhere"], "no run"),
        (["predict", "image-classification", "--model", "nowhere", "a.png"], "config.json"),
    ])
    func wrongNamesExitWith1(_ arguments: [String], _ hint: String) throws {
        let place = try Workplace()
        let result = try place.apus(arguments + ["--json"])
        #expect(result.status == 1)
        #expect(result.errors.contains(hint), "\(result.errors)")
        let event = try #require(result.events.last)
        #expect(event["event"] as? String == "error")
        #expect((event["message"] as? String)?.contains(hint) == true)
        #expect(!place.exists("runs"), "nothing is left behind")
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsAreGenerated(_ shell: String) throws {
        let result = try Workplace().apus("--generate-completion-script", shell)
        #expect(result.status == 0)
        #expect(result.output.contains("image-classification"))
    }
}
