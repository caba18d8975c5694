import ApusNN
import Foundation

/// Continues texts with a language model, a token at a time and each as soon as it is made.
///
/// A step is one compiled program over the model's memory, so that its cost doesn't grow with the text. Where the model's context is full, the
/// window moves on by half of it: the later half is read anew, and what came before is forgotten.
///
/// ```swift
/// let generator = TextGenerator(model, tokenizer)
/// generator.read(tokenizer.encode("It is a truth"))
/// generator.write(100, Sampling(temperature: 0.8), using: Generator(seed: 0)) { print($0.text, terminator: ""); return true }
/// ```
public final class TextGenerator<Model: LanguageModel> {
    /// A token that was drawn, with what the model thought of it.
    public struct Step: Sendable {
        /// The token.
        public let token: Int
        /// The text that it completes; empty in the middle of a character, and with the rest of such a one at the end.
        public fileprivate(set) var text: String
        /// The model's own probability of it, before any sampling rule.
        public let probability: Double
        /// The likeliest tokens at this place with their probabilities, the likeliest first.
        public let candidates: [(token: Int, probability: Double)]
    }

    private let model: Model
    private let tokenizer: any Tokenizer
    private let memory: ModelMemory
    private let step: (Tensor, Tensor) -> Tensor
    /// The tokens in the model's memory.
    private var window: [Int] = []
    /// Of the token behind those read; nil before there are any.
    private var logits: [Float]?

    /// Tokens that are read at once where there are as many. A second length would be a second program.
    private static var chunkLength: Int { 32 }

    /// - Parameter model: is put into evaluation mode.
    public init(_ model: Model, _ tokenizer: any Tokenizer) {
        self.model = model
        self.tokenizer = tokenizer
        model.eval()
        let memory = model.makeMemory()
        self.memory = memory
        step = compile(model, memory) { tokens, position in model(tokens, at: position, memory: memory) }
    }

    /// How many tokens at a time a prompt needs at least: no distribution comes before a first token.
    public var hasRead: Bool { logits != nil }

    /// Goes on with the text that the next token will follow.
    public func read(_ tokens: [Int]) {
        guard let capacity = model.contextLength else { return readInside(tokens) }
        var rest = tokens[...]
        while !rest.isEmpty {
            if window.count == capacity { moveWindow(by: capacity - capacity / 2) }
            let count = min(rest.count, capacity - window.count)
            readInside(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
    }

    private func moveWindow(by count: Int) {
        let kept = Array(window.dropFirst(count))
        window = []
        readInside(kept)
    }

    /// Reads tokens that the context has room for.
    private func readInside(_ tokens: [Int]) {
        var rest = tokens[...]
        while !rest.isEmpty {
            let count = rest.count >= Self.chunkLength ? Self.chunkLength : 1
            let part = Array(rest.prefix(count))
            let next = step(Tensor(part, shape: [1, count]), Tensor(window.count))
            window += part
            rest = rest.dropFirst(count)
            if rest.isEmpty { logits = next.elements() }
        }
    }

    /// Draws tokens until there are enough, or until `body` says that it has had enough.
    ///
    /// - Parameters:
    ///   - count: tokens at most.
    ///   - body: is handed each token as it is made; false ends the text.
    public func write(
        _ count: Int, _ sampling: Sampling, using generator: Generator, _ body: (Step) throws -> Bool
    ) rethrows {
        var decoder = StreamingDecoder(tokenizer)
        for number in 0..<count {
            guard let logits else { preconditionFailure("TextGenerator.write: nothing was read to go on with") }
            let token = sampling.token(fromLogits: logits, using: generator)
            var step = step(token, logits, decoder.append(token))
            if number == count - 1 { step.text += decoder.finish() }
            guard try body(step) else { return }
            read([token])
        }
    }

    private func step(_ token: Int, _ logits: [Float], _ text: String) -> Step {
        let probabilities = Sampling().probabilities(ofLogits: logits)
        let likeliest = indices(ofLargest: 5, in: probabilities)
        return Step(
            token: token, text: text, probability: probabilities[token],
            candidates: likeliest.map { (token: $0, probability: probabilities[$0]) })
    }
}

/// The places of the largest numbers, the largest first and of equal ones the earlier.
private func indices(ofLargest count: Int, in numbers: [Double]) -> [Int] {
    var best: [Int] = []
    for (index, number) in numbers.enumerated() where best.count < count || number > numbers[best[count - 1]] {
        if best.count == count { best.removeLast() }
        best.insert(index, at: best.firstIndex { numbers[$0] < number } ?? best.count)
    }
    return best
}
