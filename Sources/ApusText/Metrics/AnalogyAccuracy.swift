import ApusTensor

/// How many analogy questions word vectors answer, by category.
///
/// A question is asked where all four words have vectors, capitals aside. The answer is right where of all words but the question's three the
/// expected one is the nearest.
public struct AnalogyAccuracy: Codable, Hashable, Sendable {
    /// The questions of one category.
    public struct Category: Codable, Hashable, Sendable {
        /// As the questions' file calls it.
        public var name: String
        /// Whether it is about grammar.
        public var isSyntactic: Bool
        /// Questions answered rightly.
        public var correct: Int
        /// Questions asked.
        public var asked: Int
        /// Questions there are; the others have words without vectors.
        public var total: Int

        /// Right answers over questions asked; nil where none was asked.
        public var accuracy: Double? { asked == 0 ? nil : Double(correct) / Double(asked) }
    }

    /// In the order of the questions' file.
    public var categories: [Category]

    /// Over all questions asked; 0 where none was.
    public var accuracy: Double { Self.share(of: categories) }
    /// Over the questions about grammar.
    public var syntactic: Double { Self.share(of: categories.filter(\.isSyntactic)) }
    /// Over the others, about the world.
    public var semantic: Double { Self.share(of: categories.filter { !$0.isSyntactic }) }
    /// Questions asked in all.
    public var asked: Int { categories.reduce(0) { $0 + $1.asked } }
    /// Right answers in all.
    public var correct: Int { categories.reduce(0) { $0 + $1.correct } }

    private static func share(of categories: [Category]) -> Double {
        let asked = categories.reduce(0) { $0 + $1.asked }
        return asked == 0 ? 0 : Double(categories.reduce(0) { $0 + $1.correct }) / Double(asked)
    }

    /// Asks all questions.
    ///
    /// - Parameter method: how words are compared with a question's three.
    public init(_ questions: AnalogyQuestions, of vectors: WordVectors, method: WordVectors.AnalogyMethod = .sum) {
        // Words that differ in capitals alone are one; the first, the most frequent, stands for it.
        var numbers: [String: Int] = [:]
        for (number, word) in vectors.words.enumerated().reversed() { numbers[word.uppercased()] = number }
        categories = questions.categories.map { category in
            let known = category.questions.compactMap { question -> (a: Int, b: Int, c: Int, d: Int)? in
                let found = [question.a, question.b, question.c, question.d].compactMap { numbers[$0.uppercased()] }
                return found.count == 4 ? (found[0], found[1], found[2], found[3]) : nil
            }
            let correct = Self.answers(to: known, vectors, method).filter { $0 }.count
            return Category(
                name: category.name, isSyntactic: category.isSyntactic, correct: correct, asked: known.count,
                total: category.questions.count)
        }
    }

    /// Whether each question is answered rightly. Questions are asked many at a time.
    private static func answers(
        to questions: [(a: Int, b: Int, c: Int, d: Int)], _ vectors: WordVectors, _ method: WordVectors.AnalogyMethod
    ) -> [Bool] {
        let atOnce = max(1, (1 << 24) / max(1, vectors.count))
        return stride(from: 0, to: questions.count, by: atOnce).flatMap { start -> [Bool] in
            let part = questions[start..<min(questions.count, start + atOnce)]
            // The best four hold the best word that is none of the question's three.
            let width = min(4, vectors.count)
            let best = vectors.scores(ofAnalogies: part.map { ($0.a, $0.b, $0.c) }, method).topK(width, axis: 1).indices
            let numbers = best.elements(as: Int.self)
            return part.enumerated().map { index, question in
                let row = numbers[index * width..<(index + 1) * width]
                return row.first { $0 != question.a && $0 != question.b && $0 != question.c } == question.d
            }
        }
    }
}

extension WordSimilarity {
    /// Spearman's correlation of people's ratings with the cosines of vectors, over the pairs whose words have vectors, capitals aside; and how
    /// many pairs these are. Nil where they are fewer than three.
    public func correlation(with vectors: WordVectors) -> (value: Double, pairs: Int)? {
        var numbers: [String: Int] = [:]
        for (number, word) in vectors.words.enumerated().reversed() { numbers[word.uppercased()] = number }
        let known = pairs.compactMap { pair -> (first: Int, second: Int, rating: Double)? in
            guard let first = numbers[pair.first.uppercased()], let second = numbers[pair.second.uppercased()] else {
                return nil
            }
            return (first, second, pair.rating)
        }
        guard known.count > 2 else { return nil }
        let cosines = vecdot(
            vectors.units.gathered(Tensor(known.map(\.first))), vectors.units.gathered(Tensor(known.map(\.second))))
        return (rankCorrelation(known.map(\.rating), cosines.elements(as: Double.self)), known.count)
    }
}
