/// A function as it was traced: a program, and what goes on around it at each call.
final class TracedFunction {
    let replay: Replay
    /// Calls of this program, the trace's included.
    var calls = 1
    /// Whether the state has the same tensors before and after: an optimizer's first step makes some.
    let keepsState: Bool
    private let graph: GraphFunction
    /// The results that are the function's own; the state's new tensors follow.
    private let resultCount: Int
    /// Where the state's tensors come from.
    private let sources: [Place]
    /// Where the new ones go.
    private let targets: [Place]

    // What the program is good for.
    private let backend: any Backend
    private let precision = Precision.current
    private let types: [TensorType]
    private let traits: [Int]

    /// A holder's part of the state.
    private struct Place {
        let holder: any TensorHolder
        let names: [String]
        /// Whether the function leaves it as it is.
        var isKept = false
    }

    /// - Parameters:
    ///   - inputs: stand-ins for the arguments and the state's tensors.
    ///   - results: what the function gave for them.
    ///   - state: what it was called with, `names` those of its tensors.
    ///   - holders: the places that the new state is in.
    ///   - start: made before the function was called.
    /// - Throws: what keeps the backend from preparing the program.
    init(
        _ replay: Replay, of inputs: [Tensor], argumentCount: Int, _ results: [Tensor], from state: CompiledState,
        names: [[String]], to holders: [any TensorHolder], madeSince start: Node
    ) throws {
        self.replay = replay
        backend = Engine.backend
        types = inputs.map(\.node.type)
        traits = state.traits
        resultCount = results.count
        let graph = try GraphFunction(
            from: (inputs + replay.numbers).map(\.node), to: (results + holders.flatMap(\.tensors)).map(\.node),
            overwriting: argumentCount..<inputs.count, madeSince: start)
        self.graph = graph

        var sources = zip(state.holders, names).map { Place(holder: $0, names: $1) }
        var targets = holders.map { Place(holder: $0, names: $0.contents.keys.sorted()) }
        keepsState = sources.elementsEqual(targets) { $0.holder === $1.holder && $0.names == $1.names }
        if keepsState {
            var offset = 0
            for index in sources.indices {
                let own = offset..<(offset + sources[index].names.count)
                sources[index].isKept = own.allSatisfy {
                    graph.results[results.count + $0] == .argument(argumentCount + $0)
                }
                offset = own.upperBound
            }
            targets = sources
        }
        (self.sources, self.targets) = (sources, targets)
    }

    /// Whether this is what the function does for a state and inputs: the arguments, then the state's tensors.
    func fits(_ state: CompiledState, _ inputs: [Tensor]) -> Bool {
        traits == state.traits && precision == .current && backend === Engine.backend && types.count == inputs.count
            && sources.elementsEqual(state.holders) { $0.holder === $1 }
            && types.elementsEqual(inputs) { $0 == $1.node.type }
    }

    /// What another trace of the same code does otherwise, or nil for nothing.
    func difference(from other: TracedFunction) -> String? {
        if let difference = graph.difference(from: other.graph) { return difference }
        return replay.agrees(with: other.replay) ? nil : "a number of its optimizer does not follow from the step"
    }

    /// One call, which replaces the state's tensors.
    func run(_ arguments: [Tensor], _ numbers: [Tensor]) throws -> [Tensor] {
        var inputs = arguments
        for place in sources {
            place.holder.append(to: &inputs)
            if !place.isKept { place.holder.empty() }
        }
        inputs += numbers
        let values = inputs.indices.map { index in
            graph.overwrittenArguments.contains(index) ? inputs[index].surrendered() : inputs[index].node.value!
        }
        do {
            let results = tensors(of: try graph.run(values), inputs)
            put(results.dropFirst(resultCount), in: targets)
            return Array(results.prefix(resultCount))
        } catch {
            // The memory that was surrendered is still there.
            let old = zip(inputs, values).map { Tensor(Node($1, type: $0.node.type)) }
            put(old.dropFirst(arguments.count), in: sources)
            throw error
        }
    }

    /// The results as tensors: `inputs` are the arguments, the state as it was, and the numbers.
    private func tensors(of outputs: [Buffer], _ inputs: [Tensor]) -> [Tensor] {
        graph.results.map { result in
            switch result {
            case .argument(let number): inputs[number]
            case .constant(let number): Tensor(graph.constants[number])
            case .output(let number): Tensor(Node(outputs[number], type: graph.outputTypes[number]))
            }
        }
    }

    private func put(_ tensors: ArraySlice<Tensor>, in places: [Place]) {
        var rest = tensors
        for place in places {
            let own = rest.prefix(place.names.count)
            if !keepsState {
                place.holder.contents = Dictionary(uniqueKeysWithValues: zip(place.names, own))
            } else if !place.isKept {
                place.holder.put(own)
            }
            rest = rest.dropFirst(place.names.count)
        }
    }
}
