import Apus
import ApusGallery
import ArgumentParser

struct SystemsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "systems",
        abstract: "List the systems, or say what one is: reference, data, metric, target, limits.")

    @Argument(help: "One system to tell of.", completion: .list(SystemRegistry.names))
    var name: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let output = output.makeOutput()
        if let name {
            let card = try SystemRegistry.system(named: name).card
            output.show(card.text(width: Terminal(.standardOutput).width))
            output.emit("system", card)
        } else {
            var table = TextTable(header: ["System", "Data", "Target"], [.left, .left, .left])
            for card in SystemRegistry.all.map(\.card) {
                table.append(card.name, card.defaultData, card.target)
                output.emit("system", card)
            }
            output.show(table.rendered())
            output.show("\nMore on one: apus systems NAME. Train it: apus train NAME")
        }
        output.finish("systems", system: name)
    }
}

extension SystemCard {
    /// A page for a terminal.
    fileprivate func text(width: Int) -> String {
        let facts: [(String, [String])] = [
            ("Reference", references), ("Data", [defaultData]), ("By path", formats), ("Input", [input]),
            ("Metric", [metric]), ("Target", [target]), ("Baseline", [baseline]), ("Limits", limits),
            ("Presets", presets.map { "\($0.name)\($0.name == defaultPreset ? " (default)" : ""): \($0.summary)" }),
            ("Training", settings(for: .training)), ("Prediction", settings(for: .prediction)),
        ].filter { !$0.1.isEmpty }
        let indent = facts.map(\.0.count).max()! + 2
        let room = max(30, min(width, 100) - indent)
        let lines = facts.flatMap { title, texts in
            texts.flatMap { wrapped($0, width: room) }.enumerated().map { index, line in
                let head = index == 0 ? title : ""
                return head + String(repeating: " ", count: indent - head.count) + line
            }
        }
        return ([title, summary, ""] + lines).joined(separator: "\n")
    }

    private func settings(for use: Setting.Use) -> [String] {
        settings.filter { $0.use == use }.map { "--set \($0.name)=\($0.value): \($0.summary)" }
    }
}

/// Lines of at most `width` characters, broken at spaces.
func wrapped(_ text: String, width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
        if !lines[lines.count - 1].isEmpty, lines[lines.count - 1].count + 1 + word.count > width { lines.append("  ") }
        let last = lines[lines.count - 1]
        lines[lines.count - 1] += (last.allSatisfy { $0 == " " } ? "" : " ") + word
    }
    return lines
}
