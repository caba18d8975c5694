import Apus
import Foundation

extension ParallelText {
    /// The default data, fetched the first time: verses that both Bibles have.
    ///
    /// - Parameter languages: `en-es` or `es-en`.
    static func bibles(_ languages: LanguagePair, output: any SystemOutput) throws -> ParallelText {
        let name = "bible-en-es"
        guard Set([languages.source, languages.target]) == ["en", "es"] else {
            throw InputError(
                "--set direction=\(languages)", "the default data are in English and Spanish",
                remedy: "Say en-es or es-en, or give --data of your own")
        }
        let progress = FetchProgress(name, output: output)
        let folder = try DataCatalogue.standard.located(name, progress: progress.receive)
        let english = try SwordBible(at: folder.appendingPathComponent("engKJV2006eb"))
        let spanish = try SwordBible(at: folder.appendingPathComponent("spaRV1909eb"))
        let text = ParallelText(name: "King James Version and Reina-Valera", english, spanish)
        return languages.source == "en" ? text : text.reversed
    }

    /// The text at a path, or the default data where nil.
    ///
    /// - Throws: `DataError` or `InputError` that names what is missing.
    static func located(at url: URL?, _ languages: LanguagePair, output: any SystemOutput) throws -> ParallelText {
        guard let url else { return try bibles(languages, output: output) }
        func file(_ language: String) -> URL { URL(fileURLWithPath: "\(url.path).\(language)") }
        let (source, target) = (file(languages.source), file(languages.target))
        let exists = FileManager.default.fileExists(atPath: source.path)
        if exists { return try ParallelText(source: source, target: target) }
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw InputError(
                url.path, "there is no such file, nor \(source.lastPathComponent)",
                remedy:
                    "Give a TSV file, or what \(source.pathExtension) and \(target.pathExtension) are the endings of")
        }
        return try ParallelText(tsv: url)
    }
}

extension PaddedPairs {
    /// A text in tokens.
    init(_ text: ParallelText, _ tokenizer: BytePairEncoding, _ configuration: MachineTranslation.Configuration) {
        self.init(
            text.pairs.map { (tokenizer.encode($0.source), tokenizer.encode($0.target)) },
            batchTokens: configuration.batchTokens, longest: configuration.longest, seed: configuration.seed)
    }
}
