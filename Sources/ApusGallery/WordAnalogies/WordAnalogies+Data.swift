import Apus
import Foundation

extension WordCorpus {
    /// The default text: Jane Austen's six novels and the King James Bible, 1.5 million words, fetched the first time.
    static func austenAndBible(output: any SystemOutput) throws -> WordCorpus {
        var corpus = WordCorpus()
        let austen = FetchProgress("austen", output: output), bible = FetchProgress("bible-en-es", output: output)
        for novel in try JaneAusten.load(progress: austen.receive) {
            for paragraph in novel.paragraphs { corpus.append(prose: paragraph) }
        }
        let folder = try DataCatalogue.standard.located("bible-en-es", progress: bible.receive)
        for verse in try SwordBible(at: folder.appendingPathComponent("engKJV2006eb")).verses {
            corpus.append(prose: verse.text)
        }
        return corpus
    }
}

/// What a run trains on and is measured by.
struct WordAnalogiesData {
    let corpus: WordCorpus
    /// What messages and reports call the text.
    let name: String
    let vocabulary: WordVocabulary

    /// - Throws: `DataError` naming the file; `InputError` where no word is frequent enough.
    init(_ configuration: WordAnalogies.Configuration, output: any SystemOutput) throws {
        let path = configuration.data
        corpus =
            try path.map { try WordCorpus(contentsOf: URL(fileURLWithPath: $0)) } ?? .austenAndBible(output: output)
        name = path.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "Austen and the King James Bible"
        vocabulary = WordVocabulary(corpus, minimumCount: configuration.minimumCount)
        guard vocabulary.count > 1 else {
            throw InputError(
                path ?? name, "\(vocabulary.count) of its words occur \(configuration.minimumCount) times or more",
                remedy: "Give a longer text, or a smaller --set minimum-count")
        }
        guard corpus.sentenceCount < corpus.wordCount else {
            throw InputError(
                path ?? name, "each of its lines holds one word, and vectors come of words near each other",
                remedy: "Give sentences, one a line, or text in paragraphs")
        }
    }
}

/// What vectors are measured by: analogies, and where the standard ones are asked, people's ratings of pairs too.
struct WordQuestions {
    let analogies: AnalogyQuestions
    let similarities: [WordSimilarity]

    /// - Parameter path: of a questions' file; the standard ones where nil.
    init(_ path: String?, output: any SystemOutput) throws {
        if let path {
            analogies = try AnalogyQuestions(contentsOf: URL(fileURLWithPath: path))
            similarities = []
        } else {
            let progress = FetchProgress("word-similarity", output: output)
            analogies = try .standard(progress: progress.receive)
            similarities = [try .wordSim353(), try .simLex999()]
        }
    }
}
