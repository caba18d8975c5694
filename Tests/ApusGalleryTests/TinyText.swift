import Apus
import Foundation

/// Small texts that tests write themselves: sentences of a few words, each in a line of its own.
enum TinyText {
    static func lines(_ count: Int, seed: UInt64 = 3) -> String {
        let generator = Generator(seed: seed)
        func one(of words: [String]) -> String { words[Int(generator.next() % UInt64(words.count))] }
        return (0..<count).map { _ in
            let subject = one(of: ["the cat", "a dog", "my aunt", "Mr. Bennet", "nobody"])
            let verb = one(of: ["saw", "has heard of", "would not believe", "admired"])
            let object = one(of: ["the house", "a letter from Bath", "her sister", "ten thousand a year"])
            return "\(subject) \(verb) \(object), \(one(of: ["and slept", "it is said", "at last"])).\n"
        }.joined()
    }

    static func write(to url: URL, lines count: Int = 900) throws {
        try Data(lines(count).utf8).write(to: url)
    }
}
