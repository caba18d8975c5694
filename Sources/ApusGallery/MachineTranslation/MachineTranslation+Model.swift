import Apus
import Foundation

/// A network that reads a sentence whole and writes its translation a token at a time.
///
/// Tokens come in rows of one length, padded behind with `SpecialToken.padding`.
package protocol Translator: Module {
    /// Logits of the target's next token at each place: `(B, S)`, `(B, T)` → `(B, T, vocabulary)`.
    func callAsFunction(_ source: Tensor, _ target: Tensor) -> Tensor

    /// How much each target token's successor looks at each source token: `(B, S)`, `(B, T)` → `(B, T, S)`, rows of sum 1.
    func alignment(_ source: Tensor, _ target: Tensor) -> Tensor

    /// What is kept of source sentences `(R, S)` to write translations of at most `limit` tokens.
    func read(_ source: Tensor, limit: Int) -> Reading

    /// Logits of what follows the tokens `(R)`, which stand at `position` `()`: `(R, vocabulary)`.
    func step(_ tokens: Tensor, at position: Tensor, _ reading: Reading) -> Tensor
}

/// Source sentences that were read, and the translations as far as they are written. Rows lead in all tensors.
package struct Reading {
    /// Of the source.
    let source: [Tensor]
    /// Of what was written so far.
    let written: ModelMemory

    /// Each row `count` times, side by side.
    func repeated(_ count: Int) -> Reading {
        func rows(_ x: Tensor) -> Tensor { x.repeatInterleaved(count, axis: 0) }
        return Reading(
            source: source.map(rows), written: ModelMemory(written.parts.map { rows($0.wrappedValue) }))
    }

    /// Goes on with other hypotheses: row i is what row `origins[i]` was.
    package func reorder(_ origins: Tensor) {
        for part in written.parts { part.wrappedValue = part.wrappedValue.gathered(origins) }
    }
}

/// Added to scores: 0 at tokens, −∞ at padding.
private func paddingMask(_ tokens: Tensor) -> Tensor {
    `where`(tokens .== SpecialToken.padding, Tensor(-Double.infinity, dtype: .float32), Tensor(0.0, dtype: .float32))
}

// MARK: Recurrent

/// RNNsearch: a bidirectional recurrent encoder, and a recurrent decoder that looks for the words it needs.
///
/// ```
/// eᵢⱼ = vᵀ tanh(W sᵢ₋₁ + U hⱼ)     αᵢ = softmax(eᵢ)     cᵢ = Σⱼ αᵢⱼ hⱼ
/// sᵢ  = GRU([E yᵢ₋₁; cᵢ], sᵢ₋₁)     p(yᵢ) = softmax(Wₒ maxout(Uₒ sᵢ₋₁ + Vₒ E yᵢ₋₁ + Cₒ cᵢ))
/// ```
/// Reference: Bahdanau, Cho and Bengio, “Neural machine translation by jointly learning to align and translate”, 2015, appendix A.
/// The recurrent unit is PyTorch's, which resets the product with the state rather than the state.
package final class RNNSearch: Module, Translator {
    package struct Size: Codable, Hashable, Sendable {
        package var embedding: Int
        package var hidden: Int
        package var alignment: Int
        package var maxout: Int
    }

    let sourceEmbedding: Embedding, targetEmbedding: Embedding
    let forward: GRU, backward: GRU
    let initial: Linear
    let alignmentState: Linear, alignmentSource: Linear, alignmentScore: Linear
    let cell: GRUCell
    let readoutState: Linear, readoutEmbedding: Linear, readoutContext: Linear
    let output: Linear

    package init(_ size: Size, vocabulary: Int) {
        let (embedding, hidden) = (size.embedding, size.hidden)
        sourceEmbedding = Embedding(vocabulary, embedding)
        targetEmbedding = Embedding(vocabulary, embedding)
        forward = GRU(embedding, hidden, batchFirst: true)
        backward = GRU(embedding, hidden, batchFirst: true)
        initial = Linear(hidden, hidden)
        alignmentState = Linear(hidden, size.alignment)
        alignmentSource = Linear(2 * hidden, size.alignment, bias: false)
        alignmentScore = Linear(size.alignment, 1, bias: false)
        cell = GRUCell(embedding + 2 * hidden, hidden)
        readoutState = Linear(hidden, 2 * size.maxout)
        readoutEmbedding = Linear(embedding, 2 * size.maxout, bias: false)
        readoutContext = Linear(2 * hidden, 2 * size.maxout, bias: false)
        output = Linear(size.maxout, vocabulary)
        super.init()
        for table in [sourceEmbedding, targetEmbedding] { table.weight = .normal([vocabulary, embedding]) * 0.1 }
    }

    /// What the decoder looks at.
    private struct Annotations {
        /// hⱼ: `(B, S, 2 · hidden)`
        var states: Tensor
        /// U hⱼ: `(B, S, alignment)`
        var keys: Tensor
        /// `(B, S)`
        var mask: Tensor
        /// s₀: `(B, hidden)`
        var initial: Tensor
    }

    private func annotations(_ source: Tensor) -> Annotations {  // (B, S)
        let (batch, length) = (source.shape[0], source.shape[1])
        // A row backward within its own length, so that padding stays behind: place j takes token length − 1 − j.
        let places = Tensor.range(length)
        let lengths = (source .!= SpecialToken.padding).cast(to: .int64).sum(axes: 1, keepingAxes: true)  // (B, 1)
        let mirrored = `where`(places .< lengths, lengths - 1 - places, places)  // (B, S)
        let rows = (mirrored + (Tensor.range(batch) * length).expandingDims(1)).flattened()

        let embedded = sourceEmbedding(source)  // (B, S, embedding)
        func mirror(_ x: Tensor) -> Tensor { x.flattened(from: 0, to: 1).gathered(rows).reshaped(x.shape) }
        let ahead = forward(embedded).output  // (B, S, hidden)
        let behind = mirror(backward(mirror(embedded)).output)
        let states = concatenate([ahead, behind], axis: 2)
        return Annotations(
            states: states, keys: alignmentSource(states), mask: paddingMask(source),
            initial: tanh(initial(behind.sliced(axis: 1, 0, 1).squeezed(1))))
    }

    /// cᵢ and αᵢ for a state `(B, hidden)`.
    private func look(_ state: Tensor, _ keys: Tensor, _ states: Tensor, _ mask: Tensor) -> (Tensor, Tensor) {
        let scores = alignmentScore(tanh(alignmentState(state).expandingDims(1) + keys)).squeezed(2)  // (B, S)
        let weights = softmax(scores + mask)
        return (matmul(weights.expandingDims(1), states).squeezed(1), weights)
    }

    /// The states before each step, what they look at, and how: `(T, B, …)`.
    private func decode(_ embedded: Tensor, _ source: Annotations) -> (
        states: Tensor, contexts: Tensor, weights: Tensor
    ) {
        let (_, outputs) = scan([source.initial], over: [embedded.swappingAxes(0, 1)]) { state, elements in
            let (context, weights) = look(state[0], source.keys, source.states, source.mask)
            let next = cell(concatenate([elements[0], context], axis: 1), hidden: state[0])
            return ([next], [state[0], context, weights])
        }
        return (outputs[0], outputs[1], outputs[2])
    }

    private func logits(_ state: Tensor, _ embedded: Tensor, _ context: Tensor) -> Tensor {
        let pairs = readoutState(state) + readoutEmbedding(embedded) + readoutContext(context)
        return output(pairs.unflattened(axis: -1, into: [pairs.shape[pairs.rank - 1] / 2, 2]).max(axes: -1))
    }

    package func callAsFunction(_ source: Tensor, _ target: Tensor) -> Tensor {
        let embedded = targetEmbedding(target)  // (B, T, embedding)
        let (states, contexts, _) = decode(embedded, annotations(source))
        return logits(states.swappingAxes(0, 1), embedded, contexts.swappingAxes(0, 1))
    }

    package func alignment(_ source: Tensor, _ target: Tensor) -> Tensor {
        decode(targetEmbedding(target), annotations(source)).weights.swappingAxes(0, 1)
    }

    package func read(_ source: Tensor, limit: Int) -> Reading {
        let read = annotations(source)
        return Reading(source: [read.states, read.keys, read.mask], written: ModelMemory([read.initial]))
    }

    package func step(_ tokens: Tensor, at position: Tensor, _ reading: Reading) -> Tensor {
        let (state, source) = (reading.written.parts[0].wrappedValue, reading.source)
        let embedded = targetEmbedding(tokens)  // (R, embedding)
        let (context, _) = look(state, source[1], source[0], source[2])
        reading.written.parts[0].wrappedValue = cell(concatenate([embedded, context], axis: 1), hidden: state)
        return logits(state, embedded, context)
    }
}

// MARK: Transformer

/// The Transformer. One table serves as the embedding of both languages and as the last product (section 3.4).
///
/// Reference: Vaswani et al., “Attention is all you need”, 2017.
package final class TransformerTranslator: Module, Translator {
    package struct Size: Codable, Hashable, Sendable {
        package var features: Int
        package var heads: Int
        package var layers: Int
        package var feedForward: Int
        package var dropout: Double
        /// Whether norms come before the parts of a layer, which trains at higher rates; the paper has them after.
        package var isNormFirst: Bool
    }

    let embedding: Embedding
    let encoder: TransformerEncoder
    let decoder: TransformerDecoder
    let dropout: Dropout
    private let size: Size

    package init(_ size: Size, vocabulary: Int) {
        self.size = size
        let features = size.features
        embedding = Embedding(vocabulary, features)
        encoder = TransformerEncoder(layers: size.layers, norm: size.isNormFirst ? LayerNorm(features) : nil) {
            TransformerEncoderLayer(
                features, heads: size.heads, feedForward: size.feedForward, dropout: size.dropout, batchFirst: true,
                normFirst: size.isNormFirst)
        }
        decoder = TransformerDecoder(layers: size.layers, norm: size.isNormFirst ? LayerNorm(features) : nil) {
            TransformerDecoderLayer(
                features, heads: size.heads, feedForward: size.feedForward, dropout: size.dropout, batchFirst: true,
                normFirst: size.isNormFirst)
        }
        dropout = Dropout(size.dropout)
        super.init()
        for slot in encoder.parameters + decoder.parameters where slot.tensor!.rank > 1 {
            slot.tensor = .xavierUniform(slot.tensor!.shape)
        }
        // So that the logits of an untrained model are of size 1.
        embedding.weight = .normal([vocabulary, features]) * (1 / Double(features).squareRoot())
    }

    /// `E y √features + PE(position)`: `(B, T)` → `(B, T, features)`.
    private func embedded(_ tokens: Tensor, from position: Tensor = Tensor(0)) -> Tensor {
        let positions = Tensor.range(tokens.shape[1]) + position
        let scaled = embedding(tokens) * Double(size.features).squareRoot()
        return dropout(scaled + sinusoids(positions, size.features))
    }

    private func logits(_ x: Tensor) -> Tensor { matmul(x, embedding.weight.T) }

    private func isPadding(_ tokens: Tensor) -> Tensor { tokens .== SpecialToken.padding }

    package func callAsFunction(_ source: Tensor, _ target: Tensor) -> Tensor {
        let padding = isPadding(source)
        let memory = encoder(embedded(source), keyPaddingMask: padding)  // (B, S, features)
        return logits(decoder(embedded(target), memory: memory, memoryKeyPaddingMask: padding, isCausal: true))
    }

    /// The mean over the heads of the last layer.
    package func alignment(_ source: Tensor, _ target: Tensor) -> Tensor {
        let padding = isPadding(source)
        let memory = encoder(embedded(source), keyPaddingMask: padding)
        var x = embedded(target)
        var weights: Tensor?
        for layer in decoder.layers {
            x = layer.run(x) {
                layer.selfAttn($0, $0, $0, isCausal: true).output
            } attendToMemory: {
                let attention = layer.multiheadAttn($0, memory, memory, keyPaddingMask: padding)
                weights = attention.weights
                return attention.output
            }
        }
        return weights!  // (B, T, S)
    }

    package func read(_ source: Tensor, limit: Int) -> Reading {
        let memory = encoder(embedded(source), keyPaddingMask: isPadding(source))
        let keysAndValues = decoder.layers.map(\.multiheadAttn).flatMap {
            [$0.projected(key: memory), $0.projected(value: memory)]
        }
        let mask = paddingMask(source).reshaped(source.shape[0], 1, 1, source.shape[1])
        return Reading(
            source: [mask] + keysAndValues,
            written: KeyValues.memory(
                layers: size.layers, heads: size.heads, capacity: limit, headWidth: size.features / size.heads,
                batch: source.shape[0]))
    }

    package func step(_ tokens: Tensor, at position: Tensor, _ reading: Reading) -> Tensor {
        let (mask, source) = (reading.source[0], reading.source.dropFirst())
        let capacity = reading.written.parts[0].wrappedValue.shape[2]
        let place = KeyValues.Place(of: 1, from: position, capacity: capacity)
        var x = embedded(tokens.expandingDims(1), from: position)  // (R, 1, features)
        for (number, layer) in decoder.layers.enumerated() {
            let (toSelf, toSource) = (layer.selfAttn, layer.multiheadAttn)
            let written = KeyValues(layer: number, of: reading.written, at: place)
            x = layer.run(x) {
                toSelf.joined(
                    written.attended(
                        toSelf.projected(query: $0), toSelf.projected(key: $0), toSelf.projected(value: $0)))
            } attendToMemory: {
                toSource.joined(
                    scaledDotProductAttention(
                        toSource.projected(query: $0), source[1 + 2 * number], source[2 + 2 * number], mask: mask))
            }
        }
        return logits((decoder.norm.map { $0(x) } ?? x).squeezed(1))
    }
}

/// `PE(p, 2i) = sin(p / 10000^(2i/d))`, `PE(p, 2i + 1) = cos(p / 10000^(2i/d))`: `(T)` → `(T, d)`.
private func sinusoids(_ positions: Tensor, _ features: Int) -> Tensor {
    let exponents = Tensor.range(features / 2).cast(to: .float32) * (-2 * log(10_000) / Double(features))
    let angles = positions.cast(to: .float32).expandingDims(1) * exp(exponents)  // (T, d / 2)
    return stack([sin(angles), cos(angles)], axis: 2).flattened(from: 1)
}
