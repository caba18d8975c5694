import ApusGraph
import ApusIO
import ApusNN
import ApusTestSupport
import ApusText
import Foundation
import Testing

/// A tiny model with random weights, and what transformers or PyTorch makes of it: `Goldens/models.py`.
private struct Golden {
    let state: StateDictionary
    let gradients: StateDictionary
    let tokens: Tensor, targets: Tensor, logits: Tensor, loss: Tensor

    init(_ name: String) throws {
        let url = Bundle.module.bundleURL.appendingPathComponent("Goldens/\(name).safetensors")
        let tensors = try SafetensorsFile(contentsOf: url).tensors()
        func part(_ prefix: String) -> StateDictionary {
            Dictionary(
                uniqueKeysWithValues: tensors.filter { $0.key.hasPrefix(prefix) }
                    .map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        }
        (state, gradients) = (part("state."), part("gradient."))
        tokens = tensors["tokens"]!
        targets = tensors["targets"]!
        logits = tensors["logits"]!
        loss = tensors["loss"]!
    }

    func check(_ model: some LanguageModel) throws {
        try model.load(state)
        model.eval()
        expectClose(model(tokens), logits, Tolerance(relative: 0, absolute: 2e-4))
        let (value, found) = valueAndGradients(model) {
            crossEntropy($0(tokens).flattened(to: 1), targets.flattened())
        }
        expectClose(value, loss, Tolerance(relative: 0, absolute: 1e-5))
        #expect(found.count == gradients.count)
        for element in found {
            expectClose(
                element.gradient, gradients[element.name]!, Tolerance(relative: 0, absolute: 1e-4), element.name)
        }
    }
}

private func tinyGPT2(context: Int = 16) -> GPT2 {
    GPT2(.init(vocabularySize: 23, contextLength: context, width: 12, layers: 2, heads: 3))
}

private func tinyLlama(context: Int = 16) -> Llama {
    Llama(
        .init(
            vocabularySize: 23, contextLength: context, width: 16, hiddenWidth: 20, layers: 2, heads: 4,
            keyValueHeads: 2))
}

private func tinyRecurrent(_ cell: RecurrentLanguageModel.Cell) -> RecurrentLanguageModel {
    RecurrentLanguageModel(.init(cell: cell, vocabularySize: 23, width: 10, layers: 2))
}

/// With weights far from 0, so that every position matters.
private func shaken<Model: LanguageModel>(_ model: Model) -> Model {
    withSeed(5) {
        for slot in model.parameters { slot.tensor = slot.tensor! + .normal(slot.tensor!.shape) * 0.5 }
    }
    return model
}

/// One token, one character.
private let letters = CharacterTokenizer(characters: Array("abcdefghijklmnopqrstuv".unicodeScalars))

@Suite struct LanguageModelTests {
    @Test func gpt2IsThatOfTransformers() throws { try Golden("gpt2").check(tinyGPT2()) }

    @Test func llamaIsThatOfTransformers() throws { try Golden("llama").check(tinyLlama()) }

    @Test(arguments: [RecurrentLanguageModel.Cell.rnn, .lstm])
    func recurrentOnesAreThoseOfPyTorch(cell: RecurrentLanguageModel.Cell) throws {
        try Golden(cell.rawValue).check(tinyRecurrent(cell))
    }

    @Test func checkpointsMayLackTheTiedWeight() throws {
        var state = try Golden("gpt2").state
        state["lm_head.weight"] = nil
        try tinyGPT2().load(state)
    }

    @Test func publishedSizesHaveThePublishedParameters() {
        #expect(GPT2(.small).parameterCount == 124_439_808)
        #expect(RecurrentLanguageModel(.zarembaMedium).parameterCount == 19_780_400)
        // Touvron et al. 2023: “6.7B”; Hugging Face counts 6,738,415,616 in Llama 2 7B, whose blocks are the same.
        let llama = Llama.Configuration(
            vocabularySize: 32000, contextLength: 2048, width: 4096, hiddenWidth: 11008, layers: 32, heads: 32,
            keyValueHeads: 32)
        #expect(Llama(llama).parameterCount == 6_738_415_616)
    }

    @Test func attentionWeightsAreThoseOfTheModel() {
        func check(_ model: some AttentionModel, heads: Int) {
            let weights = shaken(model).attentionWeights(Tensor([[3, 1, 4, 1, 5]]))
            #expect(weights.count == 2)
            for layer in weights {
                #expect(layer.shape == [heads, 5, 5])
                expectClose(layer.sum(axes: 2), .ones([heads, 5]))
                // Nobody looks ahead.
                #expect(layer.sliced(axis: 2, 3, 2).sliced(axis: 1, 0, 3).sum().item() == 0.0)
            }
        }
        check(tinyGPT2(), heads: 3)
        check(tinyLlama(), heads: 4)
    }
}

@Suite struct TextGeneratorTests {
    /// The distribution behind a text, computed from nothing.
    private func probabilities(_ model: some LanguageModel, after tokens: [Int]) -> [Double] {
        let logits = model(Tensor(tokens, shape: [1, tokens.count]))
        let last: [Float] = logits.sliced(axis: 1, tokens.count - 1, 1).flattened().elements()
        return Sampling().probabilities(ofLogits: last)
    }

    /// What is in the window of a model with a context of `capacity` after so many tokens.
    private func windowed(_ tokens: [Int], capacity: Int?) -> [Int] {
        guard let capacity else { return tokens }
        var window: [Int] = []
        for token in tokens {
            if window.count == capacity { window.removeFirst(capacity - capacity / 2) }
            window.append(token)
        }
        return window
    }

    private func checkStreaming(_ model: some LanguageModel) {
        let model = shaken(model)
        let generator = TextGenerator(model, letters)
        var text = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
        generator.read(text)
        generator.write(40, Sampling(temperature: 1.5), using: Generator(seed: 2)) { step in
            let expected = probabilities(model, after: windowed(text, capacity: model.contextLength))
            #expect(abs(step.probability - expected[step.token]) < 1e-5, "token \(text.count)")
            #expect(abs(step.candidates[0].probability - expected.max()!) < 1e-5)
            text.append(step.token)
            return true
        }
        #expect(text.count == 58)
    }

    @Test func streamingIsComputingFromNothing() {
        checkStreaming(tinyGPT2())
        checkStreaming(tinyGPT2(context: 100))
        checkStreaming(tinyLlama())
        checkStreaming(tinyRecurrent(.rnn))
        checkStreaming(tinyRecurrent(.lstm))
    }

    @Test func longPromptsAreReadInPieces() {
        let model = shaken(tinyGPT2(context: 80))
        let prompt = (0..<75).map { 1 + $0 * 7 % 22 }
        let generator = TextGenerator(model, letters)
        generator.read(prompt)
        generator.write(1, Sampling(), using: Generator(seed: 0)) { step in
            #expect(abs(step.probability - probabilities(model, after: prompt)[step.token]) < 1e-5)
            return true
        }
    }

    @Test func seedsReproduceAndBodiesEnd() {
        let model = shaken(tinyLlama())
        func text(_ seed: UInt64, stopAfter limit: Int) -> String {
            let generator = TextGenerator(model, letters)
            generator.read(letters.encode("abc"))
            var text = ""
            var count = 0
            generator.write(30, Sampling(), using: Generator(seed: seed)) { step in
                text += step.text
                count += 1
                return count < limit
            }
            return text
        }
        #expect(text(1, stopAfter: 99) == text(1, stopAfter: 99))
        #expect(text(1, stopAfter: 99) != text(2, stopAfter: 99))
        #expect(text(1, stopAfter: 5) == String(text(1, stopAfter: 99).prefix(5)))
    }

    @Test func stepsHaveOnePlan() {
        let recorder = PlanRecorder()
        Engine.withBackend(recorder) {
            let generator = TextGenerator(shaken(tinyGPT2(context: 64)), letters)
            generator.read([1])
            generator.write(8, Sampling(), using: Generator(seed: 0)) { _ in true }
            let steps = recorder.steps.count
            generator.write(20, Sampling(), using: Generator(seed: 0)) { _ in true }
            #expect(recorder.steps.count == steps)
        }
    }
}
