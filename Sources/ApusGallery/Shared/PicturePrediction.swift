import Apus
import Foundation

/// What a classifier says about one of a user's files.
struct PicturePrediction: Encodable, Sendable {
    struct Candidate: Encodable, Sendable {
        let name: String
        let probability: Double
    }
    let input: String
    /// The likeliest classes, in order.
    let classes: [Candidate]
}

/// Classifies picture files and folders of them; what can't be read is reported and left out.
struct PicturePredictor {
    let model: any Layer
    let preparation: PicturePreparation
    let classNames: [String]

    private static let batchSize = 64
    private static let candidateCount = 3

    /// - Returns: how many inputs could not be used.
    func predict(_ inputs: [URL], output: any SystemOutput) throws -> Int {
        var failureCount = 0
        func fail(_ error: any Error, _ input: URL) {
            output.fail(error, input: input.relativePath)
            failureCount += 1
        }
        var files: [URL] = []
        for input in inputs {
            do { files += try pictureFiles(at: input) } catch { fail(error, input) }
        }
        model.eval()
        var predictions: [PicturePrediction] = []
        for start in stride(from: 0, to: files.count, by: Self.batchSize) {
            var names: [String] = []
            var pictures: [FloatImage] = []
            for file in files[start..<min(start + Self.batchSize, files.count)] {
                do {
                    pictures.append(preparation(try Image(contentsOf: file)))
                    names.append(file.relativePath)
                } catch { fail(error, file) }
            }
            if pictures.isEmpty { continue }
            predictions += zip(names, probabilities(pictures)).map(prediction)
        }
        for prediction in predictions { output.emit("prediction", prediction) }
        if !predictions.isEmpty { output.show(table(predictions).rendered()) }
        return failureCount
    }

    private func probabilities(_ pictures: [FloatImage]) -> [[Float]] {
        let shares: [Float] = softmax(model(preparation.batch(pictures))).elements()
        return stride(from: 0, to: shares.count, by: classNames.count).map {
            Array(shares[$0..<($0 + classNames.count)])
        }
    }

    private func prediction(_ name: String, _ probabilities: [Float]) -> PicturePrediction {
        let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
        let classes = order.prefix(Self.candidateCount).map {
            PicturePrediction.Candidate(name: classNames[$0], probability: Double(probabilities[$0]))
        }
        return PicturePrediction(input: name, classes: classes)
    }

    private func table(_ predictions: [PicturePrediction]) -> TextTable {
        let columns = min(Self.candidateCount, classNames.count)
        let titles = ["Class", "Second", "Third"].prefix(columns).flatMap { [$0, ""] }
        let alignments = (0..<columns).flatMap { _ in [TextTable.Alignment.left, .right] }
        var table = TextTable(header: ["Picture"] + titles, [.left] + alignments)
        for prediction in predictions {
            table.append([prediction.input] + prediction.classes.flatMap { [$0.name, Format.percent($0.probability)] })
        }
        return table
    }

    /// The file itself, or the pictures in a folder by name.
    private func pictureFiles(at url: URL) throws -> [URL] {
        guard url.isDirectory else { return [url] }
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
        let files = names.filter { ["png", "jpg", "jpeg"].contains(($0 as NSString).pathExtension.lowercased()) }
        guard !files.isEmpty else {
            throw InputError(url.relativePath, "the folder holds no pictures", remedy: "Give .png, .jpg or .jpeg files")
        }
        return files.map { URL(fileURLWithPath: $0, relativeTo: url) }.map { file in
            URL(fileURLWithPath: (url.relativePath as NSString).appendingPathComponent(file.relativePath))
        }
    }
}
