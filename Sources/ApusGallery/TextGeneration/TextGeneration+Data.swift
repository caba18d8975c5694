import Apus
import Foundation

extension TextGeneration {
    /// What a run's model reads text with, kept beside it: Hugging Face's `tokenizer.json`, or `characters.json`.
    enum SavedTokenizer {
        case bytePairs(BytePairEncoding)
        case characters(CharacterTokenizer)

        /// Made for the texts that a preset is trained on.
        init(_ preset: Preset, for corpus: TextCorpus) {
            if let size = preset.recipe.tokens {
                self = .bytePairs(
                    BytePairEncoding(trainedOn: corpus.documents.lazy.map(\.training), vocabularySize: size))
            } else {
                self = .characters(CharacterTokenizer(charactersOf: corpus.training))
            }
        }

        /// A run's own.
        ///
        /// - Throws: `DataError` where it can't be read.
        init(of preset: Preset, in folder: RunFolder) throws {
            if preset.recipe.tokens != nil {
                self = .bytePairs(try BytePairEncoding(contentsOf: Self.bytePairsURL(folder)))
            } else {
                self = .characters(try CharacterTokenizer(contentsOf: Self.charactersURL(folder)))
            }
        }

        func write(to folder: RunFolder) throws {
            switch self {
            case .bytePairs(let tokenizer): try tokenizer.write(to: Self.bytePairsURL(folder))
            case .characters(let tokenizer): try tokenizer.write(to: Self.charactersURL(folder))
            }
        }

        var value: any Tokenizer {
            switch self {
            case .bytePairs(let tokenizer): tokenizer
            case .characters(let tokenizer): tokenizer
            }
        }

        private static func bytePairsURL(_ folder: RunFolder) -> URL {
            folder.url.appendingPathComponent("tokenizer.json")
        }

        private static func charactersURL(_ folder: RunFolder) -> URL {
            folder.url.appendingPathComponent("characters.json")
        }
    }

    /// The tokens that a model is trained on.
    ///
    /// - Throws: `InputError` where there are too few.
    static func trainingTokens(
        of corpus: TextCorpus, _ tokenizer: any Tokenizer, contextLength: Int, source: String
    ) throws -> [Int] {
        let tokens = corpus.documents.flatMap { tokenizer.encode($0.training) }
        guard tokens.count > contextLength, corpus.heldOutCharacters > 0 else {
            throw InputError(
                source,
                "\(Format.count(tokens.count)) tokens are too few: a training sequence has \(contextLength), and a part is held out",
                remedy: "Give more text; a book is a good beginning")
        }
        return tokens
    }
}

extension TextCorpus {
    /// What a model is measured on, each text behind the training part of its document.
    func scoredTexts(_ tokenizer: some Tokenizer) -> [ScoredText] {
        documents.filter { !$0.heldOut.isEmpty }.map { ScoredText($0.heldOut, after: $0.training, tokenizer) }
    }
}
