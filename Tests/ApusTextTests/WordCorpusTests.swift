import ApusData
import ApusText
import Foundation
import Testing

@Suite struct Corpora {
    @Test func proseBecomesWords() {
        let text = "“Mr. Darcy’s friend—it is a truth!” she said. Well-bred, don't you _think_? 'Tis 1813."
        #expect(
            proseWords(of: text) == [
                "mr", "darcy", "'s", "friend", "it", "is", "a", "truth", "she", "said", "well", "bred", "don't", "you",
                "think", "tis",
            ])
        #expect(proseWords(of: " … 1813 ") == [])
        #expect(proseWords(of: "Élan naïf") == ["élan", "naïf"])
    }

    @Test func wordsAreCounted() {
        let corpus = WordCorpus(sentences: [["a", "b", "a"], [], ["c", "a"]])
        #expect(corpus.words == ["a", "b", "c"])
        #expect(corpus.counts == [3, 1, 1])
        #expect(corpus.sentenceCount == 2)
        #expect(corpus.wordCount == 5)
        #expect(corpus.tokens == [0, 1, 0, -1, 2, 0, -1])
    }

    @Test func vocabulariesAreByFrequency() throws {
        let corpus = WordCorpus(sentences: [["x", "b", "a", "a"], ["b", "c"], ["rare"]])
        let vocabulary = WordVocabulary(corpus, minimumCount: 1)
        #expect(vocabulary.words == ["a", "b", "c", "rare", "x"])
        let frequent = WordVocabulary(corpus, minimumCount: 2)
        #expect(frequent.words == ["a", "b"])
        #expect(frequent["b"] == 1)
        #expect(frequent["c"] == nil)
        // A sentence without known words leaves no trace.
        #expect(frequent.encoded(corpus) == [1, 0, 0, -1, 1, -1])
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("vocabulary.txt")
            try vocabulary.write(to: url)
            #expect(try WordVocabulary(contentsOf: url) == vocabulary)
            try Data("a\n".utf8).write(to: url)
            #expect(throws: DataError.self) { try WordVocabulary(contentsOf: url) }
        }
    }

    @Test func frequentWordsAreThinned() {
        let vocabulary = WordVocabulary(words: ["the", "rare"], counts: [900, 100])
        let keep = vocabulary.keepProbabilities(threshold: 0.09)
        #expect(abs(keep[0] - (0.1.squareRoot() + 0.1)) < 1e-12)
        #expect(keep[1] == 1)
    }

    @Test func filesAreReadByTheirForm() throws {
        try withTemporaryFolder { folder in
            let lines = folder.appendingPathComponent("a.txt")
            try Data("new_york is big\nthe End\n".utf8).write(to: lines)
            #expect(try WordCorpus(contentsOf: lines).words == ["new_york", "is", "big", "the", "End"])

            let prose = folder.appendingPathComponent("b.txt")
            let text = String(repeating: "It was a fine day. Mr. Weston\nwent out.\n\nEmma stayed. ", count: 20)
            try Data(text.utf8).write(to: prose)
            let corpus = try WordCorpus(contentsOf: prose)
            #expect(corpus.words == ["it", "was", "a", "fine", "day", "mr", "weston", "went", "out", "emma", "stayed"])
            // Two paragraphs' ends: the others begin where the one before stops.
            #expect(corpus.sentenceCount == 21)

            #expect(try WordCorpus(contentsOf: folder).words.count == 5 + 11)
            #expect(try WordCorpus(contentsOf: prose, format: .lines).words.contains("day."))
        }
    }

    @Test func foldersAndFilesWithoutWordsAreRefused() throws {
        try withTemporaryFolder { folder in
            #expect(throws: DataError.self) { try WordCorpus(contentsOf: folder) }
            let blank = folder.appendingPathComponent("blank.txt")
            try Data(" \n\n".utf8).write(to: blank)
            #expect(throws: DataError.self) { try WordCorpus(contentsOf: blank) }
            #expect(throws: DataError.self) { try WordCorpus(contentsOf: folder.appendingPathComponent("none.txt")) }
        }
    }
}

@Suite struct Drawing {
    @Test(arguments: [[1.0], [1, 1, 1], [5, 0, 3, 0.5], [1e-9, 1, 1e6]])
    func theTableHoldsTheProbabilities(weights: [Double]) {
        let table = AliasTable(weights: weights)
        let sum = weights.reduce(0, +)
        for (found, weight) in zip(table.probabilities, weights) { #expect(abs(found - weight / sum) < 1e-8) }
    }

    @Test func frequentWordsAreNearTheRoot() {
        let counts = [40, 20, 10, 5, 5]
        let tree = HuffmanTree(counts: counts)
        let lengths = zip(tree.starts, tree.starts.dropFirst()).map { Int($1 - $0) }
        #expect(lengths == [1, 2, 3, 4, 4])
        #expect(tree.longestPath == 4)
        #expect(tree.innerCount == 4)
        // Every path begins at the root, which was made last, and no word lies on another's way.
        #expect(tree.starts.dropLast().allSatisfy { tree.nodes[Int($0)] == 3 })
        let turns = (0..<5).map { word in
            (Int(tree.starts[word])..<Int(tree.starts[word + 1])).map { "\(tree.nodes[$0]):\(tree.labels[$0])" }
        }
        #expect(Set(turns).count == 5)
        for (i, one) in turns.enumerated() {
            for (j, other) in turns.enumerated() where i != j { #expect(!other.starts(with: one)) }
        }
        #expect(HuffmanTree(counts: [3]).nodes.isEmpty)
    }
}
