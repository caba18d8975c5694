import ApusData
import ApusTensor
import ApusText
import Foundation
import Testing

/// What `Goldens/make_word_vectors.py` wrote: vectors, questions and pairs, and what gensim and scipy find for them.
private enum Golden {
    struct Results: Decodable {
        struct Category: Decodable {
            let name: String
            let correct: Int
            let asked: Int
        }
        struct Ranks: Decodable {
            let a: [Double]
            let b: [Double]
            let correlation: Double
        }
        struct Hashes: Decodable {
            let grams: [String]
            let buckets: [Int]
        }
        let accuracy: Double
        let categories: [Category]
        let pairCorrelation: Double
        let ranks: Ranks
        let hashes: [String: Hashes]
        /// Words and numbers in turn.
        let neighbours: [[WordOrNumber]]
        let analogy: [[WordOrNumber]]
        let product: [[WordOrNumber]]
    }

    enum WordOrNumber: Decodable {
        case word(String)
        case number(Double)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .word(try container.decode(String.self))
            }
        }
    }

    static func url(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens/\(name)")
    }

    static let results = try! JSONDecoder().decode(Results.self, from: Data(contentsOf: url("word-vectors.json")))

    static func expect(_ found: [WordVectors.Neighbour]?, are golden: [[WordOrNumber]]) {
        #expect(found?.count == golden.count)
        for (neighbour, pair) in zip(found ?? [], golden) {
            guard case .word(let word) = pair[0], case .number(let similarity) = pair[1] else { continue }
            #expect(neighbour.word == word)
            #expect(abs(neighbour.similarity - similarity) < 1e-5)
        }
    }
}

/// Three words whose vectors are easily told.
private let small = WordVectors(
    words: ["east", "north", "northeast", "nothing"],
    matrix: Tensor([1, 0, 0, 2, 3, 3, 0, 0] as [Float], shape: [4, 2]))

@Suite struct WordVectorValues {
    @Test func nearnessIsTheCosine() throws {
        #expect(small.similarity("east", "north") == 0)
        #expect(abs(try #require(small.similarity("east", "northeast")) - 0.5.squareRoot()) < 1e-6)
        #expect(small.neighbours(of: "northeast", count: 2)?.map(\.word) == ["east", "north"])
        #expect(small.similarity("east", "nothing") == 0)
        #expect(small["west"] == nil)
        #expect(small.neighbours(of: "west") == nil)
        #expect(small.prefix(2).words == ["east", "north"])
    }

    @Test func neighboursAreGensims() throws {
        let vectors = try WordVectors(contentsOf: Golden.url("vectors.txt"))
        Golden.expect(vectors.neighbours(of: "ba", count: 5), are: Golden.results.neighbours)
        Golden.expect(vectors.analogy("ba", "bo", "ca", count: 5), are: Golden.results.analogy)
    }

    @Test func productsRankAsGensims() throws {
        let vectors = try WordVectors(contentsOf: Golden.url("vectors.txt"))
        Golden.expect(vectors.analogy("ba", "bo", "ca", method: .product, count: 5), are: Golden.results.product)
    }

    @Test func expressionsAreParsed() throws {
        let expression = try #require(WordExpression("king - man + woman"))
        #expect(expression.terms.map(\.word) == ["king", "man", "woman"])
        #expect(expression.terms.map(\.sign) == [1, -1, 1])
        #expect("\(expression)" == "king - man + woman")
        #expect(WordExpression("queen")?.words == ["queen"])
        #expect(WordExpression("- man + well-known")?.terms.map(\.sign) == [-1, 1])
        #expect(WordExpression("king − man")?.description == "king - man")
        for text in ["", "king man", "king +", "+", "king - - man", "king + - man"] {
            #expect(WordExpression(text) == nil, "\(text)")
        }
    }
}

@Suite struct WordVectorFiles {
    @Test(arguments: ["vectors.txt", "vectors.bin"])
    func gensimsAreRead(name: String) throws {
        let vectors = try WordVectors(contentsOf: Golden.url(name))
        #expect(vectors.count == 58)
        #expect(vectors.dimension == 6)
        #expect(vectors.words.prefix(5) == ["ba", "be", "bi", "bo", "ca"])
    }

    @Test(arguments: WordVectors.FileFormat.allCases)
    func whatIsWrittenIsRead(format: WordVectors.FileFormat) throws {
        let vectors = try WordVectors(contentsOf: Golden.url("vectors.txt"))
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("vectors")
            try vectors.write(to: url, format: format)
            let back = try WordVectors(contentsOf: url)
            #expect(back.words == vectors.words)
            #expect(back.matrix.elements(as: Float.self) == vectors.matrix.elements(as: Float.self))
        }
    }

    @Test(arguments: [
        ("", "empty"), ("hello\n", "two numbers"), ("2 2\na 1 2\n", "ends after 1 of 2"),
        ("1 2\na 1 nan\n", "“a” holds nan"),
        ("2 1\na 1\na 2\n", "twice"), ("1 2\na 1 inf\n", "inf"), ("2 2\na 1 2\nb 1\n", "2 numbers"),
        ("-1 2\n", "two numbers"),
        ("9999999999999999 9999999999999999\n", "ends after"), ("0 0\n", "two numbers"),
    ])
    func otherFilesAreRefused(text: String, problem: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("vectors.txt")
            try Data(text.utf8).write(to: url)
            let error = #expect(throws: DataError.self) { try WordVectors(contentsOf: url) }
            let message = error.map { "\($0)" } ?? ""
            #expect(message.contains(problem), "\(message)")
            #expect(error?.input == url.path)
        }
    }

    @Test func wordsWithSpacesAreNotWritten() throws {
        let vectors = WordVectors(words: ["New York"], matrix: Tensor([1] as [Float], shape: [1, 1]))
        try withTemporaryFolder { folder in
            #expect(throws: DataError.self) { try vectors.write(to: folder.appendingPathComponent("v")) }
        }
    }

    @Test(arguments: ["vectors.txt", "vectors.bin"])
    func damagedFilesNeverTrap(name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: Golden.url(name)))
        try fuzz(bytes, rounds: 300, seed: 3) { _ = try WordVectors(word2vec: $0, input: "test") }
    }
}

@Suite struct WordVectorMetrics {
    @Test func analogiesAreCountedAsByGensim() throws {
        let vectors = try WordVectors(contentsOf: Golden.url("vectors.txt"))
        let found = AnalogyAccuracy(try AnalogyQuestions(contentsOf: Golden.url("questions.txt")), of: vectors)
        #expect(found.categories.map(\.name) == Golden.results.categories.map(\.name))
        #expect(found.categories.map(\.correct) == Golden.results.categories.map(\.correct))
        #expect(found.categories.map(\.asked) == Golden.results.categories.map(\.asked))
        #expect(abs(found.accuracy - Golden.results.accuracy) < 1e-12)
        #expect(found.categories.map(\.isSyntactic) == [false, true, true])
        #expect(found.asked == found.categories.reduce(0) { $0 + $1.asked })
        let parts =
            found.semantic * Double(found.categories[0].asked)
            + found.syntactic * Double(found.asked - found.categories[0].asked)
        #expect(abs(parts - Double(found.correct)) < 1e-9)
    }

    @Test func withoutKnownWordsNothingIsAsked() throws {
        let questions = try AnalogyQuestions(contentsOf: Golden.url("questions.txt"))
        let found = AnalogyAccuracy(questions, of: small)
        #expect(found.asked == 0)
        #expect(found.accuracy == 0)
        #expect(found.categories.allSatisfy { $0.accuracy == nil })
    }

    @Test func ratingsCorrelateAsByGensim() throws {
        let vectors = try WordVectors(contentsOf: Golden.url("vectors.txt"))
        let similarity = try WordSimilarity(contentsOf: Golden.url("pairs.tsv"))
        let found = try #require(similarity.correlation(with: vectors))
        #expect(abs(found.value - Golden.results.pairCorrelation) < 1e-6)
        #expect(found.pairs == 49)
        #expect(similarity.correlation(with: small) == nil)
    }

    @Test func ranksCorrelateAsByScipy() {
        let golden = Golden.results.ranks
        #expect(abs(rankCorrelation(golden.a, golden.b) - golden.correlation) < 1e-12)
        #expect(rankCorrelation([1, 2, 3], [10, 20, 30]) == 1)
        #expect(rankCorrelation([1, 2, 3], [3, 2, 1]) == -1)
        #expect(rankCorrelation([1, 1], [1, 2]).isNaN)
    }

    @Test func subwordsAreFastTexts() {
        let subwords = Subwords(bucketCount: 2000)
        for (word, golden) in Golden.results.hashes {
            #expect(Set(subwords.nGrams(of: word)) == Set(golden.grams), "\(word)")
            #expect(subwords.buckets(of: word).sorted() == golden.buckets.sorted(), "\(word)")
        }
        // A mark alone is no n-gram.
        #expect(Subwords(minimumLength: 1, maximumLength: 2).nGrams(of: "a") == ["<a", "a", "a>"])
    }
}
