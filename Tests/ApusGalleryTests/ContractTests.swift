import Apus
import ApusGallery
import Foundation
import Testing

@Suite struct SettingTests {
    private let card: SystemCard = {
        var card = ImageClassification().card
        card.settings = [
            Setting("temperature", "0.8", for: .prediction, "how bold"),
            Setting("length", "100", for: .prediction, "how long"),
            Setting("vocabulary", "50", for: .training, "words"),
        ]
        return card
    }()

    private func values(_ given: String...) throws -> SettingValues {
        try SettingValues(given, of: card, for: .prediction)
    }

    @Test func defaultsHoldWhereNothingIsGiven() throws {
        let values = try values("length=7")
        #expect(try values.number("temperature", in: 0...2) == 0.8)
        #expect(try values.count("length", in: 1...10) == 7)
        #expect(values.text("length") == "7")
        #expect(try self.values("temperature=a=b").text("temperature") == "a=b")
    }

    @Test func mistakesNameTheRemedy() throws {
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "no error"
        }
        #expect(message { _ = try values("temperatur=1") }.contains("Did you mean temperature?"))
        #expect(message { _ = try values("vocabulary=60") }.contains("no setting for prediction"))
        #expect(message { _ = try values("length") }.contains("name=value"))
        #expect(message { _ = try values("length=1.5").count("length", in: 1...10) }.contains("from 1 to 10"))
        #expect(message { _ = try values("length=11").count("length", in: 1...10) }.contains("--set length=11"))
        #expect(message { _ = try values("temperature=nan").number("temperature", in: 0...2) }.contains("from 0 to 2"))
        #expect(
            message { _ = try SettingValues(["a=1"], of: ImageClassification().card, for: .training) }
                .contains("has no settings"))
    }

    @Test(arguments: SystemRegistry.names)
    func cardsAreSound(_ name: String) throws {
        let card = try SystemRegistry.system(named: name).card
        #expect(card.presets.contains { $0.name == card.defaultPreset })
        #expect(Set(card.settings.map { "\($0.use)\($0.name)" }).count == card.settings.count)
        #expect(card.settings.allSatisfy { !$0.summary.isEmpty && !$0.name.contains("=") })
        for use in [Setting.Use.training, .prediction] { _ = try SettingValues(of: card, for: use) }
    }
}

@Suite struct GoalTests {
    private func finished(_ value: Double?, _ baseline: Double?, _ metric: String) -> RunEvent.Finished {
        RunEvent.Finished(
            system: "x", metrics: value.map { [metric: $0] } ?? [:], baseline: baseline.map { [metric: $0] } ?? [:],
            seconds: 1, run: nil)
    }

    @Test func boundsAndBaselinesBothCount() {
        let more = Goal("accuracy", 0.9)
        #expect(more.isMet(by: finished(0.9, 0.8, "accuracy")))
        #expect(!more.isMet(by: finished(0.89, 0.8, "accuracy")))
        #expect(!more.isMet(by: finished(0.95, 0.96, "accuracy")), "a baseline that is better")
        let less = Goal("bitsPerCharacter", 1.9)
        #expect(less.isMet(by: finished(1.8, 2, "bitsPerCharacter")))
        #expect(!less.isMet(by: finished(1.95, 2, "bitsPerCharacter")))
        let any = Goal("bleu")
        #expect(any.isMet(by: finished(2, 1, "bleu")) && !any.isMet(by: finished(1, 1, "bleu")))
        #expect(!any.isMet(by: finished(nil, 1, "bleu")) && !any.isMet(by: finished(.nan, 1, "bleu")))
    }
}

@Suite struct TextInputTests {
    @Test func filesAndTextsAreTold() throws {
        let place = try Workplace()
        let path = place.url("lines.txt").path
        try Data(" one \r\n\n two\n".utf8).write(to: place.url("lines.txt"))
        let file = try TextInput(path)
        #expect(file.isFile && file.name == path && file.lines == ["one", "two"])
        let text = try TextInput("It is a truth. See a/b.txt")
        #expect(!text.isFile && text.lines == ["It is a truth. See a/b.txt"])
        #expect(try TextInput("king").lines == ["king"])
        for missing in ["missing.txt", "folder/name", place.url("no.tsv").path] {
            #expect(throws: InputError.self) { try TextInput(missing) }
        }
        #expect(throws: DataError.self) { try TextInput(place.folder.path) }
    }
}
