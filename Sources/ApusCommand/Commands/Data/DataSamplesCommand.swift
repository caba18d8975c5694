import Apus
import ApusGallery
import ArgumentParser
import Foundation

struct DataSamplesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samples",
        abstract: "Write a few held-out pictures of a data set as PNG files, to try predictions with.")

    @Argument(help: "fashion-mnist, or a folder of labelled pictures.", completion: .directory)
    var source: String
    @Option(help: "How many pictures; the classes take turns.")
    var count = 6
    @Option(help: "The folder to write them to.", completion: .directory)
    var out: String
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if count < 1 { throw ValidationError("--count \(count): at least 1 is needed.") }
    }

    func run() throws {
        let output = output.makeOutput()
        let pictures = try LabelledPictures(named: source, output: output)
        let folder = URL(fileURLWithPath: out)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw InputError(out, "the folder can't be made", remedy: "Give an --out that can be written")
        }
        for (number, index) in pictures.samplesByTurns(count).enumerated() {
            let sample = try pictures.test[index]
            let label = pictures.classNames[sample.label]
            let name = String(format: "%02d-", number + 1) + fileName(label) + ".png"
            try sample.image.write(to: folder.appendingPathComponent(name))
            output.show("\(folder.appendingPathComponent(name).relativePath)  \(label)")
            output.emit("sample", SampleEvent(path: folder.appendingPathComponent(name).path, label: label))
        }
        output.finish("data samples")
    }

    /// `T-shirt/top` → `t-shirt-top`
    private func fileName(_ label: String) -> String {
        String(label.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" })
    }
}

private struct SampleEvent: Encodable, Sendable {
    let path: String
    let label: String
}

extension LabelledPictures {
    /// Numbers of held-out pictures: the first of each class, then the second of each, and so on.
    fileprivate func samplesByTurns(_ count: Int) -> [Int] {
        var turns: [Int: Int] = [:]
        let ranked = test.labels.enumerated().map { index, label -> (turn: Int, label: Int, index: Int) in
            turns[label, default: 0] += 1
            return (turns[label]!, label, index)
        }
        return ranked.sorted { ($0.turn, $0.label) < ($1.turn, $1.label) }.prefix(count).map(\.index)
    }
}
