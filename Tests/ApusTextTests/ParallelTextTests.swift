import ApusData
import ApusText
import Foundation
import Testing

extension URL {
    fileprivate func write(_ text: String, _ name: String) throws -> URL {
        let file = appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        return file
    }
}

@Suite struct ParallelTextTests {
    @Test func tabsAreRead() throws {
        try withTemporaryFolder { folder in
            let file = try folder.write("the sea\tel mar\r\n\n a  man \tun hombre\textra\n", "pairs.tsv")
            let text = try ParallelText(tsv: file)
            #expect(text.pairs == [.init("the sea", "el mar"), .init("a man", "un hombre")])
            #expect(text.reversed.pairs[0] == .init("el mar", "the sea"))
        }
    }

    @Test func linesOfTwoFilesBelongTogether() throws {
        try withTemporaryFolder { folder in
            let english = try folder.write("the sea\n\na man\n", "c.en")
            let spanish = try folder.write("el mar\nnada\nun hombre\n", "c.es")
            let text = try ParallelText(source: english, target: spanish)
            #expect(text.pairs.map(\.target) == ["el mar", "un hombre"])
            let short = try folder.write("el mar\n", "d.es")
            #expect { try ParallelText(source: english, target: short) } throws: { "\($0)".contains("1 lines") }
        }
    }

    @Test func mistakesAreNamed() throws {
        try withTemporaryFolder { folder in
            let noTab = try folder.write("the sea\tel mar\nno tab here\n", "a.tsv")
            #expect { try ParallelText(tsv: noTab) } throws: { "\($0)".contains("line 2") }
            let empty = try folder.write("\t\n \t \n", "b.tsv")
            #expect { try ParallelText(tsv: empty) } throws: { "\($0)".contains("no pair") }
        }
    }

    @Test func heldOutSentencesAreNotTrainedOn() {
        let pairs = (0..<300).map { ParallelText.Pair("s\($0 % 200)", "t\($0 % 150)") }
        let split = ParallelText(name: "t", pairs: pairs).split(validation: 20, test: 30, seed: 1)
        #expect((split.validation.pairs.count, split.test.pairs.count) == (20, 30))
        let held = Set((split.test.pairs + split.validation.pairs).flatMap { [$0.source, $0.target] })
        #expect(split.training.pairs.allSatisfy { !held.contains($0.source) && !held.contains($0.target) })
        #expect(split.training.pairs.count > 100)
        let again = ParallelText(name: "t", pairs: pairs).split(validation: 20, test: 30, seed: 1)
        #expect(again.test.pairs == split.test.pairs)
    }

    @Test func batchesHoldEachPairOnce() throws {
        let pairs = (0..<100).map { (source: Array(repeating: 3 + $0, count: 1 + $0 % 17), target: [3 + $0]) }
        let batches = PaddedPairs(pairs, batchTokens: 200, longest: 16, seed: 3)
        #expect(batches.pairCount == pairs.filter { $0.source.count <= 16 }.count)
        func seen(_ epoch: Int) throws -> [Int] {
            let next = batches.batches(epoch: epoch, from: 0)
            var seen: [Int] = []
            var count = 0
            while let batch = try next() {
                count += 1
                #expect(batch.source.shape[1] % 8 == 0 && batch.source.shape == batch.target.shape)
                let (source, target, following): ([Int], [Int], [Int]) = (
                    batch.source.elements(), batch.target.elements(), batch.next.elements()
                )
                let length = batch.source.shape[1]
                for row in 0..<batch.source.shape[0] {
                    let start = row * length
                    let id = target[start + 1]
                    #expect(
                        target[start] == SpecialToken.begin && following[start..<(start + 2)] == [id, SpecialToken.end])
                    #expect(source[start] == id && source[start..<(start + length)].contains(SpecialToken.end))
                    seen.append(id)
                }
            }
            #expect(count == batches.batchCount)
            return seen
        }
        let (first, second) = (try seen(0), try seen(1))
        #expect(first != second && first.sorted() == second.sorted() && Set(first).count == batches.pairCount)
        #expect(try seen(0) == first)
    }
}

@Suite struct WordTranslationTests {
    /// Brown et al.'s example in small: only together do the sentences tell which word is which.
    @Test func wordsAreFoundInContext() throws {
        let pairs = [
            ("the house", "la casa"), ("the book", "el libro"), ("a book", "un libro"), ("the houses", "la casa"),
        ]
        let model = WordTranslation(
            pairs.map { ($0.0.components(separatedBy: " "), $0.1.components(separatedBy: " ")) }, iterations: 20)
        #expect(model("book")?.word == "libro")
        #expect(model("a")?.word == "un")
        #expect(model("tree") == nil)
    }

    @Test func rareWordsDecideWhatIsNear() throws {
        let texts = ["the cat and the dog", "the dog and the king", "a king"].map { $0.components(separatedBy: " ") }
        let index = NearestTexts(texts)
        #expect(index(["the", "cat"])?.number == 0)
        #expect(index(["king"])?.number == 2)
        #expect(abs(try #require(index(texts[1])).similarity - 1) < 1e-5)
        #expect(index(["tree"]) == nil)
    }
}
