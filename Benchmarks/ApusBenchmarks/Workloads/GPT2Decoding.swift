import Apus

/// Text from GPT-2 124M: 32 tokens, one after the other and each the likeliest, behind a prompt of 64.
struct GPT2Decoding: Workload {
    let name = "gpt2-decode"
    let kind = WorkloadKind.inference
    fileprivate static let prompt = 64
    fileprivate static let tokens = 32
    private static let inputs: [String: Input] = ["prompt": .integers([1, prompt], below: 50257)]

    var items: (count: Double, name: String)? { (Double(Self.tokens), "tokens") }

    /// A token passes through every product once, and attends to the whole cache.
    var flops: Double {
        let model = GPT(.gpt2)
        let step = summary(model, input: .zeros([1, 1], dtype: .int64)) { model, token in
            var cache = Self.emptyCache(model)
            return model(token, cache: &cache)
        }
        return Double(2 * Self.tokens * step.multiplyAdds)
    }

    /// Every token reads all weights but the positions' table.
    var bytes: Double {
        let model = GPT(.gpt2)
        let read = model.parameterCount - model.positions.weight.elementCount
        return Double(Self.tokens * read * DType.float32.byteCount)
    }

    func makeRunner(state: [String: Tensor]) throws -> any Runner {
        let model = GPT(.gpt2)
        if !state.isEmpty { try model.load(state.under("model")) }
        return DecodingRunner(model.eval(), prompt: try Self.inputs.tensors(from: state)["prompt"]!)
    }

    fileprivate static func emptyCache(_ model: GPT) -> KeyValueCache {
        KeyValueCache(for: model, batch: 1, capacity: prompt + tokens)
    }
}

private final class DecodingRunner: Runner {
    private let model: GPT
    /// What the prompt leaves behind: where every step begins.
    private let cache: KeyValueCache
    private let first: Tensor
    /// The logits of the last token.
    private(set) var output: Tensor?

    init(_ model: GPT, prompt: Tensor) {
        self.model = model
        var cache = GPT2Decoding.emptyCache(model)
        first = model(prompt, cache: &cache).argMax().expandingDims(1)  // (1, 1)
        evaluate(cache.tensors + [first])
        self.cache = cache
    }

    func step() -> Double {
        var (cache, token) = (cache, first)
        for _ in 0..<GPT2Decoding.tokens {
            let logits = model(token, cache: &cache)  // (1, vocabulary)
            token = logits.argMax().expandingDims(1)
            evaluate(cache.tensors + [token, logits])
            output = logits
        }
        return token.item()
    }
}
