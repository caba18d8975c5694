import ApusData
import ApusText
import Foundation
import Testing

@Suite struct WordQuestions {
    private func file(_ text: String, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("questions.txt")
            try Data(text.utf8).write(to: url)
            try body(url)
        }
    }

    @Test func categoriesHoldTheirQuestions() throws {
        try file(
            ": family\nboy girl brother sister\n\n: gram1-adverbs\nslow slowly calm calmly\nsad sadly slow slowly\n"
        ) { url in
            let questions = try AnalogyQuestions(contentsOf: url)
            #expect(questions.categories.map(\.name) == ["family", "gram1-adverbs"])
            #expect(questions.categories.map(\.isSyntactic) == [false, true])
            #expect(questions.categories[0].questions == [.init("boy", "girl", "brother", "sister")])
            #expect(questions.count == 3)
        }
    }

    @Test(arguments: [": family\na b c", "a b c d", "", ": family\n", ": family\na b c d e"])
    func otherFilesAreRefused(text: String) throws {
        try file(text) { url in
            let error = #expect(throws: DataError.self) { try AnalogyQuestions(contentsOf: url) }
            #expect(error?.input.contains("questions.txt") == true)
        }
    }

    @Test func ratedPairsAreRead() throws {
        try file("# a comment\nlove\tsex\t6.77\ntiger\tcat\t7.35\textra\n") { url in
            let similarity = try WordSimilarity(contentsOf: url)
            #expect(similarity.name == "questions")
            #expect(similarity.pairs == [.init("love", "sex", 6.77), .init("tiger", "cat", 7.35)])
        }
    }

    @Test(arguments: ["love\tsex\n", "love\tsex\tmuch\n", "love\tsex\tnan\n", "# nothing\n"])
    func otherPairsAreRefused(text: String) throws {
        try file(text) { url in #expect(throws: DataError.self) { try WordSimilarity(contentsOf: url) } }
    }

    @Test(.enabled(if: DataCatalogue.has("word-similarity"), "run: apus data fetch word-similarity"))
    func theStandardSetsAreWhole() throws {
        let questions = try AnalogyQuestions.standard()
        #expect(questions.categories.count == 14)
        #expect(questions.count == 19_544)
        #expect(questions.categories.filter(\.isSyntactic).count == 9)
        #expect(try WordSimilarity.wordSim353().pairs.count == 353)
        #expect(try WordSimilarity.simLex999().pairs.count == 999)
    }
}
