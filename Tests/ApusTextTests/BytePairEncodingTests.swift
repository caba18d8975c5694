import ApusData
import ApusText
import Foundation
import Testing

/// Text and what Hugging Face's tokenizers make of it: `Goldens/tokenizers.py`.
private struct Encodings: Decodable {
    struct Case: Decodable {
        let text: String
        let plain: [Int]
        let recognizing: [Int]
    }
    let text: String
    let cases: [Case]

    static func load() throws -> Encodings {
        try JSONDecoder().decode(Encodings.self, from: Data(contentsOf: golden("encodings.json")))
    }
}

private func golden(_ name: String) -> URL {
    Bundle.module.bundleURL.appendingPathComponent("Goldens").appendingPathComponent(name)
}

private func withTemporaryFile(_ body: (URL) throws -> Void) rethrows {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url)
}

/// What stands under a key, for comparing parts of JSON files.
private func part(_ key: String, of url: URL) throws -> NSDictionary {
    let file = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
    return try #require(file?[key] as? NSDictionary)
}

@Suite struct BytePairEncodingTests {
    private func trained() throws -> BytePairEncoding {
        BytePairEncoding(
            trainedOn: [try Encodings.load().text], vocabularySize: 420, specialTokens: ["<pad>", "<s>", "</s>"])
    }

    @Test func fileOfHuggingFaceEncodesAsThere() throws {
        let tokenizer = try BytePairEncoding(contentsOf: golden("tokenizer.json"))
        for example in try Encodings.load().cases {
            #expect(tokenizer.encode(example.text) == example.plain, "\(example.text)")
            #expect(tokenizer.encode(recognizingSpecialTokens: example.text) == example.recognizing, "\(example.text)")
        }
    }

    @Test func trainingFindsTheMergesOfHuggingFace() throws {
        try withTemporaryFile { url in
            try trained().write(to: url)
            let (mine, theirs) = (try part("model", of: url), try part("model", of: golden("tokenizer.json")))
            #expect(mine["vocab"] as? NSDictionary == theirs["vocab"] as? NSDictionary)
            #expect(mine["merges"] as? NSArray == theirs["merges"] as? NSArray)
        }
    }

    @Test func writtenFileIsReadBack() throws {
        let tokenizer = try trained()
        try withTemporaryFile { url in
            try tokenizer.write(to: url)
            let read = try BytePairEncoding(contentsOf: url)
            #expect(read.vocabularySize == tokenizer.vocabularySize)
            #expect(read.specialTokens == ["<pad>": 0, "<s>": 1, "</s>": 2])
            for example in try Encodings.load().cases { #expect(read.encode(example.text) == example.plain) }
        }
    }

    @Test func textComesBack() throws {
        let tokenizer = try trained()
        for example in try Encodings.load().cases {
            #expect(tokenizer.decode(tokenizer.encode(example.text)) == example.text)
        }
    }

    @Test func specialTokensStandForNoText() throws {
        let tokenizer = try trained()
        #expect(tokenizer.decode([1, 0] + tokenizer.encode("truth") + [2]) == "truth")
        #expect(!tokenizer.encode("<s>").contains(1))
    }

    @Test func tokensOfHalfACharacterAreReplaced() throws {
        let tokenizer = try trained()
        let tokens = tokenizer.encode("🙃")
        #expect(tokens.count > 1)
        #expect(tokenizer.decode(tokens.dropLast()) == "\u{FFFD}")
    }

    @Test func cacheChangesNothing() throws {
        let tokenizer = try trained()
        let text = try Encodings.load().text
        #expect(tokenizer.encode(text) == tokenizer.encode(text))
        // Words that are too long to be kept, and one that is quadratic for a naive loop.
        let long = String(repeating: "possession", count: 20_000)
        #expect(tokenizer.decode(tokenizer.encode(long)) == long)
    }

    @Test func prefixSpaceIsAdded() {
        let tokenizer = BytePairEncoding(
            trainedOn: ["the theme of the thesis"], vocabularySize: 262, addsPrefixSpace: true)
        #expect(tokenizer.encode("the") == tokenizer.encode(" the"))
        #expect(tokenizer.encode("") == [])
    }

    @Test func vocabularyIsNoLargerThanTheTextAllows() {
        let tokenizer = BytePairEncoding(trainedOn: ["abab"], vocabularySize: 1000, minimumCount: 1)
        #expect(tokenizer.vocabularySize == 258)
        #expect(tokenizer.encode("abab") == [257])
        #expect(BytePairEncoding(trainedOn: [], vocabularySize: 300).encode("a").count == 1)
    }

    @Test(arguments: [
        ("", "empty"), ("{", "tokenizer.json"), ("[]", "tokenizer.json"), ("{\"added_tokens\": []}", "model"),
        ("{\"added_tokens\": [], \"model\": {\"type\": \"WordPiece\", \"vocab\": {}, \"merges\": []}}", "WordPiece"),
        ("{\"added_tokens\": [], \"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}", "ByteLevel"),
        (
            "{\"added_tokens\": [], \"pre_tokenizer\": {\"type\": \"ByteLevel\"}, "
                + "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}", "byte 0"
        ),
        (
            "{\"added_tokens\": [], \"pre_tokenizer\": {\"type\": \"ByteLevel\"}, "
                + "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 7}, \"merges\": []}}", "number 7"
        ),
        (
            "{\"added_tokens\": [], \"pre_tokenizer\": {\"type\": \"ByteLevel\"}, "
                + "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b c\"]}}", "two tokens"
        ),
    ])
    func brokenFilesAreNamed(text: String, reason: String) throws {
        try withTemporaryFile { url in
            try Data(text.utf8).write(to: url)
            let error = try #require(throws: DataError.self) { try BytePairEncoding(contentsOf: url) }
            #expect(error.description.contains(url.path) && error.description.contains(reason), "\(error)")
        }
    }

    @Test func noBytesOfAFileCrash() throws {
        let original = Array(try Data(contentsOf: golden("tokenizer.json")))
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<60 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 32...126, using: &generator)
            }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            try withTemporaryFile { url in
                try Data(bytes).write(to: url)
                guard let read = try? BytePairEncoding(contentsOf: url) else { return }
                _ = read.decode(read.encode(recognizingSpecialTokens: "It is a <s>truth 🙂"))
                try read.write(to: url)
            }
        }
    }
}

@Suite struct CharacterTokenizerTests {
    @Test func charactersAreNumberedInOrder() throws {
        let tokenizer = CharacterTokenizer(charactersOf: "niño 🙂")
        #expect(tokenizer.vocabularySize == 7)
        #expect(tokenizer.encode(" in?") == [1, 2, 3, 0])
        #expect(tokenizer.decode(tokenizer.encode("ñ 🙂?")) == "ñ 🙂\u{FFFD}")
        let read = try JSONDecoder().decode(CharacterTokenizer.self, from: JSONEncoder().encode(tokenizer))
        #expect(read == tokenizer)
    }

    @Test func charactersAreThereOnce() {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(CharacterTokenizer.self, from: Data("\"aa\"".utf8))
        }
    }
}
